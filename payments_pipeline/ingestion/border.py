"""The border: delivered files come in here, whole or not at all.

A file is read in blocks. Each row is kept as it was received (`ingestion.staged`), with what was read from it if its shape
is right, and with an exception case that says what is wrong if not. One transaction a file: one that cannot be read to
its end, or is not the file that its sidecar announces, leaves nothing behind but a case that says so.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final
from uuid import UUID

import numpy as np
import psycopg
import pyarrow as arrow
import pyarrow.compute as pc

from payments_pipeline.errors import PaymentsError
from payments_pipeline.ingestion.deliveries import SIDECAR, Delivery, deliveries
from payments_pipeline.ingestion.rows import Block, UnreadableError, read_blocks, read_header
from payments_pipeline.ingestion.schema import EXPECTED, HEADER, WHOLE_ROW, faults, read_values
from payments_pipeline.postgres.copy import copy_arrow
from payments_pipeline.postgres.run import query, run
from payments_pipeline.rules.calendar import business_date
from payments_pipeline.words import counted

_STAGED_COLUMNS: Final = {
    "event": "event",
    "payment_channel": "channel",
    "provider": "provider",
    "reference_number": "reference",
    "loan_account_number": "loan_number",
    "amount": "amount_cents",
    "payment_date": "occurred_at",
    "value_date": "value_date",
    "return_code": "return_code",
    "transfer_id": "transfer_id",
    "metadata": "metadata",
}
"""Columns of a file, and where they go in `ingestion.staged`."""

_FOUND_SHOWN: Final = 80


class DeliveryError(PaymentsError):
    """A delivered file is not what it should be, and nothing of it was stored. `kind` is hash, rows or unreadable."""

    def __init__(self, message: str, remedy: str, kind: str) -> None:
        super().__init__(message, remedy)
        self.kind = kind


@dataclass(frozen=True)
class Staged:
    """A delivered file, staged with its rows or refused with a reason."""

    delivery: Delivery
    batch_id: UUID | None
    """None if it was refused."""
    received: int = 0
    rejected: int = 0
    refusal: str | None = None


@dataclass(frozen=True)
class Batch:
    """Rows that came together: a file, or messages that were staged in one go."""

    source: str
    name: str
    """How cases call it."""
    uri: str
    sha256: bytes
    received_at: datetime

    @property
    def batch_id(self) -> UUID:
        """The batch's id: the first half of its hash."""
        return UUID(bytes=self.sha256[:16])

    @property
    def booked_on(self) -> date:
        """The business date on which we received it."""
        return business_date(self.received_at)


def load_arrivals(connection: psycopg.Connection[Any], inbox: Path, through: date) -> list[Staged]:
    """Stages every file of `inbox/arrivals/<day>/` up to that day that is not staged yet; what was new is returned.

    A file with the same bytes as one before is the same batch and adds nothing. A transaction of its own for each file.
    """
    return load_files(connection, deliveries(inbox, through))


def load_files(connection: psycopg.Connection[Any], files: Iterable[Delivery]) -> list[Staged]:
    """Stages those of the files that are not staged yet."""
    with connection.transaction():
        known = {(row["uri"], row["sha256"]) for row in query(connection, "ingestion/known_files")}
    # An announced file that was staged is not opened again: thousands lie there after some years. Whether it still is
    # what it was, `verify_artifacts` says.
    new = (file for file in files if (file.uri, file.announced.sha256) not in known)
    return [staged for file in new if (staged := load_file(connection, file)) is not None]


def load_file(connection: psycopg.Connection[Any], delivery: Delivery) -> Staged | None:
    """Stages one file, or opens a case that says why it was refused; None if it was staged before."""
    try:
        with connection.transaction():
            return _stage(connection, delivery)
    except DeliveryError as error:
        with connection.transaction():
            _open_case(connection, delivery, error)
        return Staged(delivery, None, refusal=error.message)


