"""Puts what the origination system of a world holds into `servicing`, encrypting who applied on the way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq

from payments_pipeline.hmda.applicants import Answers, applicant_place
from payments_pipeline.pii import PersonalData
from payments_pipeline.postgres.copy import copy_arrow
from payments_pipeline.world.originations import FOLDER, TABLES
from payments_pipeline.world.parameters import WorldError

_ROWS_IN_BATCH: Final = 50_000


def load_originations(connection: psycopg.Connection[Any], world_dir: Path, personal_data: PersonalData) -> None:
    """Copies the applications of a world, a batch at a time, in the connection's transaction."""
    for name in TABLES:
        path = world_dir / FOLDER / f"{name}.parquet"
        if not path.is_file():
            raise WorldError(f"The world at {world_dir} has no {FOLDER}/{name}.parquet.", "Generate it again.")
        batches: Iterator[pa.RecordBatch] = pq.ParquetFile(path).iter_batches(_ROWS_IN_BATCH)
        if name == "applicants":
            batches = (_sealed(batch, personal_data) for batch in batches)
        copy_arrow(connection, f"servicing.{name}", batches)


def _sealed(batch: pa.RecordBatch, personal_data: PersonalData) -> pa.RecordBatch:
    applications, places = batch.column("application_id").to_pylist(), batch.column("seq").to_pylist()
    names = [name for name in batch.schema.names if name not in ("application_id", "seq")]
    columns = [_plain(batch.column(name)) for name in names]
    encrypted = [
        personal_data.encrypt(
            Answers(**dict(zip(names, values, strict=True))).to_text(), applicant_place(application, seq)
        )
        for application, seq, values in zip(applications, places, zip(*columns, strict=True), strict=True)
    ]
    return pa.RecordBatch.from_pydict(
        {
            "application_id": batch.column("application_id"),
            "seq": batch.column("seq"),
            "answers_encrypted": pa.array(["\\x" + value.hex() for value in encrypted], pa.string()),
        }
    )


def _plain(column: pa.Array) -> list[Any]:
    """Texts empty where there is none; days as yyyy-mm-dd."""
    values = column.cast(pa.string()) if pa.types.is_date(column.type) else column
    return [("" if value is None else value) for value in values.to_pylist()]
