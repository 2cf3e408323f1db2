"""Puts a world's portfolio into the tables of `servicing`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import orjson
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq

from payments_pipeline.formats.tax_identity import contact_place
from payments_pipeline.pii import PersonalData
from payments_pipeline.postgres.copy import copy_arrow
from payments_pipeline.settings import load_settings
from payments_pipeline.world import history
from payments_pipeline.world.generation import Progress
from payments_pipeline.world.manifest import read_manifest
from payments_pipeline.world.originations_load import load_originations
from payments_pipeline.world.portfolio import TABLES
from payments_pipeline.world.taxpayers_load import load_taxpayers

_ROWS_IN_BATCH: Final = 50_000


def load_portfolio(
    connection: psycopg.Connection[Any],
    world_dir: Path,
    progress: Progress | None = None,
    *,
    personal_data: PersonalData | None = None,
) -> dict[str, int]:
    """Copies borrowers, properties, loans, account numbers, escrow and statuses, all or nothing; returns rows by table.

    The rows stream: memory holds a batch, whatever the size of the book. How to reach the borrowers, and what is known
    of them as taxpayers, is encrypted on the way, under the key of the settings unless another is given.
    """
    manifest = read_manifest(world_dir)
    sealing = personal_data or PersonalData.of(load_settings())
    loaded: dict[str, int] = {}
    with connection.transaction():
        for name in TABLES:
            total = manifest.counts[name]
            file = pq.ParquetFile(world_dir / "portfolio" / f"{name}.parquet")
            batches = _batches(file, name, total, progress)
            if name == "borrowers":
                batches = (_sealed_borrowers(batch, sealing) for batch in batches)
            copy_arrow(connection, f"servicing.{name}", batches)
            loaded[name] = total
        load_taxpayers(connection, world_dir, sealing)
        load_originations(connection, world_dir, sealing)
        if manifest.world.history_years:
            load_history(connection, world_dir)
    return loaded


def _batches(file: pq.ParquetFile, name: str, total: int, progress: Progress | None) -> Iterator[pa.RecordBatch]:
    done = 0
    for batch in file.iter_batches(_ROWS_IN_BATCH):
        yield batch
        done += batch.num_rows
        if progress:
            progress(name, done, total)


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


def load_history(connection: psycopg.Connection[Any], world_dir: Path) -> None:
    """Copies what the former system posted; booking it is the ledger's affair."""
    for name, table in (("converted_loans", "servicing.converted_loans"), ("conversions", "ledger.conversions")):
        file = pq.ParquetFile(world_dir / history.FOLDER / f"{name}.parquet")
        copy_arrow(connection, table, file.iter_batches(_ROWS_IN_BATCH), file.schema_arrow.names)
