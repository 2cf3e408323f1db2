"""Exception cases that a day's run gives rise to; each statement below `sql/operations` is one kind."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import psycopg

from payments_pipeline.postgres.run import query
from payments_pipeline.rules.returns import CORRECTED_WITHIN_DAYS, MOST_ATTEMPTS

_KINDS: Final = ("validation", "returns", "orphan_returns", "before_the_books")


@dataclass(frozen=True, slots=True)
class Cases:
    """How many cases a run opened (or reopened) and resolved."""

    opened: int
    resolved: int


def open_cases(connection: psycopg.Connection[Any], day: date, first_day: date = date.min) -> Cases:
    """Open what the day's payments and returns give cause for, and resolve what has healed. Running it again adds nothing.

    `first_day` is the first of the books.
    """
    returned = query(connection, "payments/returned_value_dates", day=day, returns_from=day)
    value_dates = [row["effective_on"] for row in returned]
    rules = {"corrected_within_days": CORRECTED_WITHIN_DAYS, "most_attempts": MOST_ATTEMPTS}
    counts = [
        query(
            connection,
            f"operations/exception_cases_{kind}",
            day=day,
            value_dates=value_dates,
            first_day=first_day,
            **rules,
        )[0]
        for kind in _KINDS
    ]
    return Cases(
        opened=sum(count["opened"] for count in counts),
        resolved=sum(count["resolved"] for count in counts),
    )
