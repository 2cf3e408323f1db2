"""Events of the bank for the tests, in the shapes in which it tells them: full snapshots, nanoseconds and all."""

import csv
import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import psycopg

from payments_pipeline.column.events import RawEvent, read_event
from payments_pipeline.paths import DATA_DIR
from payments_pipeline.postgres.run import run
from payments_pipeline.world.identifiers import account_number_ids
from tests.ingestion.files import add_loan

DAY = date(2026, 3, 2)
RECEIVED_AT = datetime(2026, 3, 6, 15, tzinfo=UTC)


def account_number(loan_id: int) -> str:
    """The id of the account number that belongs to a loan."""
    return str(account_number_ids(np.array([loan_id], dtype=np.int64))[0])


def add_loans(owner: psycopg.Connection[Any], *loan_ids: int) -> None:
    """Loans, each with its account number."""
    for loan_id in loan_ids:
        add_loan(owner, loan_id)
        owner.execute(
            "insert into servicing.account_numbers values (%s, %s, %s)", [account_number(loan_id), loan_id, DAY]
        )


def load_event_types(owner: psycopg.Connection[Any]) -> None:
    """What the bank's events mean, without the rest of the reference data."""
    with (DATA_DIR / "column_events.csv").open(encoding="utf-8", newline="") as file:
        rows = [{name: text or None for name, text in row.items()} for row in csv.DictReader(file)]
    run(owner, "reference_data/event_types", rows=json.dumps(rows))


def at(day: date, hour: int = 15, zone: str = "UTC") -> str:
    """An instant as the bank writes it."""
    instant = datetime.combine(day, time(hour, 4, 5), ZoneInfo(zone)).astimezone(UTC)
    return instant.strftime("%Y-%m-%dT%H:%M:%S.949787176Z")


def effective(day: date) -> str:
    """Midnight Pacific of a day, in UTC."""
    instant = datetime.combine(day, time(), ZoneInfo("America/Los_Angeles")).astimezone(UTC)
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def event(kind: str, data: dict[str, Any], *, created_at: str | None = None, event_id: str | None = None) -> RawEvent:
    """An event about an object. Its id is made of its type and object, unless it is given."""
    return read_event(
        {
            "id": event_id or f"evnt_{kind}_{data.get('id')}",
            "created_at": created_at or at(DAY),
            "type": kind,
            "data": data,
        }
    )


def ach(loan_id: int | None = 1, **changes: Any) -> dict[str, Any]:
    """A settled transfer by ACH to the loan's account number, but for these changes."""
    return {
        "id": "acht_28LtyrWQ7d5CZTXOjKEwVJrnlTa",
        "created_at": at(DAY - timedelta(days=1)),
        "updated_at": at(DAY),
        "initiated_at": None,
        "submitted_at": None,
        "acknowledged_at": None,
        "settled_at": at(DAY, 14),
        "completed_at": None,
        "returned_at": None,
        "cancelled_at": None,
        "manual_review_at": None,
        "return_dishonored_at": None,
        "return_contested_at": None,
        "status": "SETTLED",
        "type": "CREDIT",
        "amount": 123_456,
        "currency_code": "USD",
        "bank_account_id": "bacc_28Ltym2THRHbemnnJBVTH3m39fE",
        "account_number_id": account_number(loan_id) if loan_id else "",
        "counterparty_id": "",
        "description": "mortgage",
        "effective_on": effective(DAY),
        "company_entry_description": "PAYMENT",
        "is_incoming": True,
        "trace_number": "322271620000001",
        "return_details": [],
        "payment_related_info": "",
        "receiver_id": "",
    } | changes


def wire(loan_id: int | None = 1, **changes: Any) -> dict[str, Any]:
    """A wire that has come in, but for these changes."""
    return {
        "id": "wire_28LtyrWQ7d5CZTXOjKEwVJrnlTa",
        "created_at": at(DAY),
        "amount": 500_000,
        "currency_code": "USD",
        "status": "completed",
        "is_incoming": True,
        "account_number_id": account_number(loan_id) if loan_id else "",
        "completed_at": at(DAY),
        "imad": "20260302MMQFMP0000001",
        "beneficiary_reference": "",
        "description": "",
    } | changes


def recall(transfer_id: str = "wire_28LtyrWQ7d5CZTXOjKEwVJrnlTa", **changes: Any) -> dict[str, Any]:
    """A request for a wire back that was granted, and done. It does not say how much: it is all of the wire."""
    return {
        "id": "wrrq_28LtyrWQ7d5CZTXOjKEwVJrnlTa",
        "original_transfer_id": transfer_id,
        "return_transfer_id": "wire_backyrWQ7d5CZTXOjKEwVJrnlTa",
        "return_request_reason": "FRAD",
        "is_incoming": True,
        "status": "completed",
        "completed_at": at(DAY + timedelta(days=2)),
    } | changes


def realtime(loan_id: int | None = 1, **changes: Any) -> dict[str, Any]:
    """A real-time payment that has come in."""
    return {
        "id": "rttr_28LtyrWQ7d5CZTXOjKEwVJrnlTa",
        "created_at": at(DAY),
        "amount": 70_000,
        "currency_code": "USD",
        "status": "COMPLETED",
        "is_incoming": True,
        "account_number_id": account_number(loan_id) if loan_id else "",
        "completed_at": at(DAY),
        "end_to_end_id": "",
        "return_pair_transfer_id": "",
    } | changes


def book(loan_id: int | None = 1, **changes: Any) -> dict[str, Any]:
    """A transfer within the bank to the loan's account number."""
    return {
        "id": "book_28LtyrWQ7d5CZTXOjKEwVJrnlTa",
        "created_at": at(DAY),
        "updated_at": at(DAY),
        "completed_at": at(DAY),
        "amount": 90_000,
        "currency_code": "USD",
        "status": "COMPLETED",
        "sender_bank_account_id": "bacc_payer",
        "sender_account_number_id": "acno_payer",
        "receiver_bank_account_id": "bacc_28Ltym2THRHbemnnJBVTH3m39fE",
        "receiver_account_number_id": account_number(loan_id) if loan_id else None,
        "allow_overdraft": False,
        "description": "",
    } | changes


def check(loan_id: int | None = 1, **changes: Any) -> dict[str, Any]:
    """A check that we deposited."""
    return {
        "id": "chkt_28LtyrWQ7d5CZTXOjKEwVJrnlTa",
        "created_at": at(DAY - timedelta(days=1)),
        "updated_at": at(DAY),
        "check_number": "1007",
        "deposited_amount": 81_000,
        "currency_code": "USD",
        "status": "settled",
        "account_number_id": account_number(loan_id) if loan_id else "",
        "deposited_at": at(DAY),
        "settled_at": at(DAY + timedelta(days=1)),
        "returned_at": None,
        "recleared_at": None,
    } | changes
