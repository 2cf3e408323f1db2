"""Posting: what the folds of the loans want, less what the ledger holds, appended in one transaction.

The statements are in `sql/payments` and `sql/ledger`; this module only says in which order they run. The rules they
follow are those of the fold: a loan's state is a function of its charges and live receipts in effective order, so a
day may be run twice, late, or out of turn, and the ledger ends the same.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from time import perf_counter
from typing import Any

import psycopg

from payments_pipeline.postgres.days import add_rows, close_days
from payments_pipeline.postgres.run import query, run

# Seals form one chain, so runs that add facts take their turns. Any number will do, as long as it is this one.
POSTING_LOCK = 4_210_001

LEDGER_TABLES = ("ledger.allocations", "ledger.entries", "ledger.events", "ledger.outbox")
"""What a run adds to, in the order in which it is worked out."""


@dataclass
class Posting:
    """What one run added."""

    day: date
    run_no: int
    payments: int = 0
    transitions: int = 0
    allocations: int = 0
    fees: int = 0
    entries: int = 0
    events: int = 0
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def is_sealed(self) -> bool:
        """Whether the run added any fact."""
        return self.events > 0

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Note how long a stage took."""
        started = perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + perf_counter() - started


def post_day(connection: psycopg.Connection[Any], day: date) -> Posting:
    """Post all that has been ingested for this day and is unposted, and what changes by it on later days.

    Runs in the connection's transaction, which the caller commits: payments, allocations, entries, events, outbox
    and seal become visible together or not at all.
    """
    posting = _begin(connection, day)
    with posting.stage("payments"):
        posting.payments = run(connection, "payments/payments", day=day)
        add_rows(connection, "payments.payments", day, [day])
        news = _days_of_news(connection, day)
        posting.transitions = run(connection, "payments/transitions", day=day, value_dates=news)
        add_rows(connection, "payments.transitions", day, news)
        run(connection, "payments/reversals", day=day, value_dates=news)
        close_days(connection, ["payments.payments", "payments.transitions"], [day])

    horizon = _horizon(connection, day)
    with posting.stage("fold"):
        _fold(connection, day, horizon)
    run(connection, "ledger/accruals", day=day, run_no=posting.run_no)
    _append(connection, posting, since=_first_day(connection, day), horizon=horizon)
    with posting.stage("balances"):
        run(connection, "ledger/balances", horizon=horizon)
    run(connection, "ledger/fold/clear")
    connection.execute(
        "insert into ledger.days (business_date, last_run_no) values (%s, %s) on conflict (business_date) do update "
        "set last_run_at = now(), last_run_no = coalesce(excluded.last_run_no, ledger.days.last_run_no)",
        (day, posting.run_no if posting.is_sealed else None),
    )
    return posting


def board(connection: psycopg.Connection[Any]) -> list[Posting]:
    """Book the balances with which loans were boarded, a sealed run for each boarding date that lacks any."""
    days = connection.execute(
        "select distinct boarded_on from servicing.loans where loan_id <> 0 order by boarded_on"
    ).fetchall()
    postings = []
    for (day,) in days:
        posting = _begin(connection, day)
        run(connection, "ledger/fold/no_changes")
        run(connection, "ledger/boarding", day=day, run_no=posting.run_no)
        _append(connection, posting, since=day, horizon=day)
        run(connection, "ledger/fold/clear")
        postings.append(posting)
    return postings


def _begin(connection: psycopg.Connection[Any], day: date) -> Posting:
    connection.execute("select pg_advisory_xact_lock(%s)", (POSTING_LOCK,))
    # what is sorted and hashed is a day's rows; the default would spill each of them to disk
    connection.execute("set local work_mem = '256MB'")
    # a run reads whole days, in their order on disk; the server's setting is for look-ups
    connection.execute("set local random_page_cost = 4")
    connection.execute("set local maintenance_work_mem = '512MB'")
    # rows that come from another core cost little beside the work on them; the default supposes that they are dear
    connection.execute("set local parallel_tuple_cost = 0.005")
    last = connection.execute("select coalesce(max(run_no), 0) from ledger.seals").fetchone()
    assert last is not None
    return Posting(day, run_no=last[0] + 1)


