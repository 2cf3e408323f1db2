"""Streaming Arrow data into a table by COPY.

Arrow writes CSV at the speed of the disk and psycopg passes it on, a batch at a time: memory holds one batch, however
many rows there are.
"""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

import psycopg
import pyarrow as pa
from psycopg import sql
from pyarrow import csv

from payments_pipeline.errors import DatabaseError


def copy_arrow(
    connection: psycopg.Connection[Any],
    table: str,
    batches: Iterable[pa.RecordBatch],
    columns: Sequence[str] | None = None,
) -> int:
    """COPY record batches into `schema.table`; returns the number of rows.

    The batches' columns go to the table's columns of the same names, or to `columns`, in order. A null stays null and
    an empty string stays empty. Binary and nested columns are refused, since CSV has no one way to write them.
    """
    rows = 0
    with connection.cursor() as cursor:
        stream = iter(batches)
        first = next(stream, None)
        if first is None:
            return 0
        _refuse_what_csv_cannot_hold(table, first.schema)
        names = columns if columns is not None else first.schema.names
        with cursor.copy(_copy_statement(table, names)) as copy:
            sink = pa.PythonFile(_CopySink(copy), mode="w")
            writer = csv.CSVWriter(sink, first.schema, write_options=csv.WriteOptions(include_header=False))
            for batch in chain([first], stream):
                writer.write_batch(batch)
                rows += batch.num_rows
            writer.close()
    return rows


class _CopySink:
    """A file whose bytes go to the server."""

    closed = False

    def __init__(self, copy: psycopg.Copy) -> None:
        self._copy = copy

    def write(self, data: bytes) -> int:
        self._copy.write(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is held back here."""


def _copy_statement(table: str, columns: Sequence[str]) -> sql.Composed:
    return sql.SQL("copy {} ({}) from stdin (format csv)").format(
        sql.Identifier(*table.split(".")), sql.SQL(", ").join(map(sql.Identifier, columns))
    )


def _refuse_what_csv_cannot_hold(table: str, schema: pa.Schema) -> None:
    for column in schema:
        if pa.types.is_nested(column.type) or pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
            raise DatabaseError(
                f"the column {column.name!r} for {table} is of type {column.type}, which cannot be copied as CSV",
                "give it as text: hex for bytes ('\\\\x...'), JSON for what is nested.",
            )
