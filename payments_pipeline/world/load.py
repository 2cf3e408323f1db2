"""Puts a world's portfolio into the tables of `servicing`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import orjson
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq

from payments_pipeline.formats.tax_identity import Address, contact_place
from payments_pipeline.pii import PersonalData
from payments_pipeline.postgres.copy import copy_arrow
from payments_pipeline.settings import load_settings
from payments_pipeline.world import history
from payments_pipeline.world.manifest import read_manifest
from payments_pipeline.world.originations_load import load_originations
from payments_pipeline.world.portfolio import TABLES
from payments_pipeline.world.taxpayers_load import load_taxpayers

_ROWS_IN_BATCH: Final = 50_000


def load_portfolio(
    connection: psycopg.Connection[Any],
    world_dir: Path,
    *,
    personal_data: PersonalData | None = None,
) -> dict[str, int]:
    """Copies the book, all or nothing: loans and what hangs on them, taxpayers, applications, and the past if there is one.

    Returns the rows of the book's own tables. The rows stream: memory holds a batch, whatever the size of the book. What
    tells who somebody is gets encrypted on the way, under the key of the settings unless another is given.
    """
    world = read_manifest(world_dir).world
    sealing = personal_data or PersonalData.of(load_settings())
    loaded: dict[str, int] = {}
    with connection.transaction():
        for name in TABLES:
            batches = pq.ParquetFile(world_dir / "portfolio" / f"{name}.parquet").iter_batches(_ROWS_IN_BATCH)
            if name == "borrowers":
                batches = (_sealed_borrowers(batch, sealing) for batch in batches)
            elif name == "properties":
                batches = (_indexed_properties(batch, sealing) for batch in batches)
            loaded[name] = copy_arrow(connection, f"servicing.{name}", batches)
        load_taxpayers(connection, world_dir, sealing)
        load_originations(connection, world_dir, sealing)
        if world.history_years:
            load_history(connection, world_dir)
    return loaded


def _sealed_borrowers(batch: pa.RecordBatch, personal_data: PersonalData) -> pa.RecordBatch:
    """Of each borrower the number, and everything else as one encrypted text: no column tells who it is."""
    borrowers = batch.column("borrower_id")
    contacts = [orjson.dumps(contact).decode() for contact in batch.drop_columns(["borrower_id"]).to_pylist()]
    encrypted = [
        personal_data.encrypt(contact, contact_place(borrower))
        for borrower, contact in zip(borrowers.to_pylist(), contacts, strict=True)
    ]
    return pa.RecordBatch.from_pydict(
        {
            "borrower_id": borrowers,
            "contact_encrypted": pa.array(["\\x" + value.hex() for value in encrypted], pa.string()),
        }
    )


def _indexed_properties(batch: pa.RecordBatch, personal_data: PersonalData) -> pa.RecordBatch:
    """Each property with what its address is compared by, since that of its borrower is encrypted."""
    lines = (batch.column(name).to_pylist() for name in ("street", "city", "state", "zip"))
    indexes = [personal_data.index(Address(*row).place, "address") for row in zip(*lines, strict=True)]
    return batch.append_column("address_index", pa.array(["\\x" + index.hex() for index in indexes], pa.string()))


def load_history(connection: psycopg.Connection[Any], world_dir: Path) -> None:
    """Copies what the former system posted; booking it is the ledger's affair."""
    for name, table in (("converted_loans", "servicing.converted_loans"), ("conversions", "ledger.conversions")):
        file = pq.ParquetFile(world_dir / history.FOLDER / f"{name}.parquet")
        copy_arrow(connection, table, file.iter_batches(_ROWS_IN_BATCH), file.schema_arrow.names)
