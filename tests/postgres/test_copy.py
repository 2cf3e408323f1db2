"""Arrow data arrives in a table as it was, in streams."""

import resource
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import psycopg
import pyarrow as pa
import pytest

from payments_pipeline.errors import DatabaseError
from payments_pipeline.postgres.connect import Database
from payments_pipeline.postgres.copy import copy_arrow


@pytest.fixture
def connection(empty_database: Database) -> Iterator[psycopg.Connection]:
    with empty_database.connect("owner") as connection:
        yield connection


def test_every_value_arrives_as_it_was(connection: psycopg.Connection) -> None:
    connection.execute(
        'create table "odd name" (day date, at timestamptz, cents bigint, rate numeric, ok boolean, note text)'
    )
    rows: list[tuple[object, ...]] = [
        (date(2024, 2, 29), datetime(2024, 2, 29, 23, 59, 59, 123456, UTC), 2**62, Decimal("3.125"), True, "plain"),
        (date(1970, 1, 1), datetime(1969, 12, 31, 0, 0, tzinfo=UTC), -1, Decimal("-0.005"), False, ""),
        (None, None, None, None, None, None),
        (
            date(2024, 1, 1),
            datetime(2024, 1, 1, tzinfo=UTC),
            0,
            Decimal(0),
            True,
            'a "quote", a\nline, \\N and ünïcode',
        ),
    ]
    schema = pa.schema(
        [
            ("day", pa.date32()),
            ("at", pa.timestamp("us", tz="UTC")),
            ("cents", pa.int64()),
            ("rate", pa.decimal128(18, 3)),
            ("ok", pa.bool_()),
            ("note", pa.string()),
        ]
    )
    batch = pa.record_batch([pa.array(column) for column in zip(*rows, strict=True)], names=schema.names).cast(schema)
    assert copy_arrow(connection, "odd name", [batch]) == 4
    assert connection.execute('select * from "odd name"').fetchall() == rows


def test_columns_may_be_named_anew(connection: psycopg.Connection) -> None:
    connection.execute("create schema s; create table s.t (a bigint, b bigint default 7)")
    batch = pa.record_batch({"x": [1, 2]})
    assert copy_arrow(connection, "s.t", [batch, batch], columns=["a"]) == 4
    assert connection.execute("select sum(a), sum(b) from s.t").fetchone() == (6, 28)


def test_no_batches_are_no_rows(connection: psycopg.Connection) -> None:
    assert copy_arrow(connection, "not.there", []) == 0


@pytest.mark.parametrize("values", [pa.array([b"\x00"]), pa.array([[1]])])
def test_what_csv_cannot_hold_is_refused_by_column(connection: psycopg.Connection, values: pa.Array) -> None:
    with pytest.raises(DatabaseError, match="the column 'odd'"):
        copy_arrow(connection, "t", [pa.record_batch({"odd": values})])


def test_an_error_while_the_batches_are_made_copies_nothing(connection: psycopg.Connection) -> None:
    connection.execute("create table t (n bigint)")
    connection.commit()

    def broken() -> Iterator[pa.RecordBatch]:
        yield pa.record_batch({"n": [1]})
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        copy_arrow(connection, "t", broken())
    connection.rollback()
    assert connection.execute("select count(*) from t").fetchone() == (0,)


def test_memory_does_not_grow_with_the_rows(connection: psycopg.Connection) -> None:
    connection.execute("create unlogged table t (n bigint, text text)")

    def batches(count: int) -> Iterator[pa.RecordBatch]:
        for _ in range(count):
            yield pa.record_batch({"n": np.arange(20_000), "text": pa.array(["x" * 50] * 20_000)})

    def peak_megabytes() -> float:
        unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit

    copy_arrow(connection, "t", batches(5))
    before = peak_megabytes()
    assert copy_arrow(connection, "t", batches(50)) == 1_000_000  # 56 MB of text
    assert peak_megabytes() - before < 20
