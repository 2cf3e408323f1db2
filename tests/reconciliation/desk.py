"""Payments and bank lines made by hand, and what reconciling them left behind."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import count
from typing import Any
from uuid import UUID, uuid5

import psycopg

from payments_pipeline.paths import DATA_DIR
from payments_pipeline.postgres.run import query, run
from payments_pipeline.rules.settlement import settles_on

NOWHERE = UUID(int=0)
MONDAY = date(2026, 7, 6)
LAWS = (
    "variance_is_bank_minus_ours",
    "variance_is_explained_line_by_line",
    "the_bridge_leads_to_the_bank",
    "nothing_is_matched_twice",
)

Row = tuple[Any, ...]


def load_rules(connection: psycopg.Connection[Any]) -> None:
    """The rules by which a day is settled and reconciled; nothing else of the reference data."""
    for name, file in (
        ("settlement_rules", "settlement_rules.csv"),
        ("match_methods", "match_methods.csv"),
        ("reconciliation_limits", "reconciliation_limits.csv"),
    ):
        with (DATA_DIR / file).open(encoding="utf-8", newline="") as lines:
            run(connection, f"reference_data/{name}", rows=json.dumps(list(csv.DictReader(lines))))


@dataclass
class Desk:
    """A database with no loans, on which payments and lines are laid out."""

    connection: psycopg.Connection[Any]
    numbers: count[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        load_rules(self.connection)

    def payment(
        self,
        reference: str,
        cents: int,
        *,
        channel: str = "ach",
        value_date: date = MONDAY,
        is_completed: bool = True,
        returned_on: date | None = None,
        code: str | None = "R01",
        returned_by: str | None = None,
        is_known: bool = True,
        loan_id: int = 1,
        transfer: str | None = None,
        batch: str | None = None,
    ) -> UUID:
        """A payment with its steps. One that is not known has been returned and never came.

        `returned_by` is the transfer by which it went back, as its return tells it. `batch` is the number of the deposit or payout that its source says it is in.
        """
        number = next(self.numbers)
        payment_id = uuid5(NOWHERE, str(number))
        if batch is not None:
            self.connection.execute("select operations.open_day('ingestion.staged', %s)", (value_date,))
            self.connection.execute(
                "insert into ingestion.staged (booked_on, batch_id, line, raw, is_accepted, metadata) "
                "values (%s, %s, %s, '', false, %s)",
                (value_date, NOWHERE, number, json.dumps({"deposit" if channel == "check" else "payout": batch})),
            )
        noon = datetime(value_date.year, value_date.month, value_date.day, 16, tzinfo=UTC)
        for table in ("payments.payments", "payments.transitions"):
            self.connection.execute("select operations.open_day(%s, %s)", (table, value_date))
        if is_known:
            self.connection.execute(
                "insert into payments.payments (effective_on, loan_id, payment_id, channel, reference, loan_number, "
                "amount_cents, occurred_at, settles_on, transfer_id, booked_on, batch_id, line) "
                "values (%s, %s, %s, %s, %s, 'LN0000000001', %s, %s, %s, %s, %s, %s, %s)",
                (
                    value_date, loan_id, payment_id, channel, reference, cents, noon, settles_on(channel, value_date),
                    transfer, value_date, NOWHERE, number,
                ),
            )  # fmt: skip
        if is_completed and is_known:
            self._step(payment_id, value_date, loan_id, "completed", value_date, None, noon)
        if returned_on is not None:
            self._step(payment_id, value_date, loan_id, "reversed", returned_on, code, noon, returned_by)
        return payment_id

    def complete(self, payment_id: UUID, value_date: date = MONDAY) -> None:
        """The word that was missing arrives."""
        noon = datetime(value_date.year, value_date.month, value_date.day, 16, tzinfo=UTC)
        self._step(payment_id, value_date, 1, "completed", value_date, None, noon)

    def give_back(self, transfer: str, on: date, returned_by: str) -> None:
        """The word that a payment went back arrives, and by which transfer it did."""
        [(payment_id, value_date)] = self.rows(
            "select payment_id, effective_on from payments.payments where transfer_id = %s", transfer
        )
        noon = datetime(on.year, on.month, on.day, 16, tzinfo=UTC)
        self._step(payment_id, value_date, 1, "reversed", on, None, noon, returned_by)

    def _step(
        self,
        payment_id: UUID,
        value_date: date,
        loan_id: int,
        status: str,
        on: date,
        code: str | None,
        at: datetime,
        returned_by: str | None = None,
    ) -> None:
        self.connection.execute(
            "insert into payments.transitions (effective_on, loan_id, payment_id, status, occurred_at, happened_on, code, "
            "booked_on, batch_id, line) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, 1)",
            (value_date, loan_id, payment_id, status, at, on, code, on, NOWHERE),
        )
        if status == "reversed":
            self.connection.execute(
                "insert into payments.reversals (loan_id, payment_id, seq, effective_on, signal, occurred_at, happened_on, "
                "code, transfer_id, booked_on, batch_id, line) values (%s, %s, 1, %s, 'returned', %s, %s, %s, %s, %s, %s, 1)",
                (loan_id, payment_id, value_date, at, on, code, returned_by, on, NOWHERE),
            )

    def line(
        self,
        reference: str | None,
        cents: int,
        *,
        channel: str = "ach",
        kind: str = "credit",
        day: date = MONDAY,
        account: str = "main",
        transfer: str | None = None,
    ) -> str:
        """A line of the bank; returns its id."""
        line_id = f"L{next(self.numbers):06}"
        self.connection.execute("select operations.open_day('settlement.bank_lines', %s)", (day,))
        self.connection.execute(
            "insert into settlement.bank_lines (bank_day, line_id, account, channel, kind, amount_cents, reference, "
            "transaction_id, source) values (%s, %s, %s, %s, %s, %s, %s, %s, 'by hand')",
            (day, line_id, account, channel, kind, cents, reference, transfer),
        )
        return line_id

    def broken_laws(self) -> list[str]:
        """What of law 7 does not hold, in the words of the laws; of the days around this week."""
        return [
            f"{law}: {row['keys']}: {row['found']}, expected {row['expected']}"
            for law in LAWS
            for row in query(
                self.connection, f"operations/laws/{law}", first=date(2026, 6, 1), last=date(2026, 7, 31), most=10
            )
        ]

    def rows(self, statement: str, *parameters: object) -> list[Row]:
        return self.connection.execute(statement.encode(), parameters).fetchall()

    def items(self) -> list[Row]:
        """What is open: side, cause, cents."""
        return self.rows("select side, cause, variance_cents from reconciliation.items order by 1, 2, 3")

    def matches(self) -> list[Row]:
        """What is paired: line, payment, kind, method."""
        return self.rows("select line_id, payment_id, kind, method from reconciliation.matches order by 1")

    def cases(self) -> list[Row]:
        """What a person is told: category, finer kind, severity, state."""
        return self.rows("select category, subcategory, severity, state from operations.exception_cases order by 1, 2")