def _horizon(connection: psycopg.Connection[Any], day: date) -> date:
    """The latest day that was ever posted, this one included: loans are folded up to there."""
    row = connection.execute("select greatest(max(business_date), %s) from ledger.days", (day,)).fetchone()
    assert row is not None
    return row[0]  # type: ignore[no-any-return]


def _fold(connection: psycopg.Connection[Any], day: date, horizon: date) -> None:
    """Fold the loans that something new of the day touches, leaving `wanted` and `wanted_fees`."""
    run(connection, "ledger/fold/receipts", day=day, horizon=horizon)
    connection.execute("analyze work.receipts")
    run(connection, "ledger/fold/touched", day=day)
    connection.execute("analyze work.touched")
    since = _first_day(connection, day)
    span = {"since": since, "horizon": horizon}
    run(connection, "ledger/fold/earlier_receipts", **span)
    run(connection, "ledger/fold/loans", since=since)
    run(connection, "ledger/fold/wind_back")
    connection.execute("analyze work.fold")
    run(connection, "ledger/fold/nsf", **span)
    run(connection, "ledger/fold/wanted")
    days = [row["day"] for row in query(connection, "ledger/fold/days", **span)]
    for today in days:
        _fold_day(connection, today, is_last=today == days[-1])
    connection.execute("analyze work.wanted")
    run(connection, "ledger/fold/differences", **span)
    connection.execute("analyze work.new_allocations")


def _fold_day(connection: psycopg.Connection[Any], today: date, *, is_last: bool) -> None:
    """One day of all loans being folded, in the order the rules give it."""
    run(connection, "ledger/fold/today", day=today)
    run(connection, "ledger/fold/release", day=today)
    run(connection, "ledger/fold/turns", day=today)
    row = connection.execute(
        "select coalesce(max(turn), 0) from work.receipts where effective_on = %s", (today,)
    ).fetchone()
    turns: int = row[0] if row else 0
    for turn in range(1, turns + 1):
        run(connection, "ledger/fold/waterfall", day=today, turn=turn)
        run(connection, "ledger/fold/after_turn", day=today, turn=turn)
        run(connection, "ledger/fold/release", day=today)
    run(connection, "ledger/fold/released", day=today)
    run(connection, "ledger/fold/late_fees", day=today)
    if not is_last:
        run(connection, "ledger/fold/next_day", day=today)


def _append(connection: psycopg.Connection[Any], posting: Posting, *, since: date, horizon: date) -> None:
    """Write what the fold found missing and what the book as a whole booked, and seal it."""
    day, run_no = posting.day, posting.run_no
    days = _days_of_changes(connection, day)
    with posting.stage("allocations"):
        posting.allocations = run(connection, "ledger/allocations", run_no=run_no)
        posting.fees = run(connection, "ledger/fees", run_no=run_no)
        add_rows(connection, "ledger.allocations", day, days)
    with posting.stage("entries"):
        posting.entries = run(connection, "ledger/entries", run_no=run_no)
        add_rows(connection, "ledger.entries", day, days)
    with posting.stage("events"):
        run(connection, "ledger/events", day=day, since=since, horizon=horizon, run_no=run_no)
        run(connection, "ledger/outbox")
        run(connection, "ledger/seals", day=day, run_no=run_no)
        row = connection.execute("select events from ledger.seals where run_no = %s", (run_no,)).fetchone()
        posting.events = row[0] if row else 0
        add_rows(connection, "ledger.events", day, days)
        add_rows(connection, "ledger.outbox", day, days)
    with posting.stage("indexes"):
        close_days(connection, LEDGER_TABLES, days)


def _first_day(connection: psycopg.Connection[Any], day: date) -> date:
    row = connection.execute("select coalesce(min(from_on), %s) from work.touched", (day,)).fetchone()
    assert row is not None
    return row[0]  # type: ignore[no-any-return]


def _days_of_news(connection: psycopg.Connection[Any], day: date) -> list[date]:
    """Value dates of the payments that the day brings news of."""
    rows = connection.execute(
        "select effective_on from ingestion.reversal_days where happened_on = %s", (day,)
    ).fetchall()
    return sorted({day, *(row[0] for row in rows)})


def _days_of_changes(connection: psycopg.Connection[Any], day: date) -> list[date]:
    rows = connection.execute(
        "select effective_on from work.new_allocations union select chain_on from work.new_allocations "
        "union select effective_on from work.new_fees"
    ).fetchall()
    return sorted({day, *(row[0] for row in rows)})