def _stage(connection: psycopg.Connection[Any], delivery: Delivery) -> Staged | None:
    announced = delivery.announced.sha256
    try:
        with delivery.path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").digest()
            if announced not in (None, sha256):
                raise DeliveryError(
                    f"{delivery.name} is not the file that {SIDECAR} announces: their sha256 differ",
                    "ask the sender for the file again, or for a correct sidecar, put it in the same place, ingest again.",
                    "hash",
                )
            if query(connection, "ingestion/known_batch", sha256=sha256):
                run(connection, "ingestion/accepted_files", uri=delivery.uri)
                return None
            file.seek(0)
            return _stage_open_file(connection, delivery, _HashingReader(file), sha256)
    except OSError as error:
        raise DeliveryError(
            f"{delivery.name} cannot be read to its end: {error.strerror or type(error).__name__}",
            "see to the disk or share on which it lies, and ingest again.",
            "unreadable",
        ) from error
    except UnreadableError as error:
        raise DeliveryError(
            f"{delivery.name}: {error}",
            f"ask the sender for a CSV file with the columns {', '.join(HEADER)}.",
            "unreadable",
        ) from error


def stage_rows(
    connection: psycopg.Connection[Any], batch: Batch, names: list[str], block: Block, size_bytes: int
) -> int | None:
    """Stages rows that came in no file, in the connection's transaction; returns how many were rejected.

    None if this batch was staged before. `names` are the columns of the block's fields, each of `HEADER` once.
    """
    if query(connection, "ingestion/known_batch", sha256=batch.sha256):
        return None
    run(connection, "ingestion/open_staged", booked_on=batch.booked_on)
    rejected = _copy_block(connection, batch, names, block)
    _record(connection, batch, size_bytes, len(block.raw))
    return rejected


def _stage_open_file(
    connection: psycopg.Connection[Any], delivery: Delivery, source: "_HashingReader", sha256: bytes
) -> Staged:
    batch = Batch(delivery.source, delivery.name, delivery.uri, sha256, delivery.received_at)
    names = read_header(source)
    _check_header(names)
    run(connection, "ingestion/open_staged", booked_on=batch.booked_on)
    received = rejected = 0
    for block in read_blocks(source, len(names)):
        rejected += _copy_block(connection, batch, names, block)
        received += len(block.raw)
    _check_end(delivery, source, sha256, received)
    _record(connection, batch, source.size, received)
    run(connection, "ingestion/batch_files", batch_id=batch.batch_id)
    run(connection, "ingestion/accepted_files", uri=delivery.uri)
    return Staged(delivery, batch.batch_id, received, rejected)


def _copy_block(connection: psycopg.Connection[Any], batch: Batch, names: list[str], block: Block) -> int:
    staged, rejects = _judge(block, names, batch)
    copy_arrow(connection, "ingestion.staged", staged.to_batches())
    copy_arrow(connection, "ingestion.rejects", rejects.to_batches())
    return int(staged.num_rows - pc.sum(staged["is_accepted"]).as_py())


def _record(connection: psycopg.Connection[Any], batch: Batch, size_bytes: int, rows_received: int) -> None:
    run(
        connection,
        "ingestion/batches",
        batch_id=batch.batch_id,
        source=batch.source,
        uri=batch.uri,
        sha256=batch.sha256,
        size_bytes=size_bytes,
        received_at=batch.received_at,
        booked_on=batch.booked_on,
        rows_received=rows_received,
    )
    run(connection, "ingestion/rejected_rows", batch_id=batch.batch_id, source=batch.source, file=batch.name)


def _check_header(names: list[str]) -> None:
    missing, surplus = set(HEADER) - set(names), set(names) - set(HEADER)
    if missing or surplus or len(names) != len(HEADER):
        raise UnreadableError(
            "its header is not that of a file of payments: "
            + (f"without {', '.join(sorted(missing))}" if missing else "with columns unknown or repeated")
        )


def _check_end(delivery: Delivery, source: "_HashingReader", sha256: bytes, received: int) -> None:
    if source.digest() != sha256:
        raise DeliveryError(
            f"{delivery.name} changed while it was read",
            "let the sender finish writing it, and ingest again.",
            "unreadable",
        )
    if delivery.announced.rows not in (None, received):
        raise DeliveryError(
            f"{delivery.name} has {counted(received, 'row')}, and {SIDECAR} announces {delivery.announced.rows}",
            "ask the sender which is right, put a file and a sidecar that agree in the same place, ingest again.",
            "rows",
        )


