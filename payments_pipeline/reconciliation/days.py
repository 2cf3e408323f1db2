"""Bank against books, a day at a time: pass after pass on what is left, then what explains the rest, then the totals.

Most of a day are pairs that agree in every word; they are found in one join. What is left over is little, and meets what
the days around it have left over: money of one day on the line of another is found whichever of the two is run last, and
both days tell of it. People's decisions come before all passes.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import psycopg

from payments_pipeline.postgres.days import close_days, open_days
from payments_pipeline.postgres.locks import hold
from payments_pipeline.postgres.run import query, run
from payments_pipeline.rules.calendar import add_bank_days, is_bank_day
from payments_pipeline.rules.settlement import MAY_STILL_COME, days_to_come

_BATCHES: Final = (
    "batches/spans",
    "batches/groups",
    "batches/lines",
    "batches/claims",
    "batches/in_full",
    "batches/by_sum",
    "batches/gaps",
    "batches/lacking",
    "batches/explained",
    "batches/split",
    "batches/dropped",
    "batches/found",
)
"""Many payments in one line, and one or many in several: deposits of checks and payouts of processors, in full or less what
the processor keeps. Cents decide: a batch is matched where its payments add up to its lines, or where a single thing
explains the difference; what could be otherwise stays out of it."""

PASSES: Final[tuple[tuple[tuple[str, ...], str | None], ...]] = (
    (("decided",), None),
    (("same_key",), "reference_of_the_day"),  # of one day alone, and so before what other days may change
    (("same_key",), "transfer_id"),
    (("same_key",), "reference_amount"),
    (_BATCHES, None),
    (("like_reference",), "like_reference"),
    (("like_reference",), "amount_window"),
    (("other_amount",), "transfer_id_other_amount"),
    (("other_amount",), "reference_other_amount"),
)
"""Each pass by its files of `sql/reconciliation/passes`, in their order, of which the last one writes what it finds; with
the method that it matches by where a file knows several."""

ITEMS: Final = (
    "news",
    "other_days",
    "other_cents",
    "open_lines",
    "named",
    "repeated",
    "lines",
    "movements",
)
"""Statements of `sql/reconciliation/items` in their order: they gather what `items.sql` stores."""


@dataclass(frozen=True, slots=True)
class ChannelDay:
    """One rail on one account and day."""

    account: str
    channel: str
    bank_cents: int
    our_cents: int
    variance_cents: int
    """The bank's less ours: what the items add up to."""
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
    return explain_day(connection, match_day(connection, day))


@dataclass(frozen=True, slots=True)
class Matched:
    """A day whose matches are stored, and whose left-overs wait in tables of this transaction to be explained."""

    day: date
    near: dict[date, int]
    has_both_sides: bool
    """Whether lines as well as movements were left over by the pairs."""


def match_day(connection: psycopg.Connection[Any], day: date) -> Matched:
    """Rebuild the matches of a bank day. `explain_day` must follow in the same transaction."""
    # a day's run changes its neighbours too: two at once would collide in their rows
    hold(connection, "reconciliation.matches")
    # what is joined is a day's rows; the default would spill each of them to disk
    connection.execute("set local work_mem = '256MB'")
    open_days(connection, ["reconciliation.matches"], [day])
    near = days_around(connection, day, windows=3)
    _pair(connection, day, near)
    has_both_sides = _match_the_rest(connection, day, near)
    is_new = not _has_matches(connection, day)
    run(connection, "reconciliation/matches", day=day, near=list(near))
    if not is_new:
        run(connection, "reconciliation/pairs_gone", day=day)
    run(connection, "reconciliation/pairs_stored", day=day)
    close_days(connection, ["reconciliation.matches"], [day])
    return Matched(day, near, has_both_sides)


