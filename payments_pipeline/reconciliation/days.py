"""Bank against books, a day at a time: pairs, then what is left over, then the totals, then the cases about them."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import psycopg

from payments_pipeline.postgres.run import query, run
from payments_pipeline.rules.calendar import is_bank_day


@dataclass(frozen=True, slots=True)
class ChannelDay:
    """One rail on one day."""

    channel: str
    bank_cents: int
    our_cents: int
    variance_cents: int
    """The bank's less ours: what the open items add up to."""
    matched_count: int
    open_count: int
    status: str


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What reconciling a day found."""

    day: date
    channels: tuple[ChannelDay, ...]
    items: int
    cases_opened: int
    cases_resolved: int

    @property
    def variance_cents(self) -> int:
        """The bank's less ours over all rails."""
        return sum(channel.variance_cents for channel in self.channels)

    @property
    def is_balanced(self) -> bool:
        """Whether every rail agrees; variances of different rails do not make up for each other."""
        return all(channel.status == "balanced" for channel in self.channels)


def reconcile_day(connection: psycopg.Connection[Any], day: date) -> Reconciliation:
    """Rebuild matches, items and totals of a bank day, and bring the cases and the requests for reruns up to date."""
    # what is joined is a day's rows; the default would spill each of them to disk
    connection.execute("set local work_mem = '256MB'")
    connection.execute("select operations.open_day('reconciliation.matches', %s)", (day,))
    returned = {"day": day, "returns_from": returns_from(day)}
    value_dates = [row["effective_on"] for row in query(connection, "payments/returned_value_dates", **returned)]
    run(connection, "reconciliation/pairs", **returned, value_dates=value_dates)
    run(connection, "reconciliation/matches", day=day)
    connection.execute("select operations.close_day('reconciliation.matches', %s)", (day,))
    items = run(connection, "reconciliation/items", day=day)
    run(connection, "reconciliation/days", day=day)
    run(connection, "operations/day_requests_variance", day=day)
    cases = query(connection, "operations/exception_cases_variance", day=day)[0]
    return Reconciliation(
        day=day,
        channels=_channels(connection, day),
        items=items,
        cases_opened=cases["opened"],
        cases_resolved=cases["resolved"],
    )


def returns_from(day: date) -> date:
    """The first date whose returns the bank shows on `day`: a return shows on the first bank day on or after it.

    On a day without banking no return shows; the date is then after the day.
    """
    if not is_bank_day(day):
        return day + timedelta(days=1)
    first = day
    while not is_bank_day(first - timedelta(days=1)):
        first -= timedelta(days=1)
    return first


def _channels(connection: psycopg.Connection[Any], day: date) -> tuple[ChannelDay, ...]:
    rows = connection.execute(
        "select channel, bank_cents, our_cents, variance_cents, matched_count, open_count, status "
        "from reconciliation.days where bank_day = %s order by channel",
        (day,),
    ).fetchall()
    return tuple(ChannelDay(*row) for row in rows)
