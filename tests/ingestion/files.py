"""Inboxes for the tests: rows of payments, files of rows, and the sidecars that announce them."""

import csv
import hashlib
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from payments_pipeline.ingestion.schema import HEADER

DAY = date(2026, 3, 2)
RECEIVED_AT = datetime(2026, 3, 3, 1, 30, tzinfo=UTC)  # still the evening of DAY in New York

GOOD = {
    "event": "settled",
    "reference_number": "Trc0001",
    "loan_account_number": "LN0000000001",
    "cif": "CIF000000001",
    "amount": "1234.56",
    "currency": "USD",
    "payment_date": "2026-03-02T15:04:05Z",
    "value_date": "2026-03-02",
    "payment_channel": "ach",
    "provider": "column",
    "return_code": "",
    "transfer_id": "acht_1",
    "metadata": '{"sec":"WEB"}',
}


def row(**changes: str) -> dict[str, str]:
    """A row in order, but for these changes."""
    return GOOD | changes


def content(rows: Iterable[dict[str, str]]) -> bytes:
    """A file of these rows."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, HEADER, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def put(inbox: Path, name: str, data: bytes, *, day: date = DAY, rows: int | None = None) -> Path:
    """A file in the inbox; with `rows`, its sidecar announces it."""
    folder = inbox / "arrivals" / day.isoformat()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)
    if rows is not None:
        announce(folder / name, hashlib.sha256(data).hexdigest(), rows)
    return folder / name


def announce(path: Path, sha256: str, rows: int) -> None:
    """A line about the file in the sidecar of its folder, in place of any before; files come a minute apart."""
    sidecar = path.parent / "_manifest.csv"
    lines = sidecar.read_text().splitlines() if sidecar.exists() else ["file,received_at,rows,sha256"]
    kept = [line for line in lines if not line.startswith(f"{path.name},")]
    received_at = RECEIVED_AT + timedelta(minutes=len(kept) - 1)
    sidecar.write_text("\n".join([*kept, f"{path.name},{received_at:%Y-%m-%dT%H:%M:%SZ},{rows},{sha256}"]) + "\n")


def put_rows(inbox: Path, name: str, rows: Sequence[dict[str, str]], *, day: date = DAY) -> Path:
    """An announced file of these rows."""
    return put(inbox, name, content(rows), day=day, rows=len(rows))


def fetch(connection: psycopg.Connection[Any], statement: str, *parameters: object) -> list[tuple[Any, ...]]:
    """The rows of a query, of any kind."""
    return connection.execute(statement.encode(), parameters).fetchall()


def counts(connection: psycopg.Connection[Any]) -> dict[str, int]:
    """Rows in all tables that ingestion writes."""
    tables = [
        "batches",
        "staging_process_log",
        "staged",
        "rejects",
        "payment_ingestions",
        "duplicates",
        "payment_artifacts",
    ]
    names = [f"ingestion.{table}" for table in tables] + ["operations.exception_cases", "operations.day_requests"]
    return {name: fetch(connection, f"select count(*) from {name}")[0][0] for name in names}


def add_loan(connection: psycopg.Connection[Any], loan_id: int) -> None:
    """A loan, as the portfolio's loader would board it."""
    connection.execute(
        b"insert into servicing.loans (loan_id, loan_number, cif, borrower_id, property_id, product, originated_on,"
        b" original_principal_cents, boarded_on, principal_cents, rate_ppm, payment_cents, escrow_cents,"
        b" escrow_shortage_cents, first_due_on, term_instalments, last_instalment, grace_days) values"
        b" (%(id)s, 'LN' || lpad(%(id)s::text, 10, '0'), 'C', 1, 1, 'fixed30', '2020-01-01', 20000000, '2026-01-01',"
        b" 19000000, 60000, 122417, 0, 0, '2026-02-01', 300, 300, 15)",
        {"id": loan_id},
    )
    connection.commit()


def uuid_of(data: bytes) -> UUID:
    """The id of the batch with these bytes."""
    return UUID(bytes=hashlib.sha256(data).digest()[:16])
