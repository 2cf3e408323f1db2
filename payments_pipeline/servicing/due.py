"""What falls due on a day, and who was behind at its end: two views of the ledger and the loans' terms."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg

from payments_pipeline.postgres.days import close_days, open_days
from payments_pipeline.postgres.locks import hold
from payments_pipeline.postgres.run import run


@dataclass(frozen=True, slots=True)
class Delinquency:
    """What working out a day left behind."""

    day: date
    loans: int
    """Loans that were behind at the end of the day."""
    revised: int
    """Pairs of another day and a loan that were worked out again, because a run of this day touched the loan."""


def fill_instalments(connection: psycopg.Connection[Any], day: date) -> int:
    """Rebuild what falls due on the day; returns the number of instalments."""
    open_days(connection, ["servicing.instalments"], [day])
    instalments = run(connection, "servicing/instalments", day=day)
    close_days(connection, ["servicing.instalments"], [day])
    return instalments


def fill_delinquency(connection: psycopg.Connection[Any], day: date) -> Delinquency:
    """Rebuild who was behind at the end of the day, and correct the other days that its runs have changed.

    A late payment changes the days after it, a return the days from the value date of what it returns; both are followed
    up here, so that the days may be run in any order and as often as one likes.
    """
    hold(connection, "servicing.delinquency")  # each run follows up on the days that others have worked out
    connection.execute("set local work_mem = '256MB'")
    open_days(connection, ["servicing.delinquency"], [day])
    followed = _one(connection, "select run_no from servicing.delinquency_days where business_date = %s", day) or 0
    latest = _one(connection, "select max(run_no) from ledger.seals where business_date = %s", day) or 0

    run(connection, "servicing/delinquency_scope", day=day, since_run=followed)
    connection.execute("analyze pg_temp.delinquency_scope")
    first_day = _one(connection, "select least(min(business_date), %s) from delinquency_scope", day)
    run(connection, "servicing/delinquency", day=day, first_day=first_day)
    run(connection, "servicing/delinquency_days", day=day, run_no=latest)
    close_days(connection, ["servicing.delinquency"], [day])
    return Delinquency(
        day,
        loans=_one(connection, "select count(*) from servicing.delinquency where business_date = %s", day),
        revised=_one(connection, "select count(*) from delinquency_scope where business_date <> %s", day),
    )


def _one(connection: psycopg.Connection[Any], statement: str, day: date) -> Any:
    row = connection.execute(statement, (day,)).fetchone()
    return row[0] if row else None