def _open_case(connection: psycopg.Connection[Any], delivery: Delivery, error: DeliveryError) -> None:
    run(
        connection,
        "ingestion/refused_files",
        uri=delivery.uri,
        kind=error.kind,
        booked_on=delivery.booked_on,
        summary=error.message,
        next_step=error.remedy,
    )


class _HashingReader:
    """A file that hashes what is read of it, so that what was staged is surely what was hashed."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self.size = 0

    def read(self, size: int, /) -> bytes:
        return self._seen(self._file.read(size))

    def readline(self, size: int, /) -> bytes:
        return self._seen(self._file.readline(size))

    def digest(self) -> bytes:
        return self._hash.digest()

    def _seen(self, data: bytes) -> bytes:
        self._hash.update(data)
        self.size += len(data)
        return data


# From a block of rows to the tables --------------------------------------------------------------------------------------


def _judge(block: Block, names: list[str], batch: Batch) -> tuple[arrow.Table, arrow.Table]:
    """The rows of a block as they are staged, and what is wrong with those that are rejected."""
    columns = list(zip(*block.fields, strict=True)) or [()] * len(names)
    texts = arrow.table([arrow.array(column, arrow.string()) for column in columns], names=names)
    values = read_values(texts)
    wrong = faults(values, batch.received_at, batch.booked_on)
    is_right = np.ones(len(block.whole), dtype=bool)
    is_right[wrong["place"].to_numpy()] = False
    return (
        _staged(block, values, is_right, batch),
        _rejects(block, texts, wrong, batch),
    )


def _staged(block: Block, values: dict[str, Any], is_right: "np.ndarray[Any, Any]", batch: Batch) -> arrow.Table:
    count = len(block.raw)
    # where the values of each row are to be taken from; a row that is rejected or broken takes nulls
    rows = np.asarray(block.whole, dtype=np.int64)[is_right]
    is_accepted = np.zeros(count, dtype=bool)
    is_accepted[rows] = True
    taken = np.zeros(count, dtype=np.int64)
    taken[rows] = np.flatnonzero(is_right)
    take = arrow.array(taken, mask=~is_accepted)
    return arrow.table(
        {
            "booked_on": arrow.repeat(arrow.scalar(batch.booked_on), count),
            "batch_id": arrow.repeat(str(batch.batch_id), count),
            "line": arrow.array(np.arange(block.first_row, block.first_row + count, dtype=np.int32)),
            "raw": arrow.array(block.raw, arrow.string()),
            "is_accepted": arrow.array(is_accepted),
            **{column: values[name].take(take) for name, column in _STAGED_COLUMNS.items()},
        }
    )


def _rejects(block: Block, texts: arrow.Table, wrong: arrow.Table, batch: Batch) -> arrow.Table:
    """A row for each column at fault. Only rows that are rejected are walked."""
    found = [
        (block.first_row + block.whole[place], name, EXPECTED[name], texts[name][place].as_py())
        for place, name in zip(wrong["place"].to_pylist(), wrong["column_name"].to_pylist(), strict=True)
    ] + [(block.first_row + place, WHOLE_ROW, reason, block.raw[place]) for place, reason in block.broken.items()]
    lines, names, reasons, texts_found = zip(*found, strict=True) if found else ((), (), (), ())
    return arrow.table(
        {
            "booked_on": arrow.repeat(arrow.scalar(batch.booked_on), len(found)),
            "batch_id": arrow.repeat(str(batch.batch_id), len(found)),
            "line": arrow.array(lines, arrow.int32()),
            "column_name": arrow.array(names, arrow.string()),
            "reason": arrow.array(reasons, arrow.string()),
            "found": arrow.array([_shortened(text) for text in texts_found], arrow.string()),
        }
    )


def _shortened(text: str) -> str | None:
    if not text:
        return None
    return text if len(text) <= _FOUND_SHOWN else text[: _FOUND_SHOWN - 1] + "…"
