"""Days that ask to be run again, and whose turn it is.

A row of `operations.day_requests` stands until the day has been run since it was asked for, whatever becomes of the runs
that were started on its behalf. So nothing is lost if a run fails, and nothing else needs to remember it.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg

from payments_pipeline.postgres.run import query, run


@dataclass(frozen=True, slots=True)
class DueDay:
    """A day that has been asked for, and the latest request for it."""

    day: date
    newest: datetime
    reasons: tuple[str, ...]

    @property
    def key(self) -> str:
        """Differs whenever the day is asked for anew."""
        return f"{self.day}:{self.newest.isoformat()}"


def due_days(connection: psycopg.Connection[Any], first: date, today: date) -> list[DueDay]:
    """The days from `first` on that wait, oldest request first. Today and later are left to the evening's schedule.

    Statuses of loans are set from outside, by whoever may: nobody but us asks for the days of those that came late, nor
    for days on which nothing ran. So that is done here, before looking.
    """
    run(connection, "operations/request_status_days")
    run(connection, "operations/request_missed_days", first=first, last=today)
    return [
        DueDay(row["business_date"], row["newest"], tuple(row["reasons"]))
        for row in query(connection, "operations/due_days", first=first, last=today)
    ]