def explain_day(connection: psycopg.Connection[Any], matched: Matched) -> Reconciliation:
    """Say what explains the variance of a day that was just matched: items, totals, bridge, suggestions, cases."""
    day, near = matched.day, list(matched.near)
    for name in ITEMS:
        run(connection, f"reconciliation/items/{name}", day=day, near=near)
    items = query(connection, "reconciliation/items", day=day, near=near)[0]["items"]
    run(connection, "reconciliation/bridge", day=day)
    run(connection, "reconciliation/days", day=day)
    run(connection, "reconciliation/suggestions_cleared", day=day)
    if matched.has_both_sides:
        run(connection, "reconciliation/suggestions", day=day)
    touched = connection.execute("select day from touched order by day").fetchall()
    days = [day, *(other for (other,) in touched)]
    run(connection, "reconciliation/work_dropped")
    run(connection, "settlement/batches_matched", days=days, near=[*near, day])
    run(
        connection, "settlement/batches_waiting", days=days, days_to_come=days_to_come(days), most=MAY_STILL_COME.days
    )  # fmt: skip
    run(connection, "operations/exception_cases_late_batches", days=days)
    run(connection, "operations/day_requests_variance", days=days)
    cases = query(connection, "operations/exception_cases_variance", days=days)[0]
    return Reconciliation(
        day=day,
        channels=_channels(connection, day),
        items=items,
        cases_opened=cases["opened"],
        cases_resolved=cases["resolved"],
    )


def _has_matches(connection: psycopg.Connection[Any], day: date) -> bool:
    known = connection.execute("select exists (select from reconciliation.matches where bank_day = %s)", (day,))
    return known.fetchone() == (True,)


def _pair(connection: psycopg.Connection[Any], day: date, near: dict[date, int]) -> None:
    """The pairs that agree in every word, less those that must not stand."""
    returned = {"day": day, "returns_from": returns_from(day)}
    value_dates = [row["effective_on"] for row in query(connection, "payments/returned_value_dates", **returned)]
    run(connection, "reconciliation/movements", **returned, value_dates=value_dates)
    run(connection, "reconciliation/pairs", day=day)
    misplaced = query(connection, "reconciliation/totals")[0]["misplaced"]
    days = [day, *near]
    decided = connection.execute(
        "select exists (select from reconciliation.decisions where bank_day = any(%s))", (days,)
    )
    if misplaced or decided.fetchone() == (True,):
        run(connection, "reconciliation/apart", days=days)


def _match_the_rest(connection: psycopg.Connection[Any], day: date, near: dict[date, int]) -> bool:
    """Pass after pass on what is left over; whether there was anything to match: lines, and movements."""
    days = list(near)
    run(connection, "reconciliation/released", day=day, near=days, numbers=list(near.values()))
    left = query(connection, "reconciliation/left_over", day=day, near=days)
    value_dates = [row["effective_on"] for row in left]
    learned = query(connection, "reconciliation/left_payments", value_dates=value_dates)
    booked_days = [row["booked_on"] for row in learned]
    run(connection, "reconciliation/candidates", day=day, near=days, booked_days=booked_days)
    run(connection, "reconciliation/found")
    both = connection.execute(
        "select exists (select from work.candidate_lines) and exists (select from work.candidate_movements)"
    )
    if both.fetchone() != (True,):
        return False
    for names, method in PASSES:
        for name in names:
            found = run(connection, f"reconciliation/passes/{name}", day=day, near=days, method=method)
        if found:
            run(connection, "reconciliation/passes/clear")
    return True


def days_around(connection: psycopg.Connection[Any], day: date, *, windows: int = 1) -> dict[date, int]:
    """The days around `day` within so many of the rules' widest windows, and their numbers: bank days since `day`.

    A line may have found what is one window from it, which may have a rival two windows away; and who no longer has a
    rival there may be found by what is a third window away.
    """
    [(widest,)] = connection.execute("select coalesce(max(window_bank_days), 0) from settlement.rules").fetchall()
    first, last = _bank_day_before(day, windows * widest), add_bank_days(day, windows * widest)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return {other: _bank_days_since(day, other) for other in days if other != day}


def _bank_day_before(day: date, bank_days: int) -> date:
    while bank_days:
        day -= timedelta(days=1)
        bank_days -= is_bank_day(day)
    return day


def _bank_days_since(day: date, other: date) -> int:
    """Below zero for a day before. Of any two days the numbers differ by the bank days between them."""
    first, last = sorted((day, other))
    bank_days = sum(is_bank_day(first + timedelta(days=n)) for n in range(1, (last - first).days + 1))
    return bank_days if other > day else -bank_days


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
        "select account, channel, bank_cents, our_cents, variance_cents, matched_count, open_count, status "
        "from reconciliation.days where bank_day = %s order by channel, account",
        (day,),
    ).fetchall()
    return tuple(ChannelDay(*row) for row in rows)
