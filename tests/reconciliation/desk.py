"""Payments and bank lines made by hand, and what reconciling them left behind."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import count
from typing import Any
from uuid import UUID, uuid5

import psycopg

from payments_pipeline.rules.settlement import settles_on

NOWHERE = UUID(int=0)
MONDAY = date(2026, 7, 6)

Row = tuple[Any, ...]


@dataclass
class Desk:
    """A database with no loans, on which payments and lines are laid out."""

    connection: psycopg.Connection[Any]
    numbers: count[int] = field(default_factory=lambda: count(1))

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
        is_known: bool = True,
        loan_id: int = 1,
    ) -> UUID:
        """A payment with its steps. One that is not known has been returned and never came."""
        payment_id = uuid5(NOWHERE, str(next(self.numbers)))
        noon = datetime(value_date.year, value_date.month, value_date.day, 16, tzinfo=UTC)
        for table in ("payments.payments", "payments.transitions"):
            self.connection.execute("select operations.open_day(%s, %s)", (table, value_date))
        if is_known:
            self.connection.execute(
                "insert into payments.payments (effective_on, loan_id, payment_id, channel, reference, loan_number, "
                "amount_cents, occurred_at, settles_on, booked_on, batch_id, line) "
                "values (%s, %s, %s, %s, %s, 'LN0000000001', %s, %s, %s, %s, %s, 1)",
                (
                    value_date, loan_id, payment_id, channel, reference, cents, noon, settles_on(channel, value_date),
                    value_date, NOWHERE,
                ),
            )  # fmt: skip
        if is_completed and is_known:
            self._step(payment_id, value_date, loan_id, "completed", value_date, None, noon)
        if returned_on is not None:
            self._step(payment_id, value_date, loan_id, "reversed", returned_on, code, noon)
        return payment_id

    def complete(self, payment_id: UUID, value_date: date = MONDAY) -> None:
        """The word that was missing arrives."""
        noon = datetime(value_date.year, value_date.month, value_date.day, 16, tzinfo=UTC)
        self._step(payment_id, value_date, 1, "completed", value_date, None, noon)

    def _step(
        self, payment_id: UUID, value_date: date, loan_id: int, status: str, on: date, code: str | None, at: datetime
    ) -> None:
        self.connection.execute(
            "insert into payments.transitions (effective_on, loan_id, payment_id, status, occurred_at, happened_on, code, "
            "booked_on, batch_id, line) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, 1)",
            (value_date, loan_id, payment_id, status, at, on, code, on, NOWHERE),
        )
        if status == "reversed":
            self.connection.execute(
                "insert into payments.reversals (loan_id, payment_id, seq, effective_on, signal, occurred_at, happened_on, "
                "code, booked_on, batch_id, line) values (%s, %s, 1, %s, 'returned', %s, %s, %s, %s, %s, 1)",
                (loan_id, payment_id, value_date, at, on, code, on, NOWHERE),
            )

    def line(
        self, reference: str | None, cents: int, *, channel: str = "ach", kind: str = "credit", day: date = MONDAY
    ) -> str:
        """A line of the bank; returns its id."""
        line_id = f"L{next(self.numbers):06}"
        self.connection.execute("select operations.open_day('settlement.bank_lines', %s)", (day,))
        self.connection.execute(
            "insert into settlement.bank_lines (bank_day, line_id, account, channel, kind, amount_cents, reference, source) "
            "values (%s, %s, 'main', %s, %s, %s, %s, 'by hand')",
            (day, line_id, channel, kind, cents, reference),
        )
        return line_id

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
