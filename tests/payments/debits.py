"""Debits by hand: what the bank's events leave behind of each, without the way there."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import psycopg

from payments_pipeline.payments.returns import Returns, follow_up_returns
from payments_pipeline.rules.settlement import settles_on
from tests.reconciliation.desk import Row

MONDAY = date(2026, 7, 6)
COUNTERPARTY = "cpty_1"


def day(number: int) -> date:
    """A day, counted from the Monday."""
    return MONDAY + timedelta(days=number)


@dataclass(frozen=True)
class Debit:
    """A payment that we collected, or somebody sent."""

    payment_id: UUID
    transfer_id: str
    value_date: date
    loan_id: int
    batch_id: UUID


@dataclass
class Collections:
    """A database with loans from which we collect."""

    connection: psycopg.Connection[Any]
    numbers: count[int] = field(default_factory=lambda: count(1))

    def debit(
        self,
        value_date: date = MONDAY,
        *,
        loan_id: int = 1,
        cents: int = 120_000,
        direction: str = "outgoing",
        counterparty_id: str = COUNTERPARTY,
        transfer_id: str | None = None,
        is_canceled: bool = False,
        **given: Any,
    ) -> Debit:
        """A debit that settled on a day; `given` are fields of the transfer."""
        transfer_id = transfer_id or f"acht_{next(self.numbers)}"
        payment_id = UUID(bytes=hashlib.sha256(transfer_id.encode()).digest()[:16])
        transfer = {
            "id": transfer_id, "type": "DEBIT", "amount": cents, "currency_code": "USD", "bank_account_id": "bacc_1",
            "account_number_id": f"acno_{loan_id}", "counterparty_id": counterparty_id, "entry_class_code": "PPD",
            "company_name": "OUR COMPANY", "company_id": "1234567890", "company_entry_description": "MORTGAGE",
            "company_discretionary_data": "", "receiver_name": "A. Person", "receiver_id": "", "idempotency_key": "",
            "description": "mortgage payment",
        } | given  # fmt: skip
        batch_id = self.stage(value_date, transfer, "ach.outgoing_transfer.settled", direction)
        for table in ("payments.payments", "payments.transitions"):
            self.connection.execute("select operations.open_day(%s, %s)", (table, value_date))
        self.connection.execute(
            "insert into payments.payments (effective_on, loan_id, payment_id, channel, provider, reference, loan_number, "
            "amount_cents, occurred_at, settles_on, transfer_id, booked_on, batch_id, line) "
            "values (%s, %s, %s, 'ach', 'column', %s, %s, %s, %s, %s, %s, %s, %s, 1)",
            (
                value_date, loan_id, payment_id, transfer_id, f"LN{loan_id:010}", cents, at(value_date),
                settles_on("ach", value_date), transfer_id, value_date, batch_id,
            ),
        )  # fmt: skip
        debit = Debit(payment_id, transfer_id, value_date, loan_id, batch_id)
        self._step(debit, "canceled" if is_canceled else "completed", value_date, None)
        return debit

    def returned(self, debit: Debit, on: date, code: str | None = "R01") -> Debit:
        """The debit comes back."""
        self._step(debit, "reversed", on, code)
        self._reverse(debit, 1, on, at(on), code)
        return debit

    def returned_earlier(self, debit: Debit, on: date, code: str | None) -> Debit:
        """It comes to light that the debit came back a minute earlier than was told first."""
        self._reverse(debit, 2, on, at(on) - timedelta(minutes=1), code)
        return debit

    def notice(self, on: date, change: Any, *, counterparty_id: str = COUNTERPARTY, loan_id: int | None = 1) -> UUID:
        """A notice of change arrives; `change` is what the transfer says of it."""
        transfer = {
            "id": f"acht_noc{next(self.numbers)}", "counterparty_id": counterparty_id, "notification_of_changes": change,
            "account_number_id": f"acno_{loan_id}" if loan_id else None,
        }  # fmt: skip
        batch_id = self.stage(on, transfer, "ach.outgoing_transfer.noc", "outgoing", is_noted=True)
        self.connection.execute("select operations.open_day('ingestion.bank_events', %s)", (on,))
        self.connection.execute(
            "insert into ingestion.bank_events values (%s, %s, 'ach.outgoing_transfer.noc', %s, %s, %s, %s, 1)",
            (on, f"evnt_{next(self.numbers)}", transfer["id"], at(on), on, batch_id),
        )
        return batch_id

    def stage(self, on: date, transfer: dict[str, Any], type_: str, direction: str, *, is_noted: bool = False) -> UUID:
        """The event as it was staged, in a batch of its own."""
        event = {"id": f"evnt_{next(self.numbers)}", "created_at": at(on).isoformat(), "type": type_, "data": transfer}
        raw = json.dumps(event, separators=(",", ":"))
        batch_id = UUID(bytes=hashlib.sha256(raw.encode()).digest()[:16])
        self.connection.execute("select operations.open_day('ingestion.staged', %s)", (on,))
        self.connection.execute(
            "insert into ingestion.staged (booked_on, batch_id, line, raw, is_accepted, is_noted, metadata) "
            "values (%s, %s, 1, %s, false, %s, %s)",
            (on, batch_id, raw, is_noted, json.dumps({"direction": direction})),
        )
        return batch_id

    def _step(self, debit: Debit, status: str, on: date, code: str | None) -> None:
        self.connection.execute(
            "insert into payments.transitions (effective_on, loan_id, payment_id, status, occurred_at, happened_on, code, "
            "booked_on, batch_id, line) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, 1)",
            (debit.value_date, debit.loan_id, debit.payment_id, status, at(on), on, code, on, debit.batch_id),
        )

    def _reverse(self, debit: Debit, seq: int, on: date, instant: datetime, code: str | None) -> None:
        self.connection.execute(
            "insert into payments.reversals (loan_id, payment_id, seq, effective_on, signal, occurred_at, happened_on, code, "
            "booked_on, batch_id, line) values (%s, %s, %s, %s, 'returned', %s, %s, %s, %s, %s, 2)",
            (debit.loan_id, debit.payment_id, seq, debit.value_date, instant, on, code, on, debit.batch_id),
        )

    def follow_up(self, on: date) -> Returns:
        """Run the day."""
        return follow_up_returns(self.connection, on)

    def rows(self, statement: str, *parameters: object) -> list[Row]:
        return self.connection.execute(statement.encode(), parameters).fetchall()

    def planned(self) -> list[Row]:
        """What is to be presented again: first payment, attempt, day."""
        return self.rows("select payment_id, attempt, scheduled_on from payments.representments order by 3, 2, 1")


def at(day_: date) -> datetime:
    """Noon of a day in New York, or an hour off."""
    return datetime(day_.year, day_.month, day_.day, 16, tzinfo=UTC)
