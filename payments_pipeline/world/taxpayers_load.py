"""Puts what a world knows of its taxpayers into `servicing`, encrypting names, numbers and addresses on the way."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq

from payments_pipeline.formats.tax_identity import Address, Identity, address_place, co_borrower_place, identity_place
from payments_pipeline.pii import PersonalData
from payments_pipeline.postgres.copy import copy_arrow
from payments_pipeline.world.parameters import WorldError
from payments_pipeline.world.taxpayers import FOLDER, TABLES

_ROWS_IN_BATCH: Final = 50_000
_FIRST_VERSION: Final = 1


def load_taxpayers(connection: psycopg.Connection[Any], world_dir: Path, personal_data: PersonalData) -> None:
    """Copies the taxpayers of a world, a batch at a time, in the connection's transaction."""
    sealed: dict[str, Callable[[pa.RecordBatch], pa.RecordBatch]] = {
        "tax_identities": lambda batch: _sealed_identities(batch, personal_data),
        "co_borrowers": lambda batch: _sealed_co_borrowers(batch, personal_data),
        "loan_tax_terms": lambda batch: batch,
        "interest_refunds": _identified_refunds,
    }
    for name in TABLES:
        path = world_dir / FOLDER / f"{name}.parquet"
        if not path.is_file():
            raise WorldError(f"The world at {world_dir} has no {FOLDER}/{name}.parquet.", "Generate it again.")
        copy_arrow(connection, f"servicing.{name}", _batches(path, sealed[name]))


def _batches(path: Path, seal: Callable[[pa.RecordBatch], pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in pq.ParquetFile(path).iter_batches(_ROWS_IN_BATCH):
        yield seal(batch)


def _sealed_identities(batch: pa.RecordBatch, personal_data: PersonalData) -> pa.RecordBatch:
    parts = [
        _texts(batch, name) for name in ("first_name", "middle_name", "last_name", "suffix", "business_name", "tin")
    ]
    identities = [Identity(*row) for row in zip(*parts, strict=True)]
    texts = [identity.to_text() for identity in identities]
    lines = (_texts(batch, name) for name in ("street", "city", "state", "zip", "country"))
    addresses = [Address(*row) for row in zip(*lines, strict=True)]
    borrowers = batch.column("borrower_id").to_pylist()
    return pa.RecordBatch.from_pydict(
        {
            "borrower_id": batch.column("borrower_id"),
            "version": pa.array([_FIRST_VERSION] * len(texts), pa.int16()),
            "identity_encrypted": _hex(
                personal_data.encrypt(text, identity_place(borrower, _FIRST_VERSION))
                for borrower, text in zip(borrowers, texts, strict=True)
            ),
            "tin_index": _hex(personal_data.index(one.tin, "tin") if one.tin else None for one in identities),
            "identity_index": _hex(personal_data.index(text, "identity") for text in texts),
            "address_encrypted": _hex(
                personal_data.encrypt(address.to_text(), address_place(borrower, _FIRST_VERSION))
                for borrower, address in zip(borrowers, addresses, strict=True)
            ),
            "address_index": _hex(personal_data.index(address.place, "address") for address in addresses),
            **{name: batch.column(name) for name in ("payer_kind", "tin_type", "is_nonresident_alien", "country")},
        }
    )


def _sealed_co_borrowers(batch: pa.RecordBatch, personal_data: PersonalData) -> pa.RecordBatch:
    rows = zip(
        batch.column("loan_id").to_pylist(),
        batch.column("seq").to_pylist(),
        _texts(batch, "first_name"),
        _texts(batch, "last_name"),
        strict=True,
    )
    encrypted = _hex(
        personal_data.encrypt(Identity(first=first, last=last).to_text(), co_borrower_place(loan, seq))
        for loan, seq, first, last in rows
    )
    return pa.RecordBatch.from_arrays(
        [batch.column("loan_id"), batch.column("seq"), encrypted], ["loan_id", "seq", "identity_encrypted"]
    )


def _identified_refunds(batch: pa.RecordBatch) -> pa.RecordBatch:
    """An id is the first half of a hash over what the thing is, as everywhere."""
    ids = [str(UUID(bytes=hashlib.sha256(name.encode()).digest()[:16])) for name in _texts(batch, "refund_id")]
    return batch.set_column(batch.schema.get_field_index("refund_id"), "refund_id", pa.array(ids, pa.string()))


def _texts(batch: pa.RecordBatch, name: str) -> list[str]:
    return [value or "" for value in batch.column(name).to_pylist()]


def _hex(values: Iterator[bytes | None]) -> pa.StringArray:
    return pa.array(["\\x" + value.hex() if value is not None else None for value in values], pa.string())
