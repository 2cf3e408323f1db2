"""Posting: what the folds of the loans want, less what the ledger holds, appended in one transaction.

The statements are in `sql/payments` and `sql/ledger`; this module only says in which order they run. The rules they
follow are those of the fold: a loan's state is a function of its charges and live receipts in effective order, so a
day may be run twice, late, or out of turn, and the ledger ends the same.

A run has two parts. First it works out what is missing: since a loan's fold depends on no other loan, that may be shared
among connections, each with a range of loans, and what they find lies in the schema `work` only. Then the transaction of
the run takes all of it into the ledger at once, seals it, and makes the running totals follow. Whatever fails, and
whenever, the ledger is as it was, and the next run begins by clearing the schema `work`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from queue import Empty, SimpleQueue
from time import perf_counter
from typing import Any, Final, cast

import psycopg

from payments_pipeline.postgres.connect import Database
from payments_pipeline.postgres.days import add_rows, close_days, close_rows, drop_rows, open_rows
from payments_pipeline.postgres.locks import hold, hold_together, wait_for
from payments_pipeline.postgres.run import query, run

POSTING_LOCK: Final = "ledger.seals"
"""Seals form one chain, so runs that add facts take their turns."""

WORK_LOCK: Final = "ledger.work"
"""Shared by the helpers of a run. The posting lock is gone with the run's own connection, and its helpers may live on for
a while: the next run must not make room for its own rows, under the same names, before they have ended."""

LEDGER_TABLES: Final = ("ledger.events", "ledger.entries", "ledger.allocations")
TABLES: Final = (*LEDGER_TABLES, "payments.payments", "payments.transitions")
"""What a run adds to by day, what takes longest first: their keys are built in this order."""

SHARED_FROM: Final = 50_000
"""Words about a day's payments from which on two connections share the work; below, one is done before two are opened."""

_LAST_LOAN: Final = 2**63 - 1

Connection = psycopg.Connection[Any]


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
    is_shared: bool = False
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

    def take_in(self, other: "Posting") -> None:
        """Add what was worked out at the same time for other loans; the slower of two is what the stages took."""
        for added in ("payments", "transitions", "allocations", "fees", "entries"):
            setattr(self, added, getattr(self, added) + getattr(other, added))
        if sum(other.seconds.values()) > sum(self.seconds.values()):
            self.seconds = dict(other.seconds)


@dataclass(frozen=True)
class _Share:
    """A range of loans, and the connection that works it out."""

    connection: Connection
    posting: Posting
    """What it adds, and how long it takes."""
    first_loan: int = 0
    last_loan: int = _LAST_LOAN

    @property
    def loans(self) -> dict[str, int]:
        """The range, as the statements name it."""
        return {"first_loan": self.first_loan, "last_loan": self.last_loan}


def post_day(
    connection: Connection, day: date, database: Database | None = None, *, shared_from: int = SHARED_FROM
) -> Posting:
    """Post all that has been ingested for this day and is unposted, and what changes by it on later days.

    Runs in the connection's transaction, which the caller commits: payments, allocations, entries, events
    and seal become visible together or not at all.

    Given the database, a large day is worked out by two further connections, which see what is committed and nothing
    that the caller has written in this transaction.
    """
    posting = begin(connection, day)
    horizon = _horizon(connection, day)
    with _shares(connection, posting, database, shared_from) as shares:
        helpers = [share.connection for share in shares if share.connection is not connection]
        posting.is_shared = bool(helpers)
        _open_work((helpers or [connection])[0], day, by_many=bool(helpers))
        _begin_together(helpers)
        _at_once(
            (share.connection, partial(_work_out, share, day, horizon, is_helper=bool(helpers))) for share in shares
        )
        for share in shares:
            posting.take_in(share.posting)
        with posting.stage("seal, running totals, keys"):
            _seal_and_close(connection, posting, helpers)
    _take_over(connection, posting, TABLES)
    run(connection, "ledger/days", day=day)
    return posting


def board(connection: Connection) -> list[Posting]:
    """Book the balances with which loans were boarded, and seal their terms and statuses: a run for each boarding date
    that lacks any.
    """
    days = connection.execute(
        "select distinct boarded_on from servicing.loans where loan_id <> 0 order by boarded_on"
    ).fetchall()
    postings = []
    for (day,) in days:
        posting = begin(connection, day)
        _open_work(connection, day, by_many=False)
        share = _Share(connection, posting)
        run(connection, "ledger/fold/no_changes")
        run(connection, "ledger/boarding", day=day, run_no=posting.run_no)
        _tell_statuses(share, day, since=date.min)
        run(connection, "ledger/terms", day=day)
        _append(share, day, since=day, horizon=day)
        run(connection, "ledger/fold/clear")
        _seal_and_close(connection, posting, [])
        _take_over(connection, posting, LEDGER_TABLES)
        postings.append(posting)
    return postings


def begin(connection: Connection, day: date) -> Posting:
    """The next run. Runs that add facts take their turns, so this waits for the one before to be committed."""
    hold(connection, POSTING_LOCK)
    wait_for(connection, WORK_LOCK)
    _set_up(connection)
    return Posting(day, run_no=_value(connection, "select coalesce(max(run_no), 0) + 1 from ledger.seals"))


def _set_up(connection: Connection) -> None:
    # what is sorted and hashed is a day's rows; the default would spill each of them to disk
    connection.execute("set local work_mem = '256MB'")
    # a run reads whole days, in their order on disk; the server's setting is for look-ups
    connection.execute("set local random_page_cost = 4")
    connection.execute("set local maintenance_work_mem = '512MB'")


def _horizon(connection: Connection, day: date) -> date:
    """The latest day that was ever posted, this one included: loans are folded up to there."""
    return cast(date, _value(connection, "select greatest(max(business_date), %s) from ledger.days", day))


@contextmanager
def _shares(
    connection: Connection, posting: Posting, database: Database | None, shared_from: int
) -> Iterator[list[_Share]]:
    """Who works out what: two helpers a half of the words about the day each, or the run's own connection all of it."""
    split = _split(database, posting.day, shared_from) if database else None
    if database is None or split is None:
        yield [_Share(connection, Posting(posting.day, posting.run_no))]
        return
    with ExitStack() as stack:
        shares = [
            _Share(
                stack.enter_context(database.connect(application_name=f"posting {posting.day}, loans from {first}")),
                Posting(posting.day, posting.run_no),
                first,
                last,
            )
            for first, last in ((0, split - 1), (split, _LAST_LOAN))
        ]
        for each in shares:
            hold_together(each.connection, WORK_LOCK)
        connection.execute("select")  # still there, and so the next run still has to wait for this one or its helpers
        yield shares


def _split(database: Database, day: date, shared_from: int) -> int | None:
    """The loan in the middle of the words about a large day; none if the day is small.

    Asked on a connection of its own. What the run's own has read it keeps locked until the end, and it waits for its
    helpers: if they waited for whoever gives that day its key, who waits for the run, the server would see no circle.
    """
    with database.connect() as connection:
        words, middle = connection.execute(
            "select count(*), percentile_disc(0.5) within group (order by loan_id) "
            "from ingestion.payment_ingestions where effective_on = %s",
            (day,),
        ).fetchall()[0]
    return middle if words >= shared_from and middle else None


def _open_work(connection: Connection, day: date, *, by_many: bool) -> None:
    run(connection, "ledger/open_work")
    open_rows(connection, TABLES, day, by_many=by_many)


def _begin_together(helpers: Sequence[Connection]) -> None:
    """Let all helpers see the same: what was committed at this moment, and nothing of each other's work."""
    for number, helper in enumerate(helpers):
        helper.commit()
        helper.execute("set transaction isolation level repeatable read")
        if number == 0:
            snapshot = _value(helper, "select pg_export_snapshot()")
        else:
            helper.execute("set transaction snapshot %s", (snapshot,))
        _set_up(helper)
        # its half of a large day, in its temporary tables
        helper.execute("set local temp_buffers = '512MB'")
        # the other core has its own work
        helper.execute("set local max_parallel_workers_per_gather = 0")


def _seal_and_close(connection: Connection, posting: Posting, helpers: Sequence[Connection]) -> None:
    """Seal what was worked out and make the running totals follow, while the helpers build the keys of the new day."""
    waiting: SimpleQueue[str] = SimpleQueue()
    for table in TABLES:
        waiting.put(table)

    def close(helper: Connection) -> None:
        with suppress(Empty):
            while True:
                close_rows(helper, waiting.get_nowait(), posting.day)
                helper.commit()

    def seal() -> None:
        run(connection, "ledger/seals", day=posting.day, run_no=posting.run_no)
        posting.events = _value(
            connection, "select coalesce(sum(events), 0)::bigint from ledger.seals where run_no = %s", posting.run_no
        )
        connection.execute("analyze work.totals")
        run(connection, "ledger/balances")

    _at_once([*((helper, partial(close, helper)) for helper in helpers), (connection, seal)])


def _take_over(connection: Connection, posting: Posting, tables: Sequence[str]) -> None:
    """What was worked out becomes part of the ledger."""
    with posting.stage("take over"):
        run(connection, "ledger/close_work")
        for table in TABLES:
            if table in tables:
                others = add_rows(connection, table, posting.day)
                close_days(connection, [table], {posting.day, *others})
            else:
                drop_rows(connection, table)


def _at_once(tasks: Iterable[tuple[Connection, Callable[[], None]]]) -> None:
    """Do these things at the same time, each on its own connection; the first failure ends the others, and is raised."""
    tasks = list(tasks)
    if len(tasks) == 1:
        tasks[0][1]()
        return
    with ThreadPoolExecutor(len(tasks)) as threads:
        running = {threads.submit(task): connection for connection, task in tasks}
        try:
            done, _ = wait(running, return_when=FIRST_EXCEPTION)
            for future in done:
                future.result()
        finally:
            for future, connection in running.items():
                if not future.done():
                    connection.cancel()


def _work_out(share: _Share, day: date, horizon: date, *, is_helper: bool) -> None:
    """Work out what is missing of these loans, into the schema `work`.

    A helper commits at once: what it has read, the other may be waiting for.
    """
    connection, posting, loans = share.connection, share.posting, share.loans
    # how many rows there are decides the plans; looking closer at each table cost a tenth of all the work
    connection.execute("set local default_statistics_target = 10")
    with posting.stage("payments"):
        posting.payments = run(connection, "payments/payments", day=day, **loans)
        news = _days_of_news(connection, day)
        posting.transitions = run(connection, "payments/transitions", day=day, value_dates=news, **loans)
        run(connection, "payments/reversals", day=day, value_dates=news, **loans)
    with posting.stage("fold"):
        since = _fold(share, day, horizon)
    run(connection, "ledger/accruals", day=day, run_no=posting.run_no, **loans)
    _tell_statuses(share, day, since=day)
    _append(share, day, since=since, horizon=horizon)
    with posting.stage("balances"):
        run(connection, "ledger/totals", horizon=horizon)
    run(connection, "ledger/fold/clear")
    connection.execute("set local default_statistics_target to default")
    if is_helper:
        connection.commit()


def _fold(share: _Share, day: date, horizon: date) -> date:
    """Fold the loans that something new of the day touches, leaving what is missing of them in `new_allocations` and
    `new_fees`; returns the first day of any fold.
    """
    connection, loans = share.connection, share.loans
    run(connection, "ledger/fold/reversals")
    run(connection, "ledger/fold/receipts", day=day, horizon=horizon, **loans)
    connection.execute("analyze pg_temp.receipts")
    run(connection, "ledger/fold/touched", day=day, value_dates=_value_dates(connection, day), **loans)
    connection.execute("analyze pg_temp.touched")
    since = cast(date, _value(connection, "select coalesce(min(from_on), %s) from pg_temp.touched", day))
    span = {"since": since, "horizon": horizon}
    run(connection, "ledger/fold/learned", **span)
    run(connection, "ledger/fold/standing", day=day, **span)
    connection.execute("analyze pg_temp.standing")
    run(connection, "ledger/fold/earlier_receipts", **span)
    run(connection, "ledger/fold/earliest", **span)
    run(connection, "ledger/fold/loans", since=since, **loans)
    run(connection, "ledger/fold/wind_back")
    connection.execute("analyze pg_temp.fold")
    run(connection, "ledger/fold/nsf", **span)
    run(connection, "ledger/fold/wanted")
    days = [row["day"] for row in query(connection, "ledger/fold/days", **span)]
    for today in days:
        _fold_day(connection, today, is_last=today == days[-1])
    connection.execute("analyze pg_temp.wanted")
    run(connection, "ledger/fold/differences", **span)
    run(connection, "ledger/fold/fee_differences", **span)
    connection.execute("analyze pg_temp.new_allocations")
    return since


def _fold_day(connection: Connection, today: date, *, is_last: bool) -> None:
    """One day of all loans being folded, in the order the rules give it."""
    run(connection, "ledger/fold/today", day=today)
    run(connection, "ledger/fold/release", day=today)
    run(connection, "ledger/fold/turns", day=today)
    turns = _value(connection, "select coalesce(max(turn), 0) from pg_temp.receipts where effective_on = %s", today)
    for turn in range(1, turns + 1):
        run(connection, "ledger/fold/waterfall", day=today, turn=turn)
        run(connection, "ledger/fold/after_turn", day=today, turn=turn)
        run(connection, "ledger/fold/release", day=today)
    run(connection, "ledger/fold/released", day=today)
    run(connection, "ledger/fold/late_fees", day=today)
    if not is_last:
        run(connection, "ledger/fold/next_day", day=today)


def _tell_statuses(share: _Share, day: date, *, since: date) -> None:
    """Find the statuses that the run tells of and that no run has told."""
    connection = share.connection
    run(connection, "ledger/told", day=day, since=since, **share.loans)
    rows = connection.execute("select distinct effective_on from pg_temp.told").fetchall()
    run(connection, "ledger/told_before", days=[row[0] for row in rows])


def _append(share: _Share, day: date, *, since: date, horizon: date) -> None:
    """Write what the fold found missing and what the book as a whole booked, and the heads of its chains."""
    connection, posting = share.connection, share.posting
    with posting.stage("allocations"):
        posting.allocations = run(connection, "ledger/allocations", run_no=posting.run_no)
        posting.fees = run(connection, "ledger/fees", run_no=posting.run_no)
    with posting.stage("entries"):
        posting.entries = run(connection, "ledger/entries", run_no=posting.run_no)
        run(connection, "ledger/turnover")
    with posting.stage("events"):
        span = {"since": since, "horizon": horizon}
        run(connection, "ledger/events", day=day, run_no=posting.run_no, **span)
        run(connection, "ledger/heads", first_loan=share.first_loan)


def _value_dates(connection: Connection, day: date) -> list[date]:
    """Value dates of the payments that went back on the day."""
    rows = connection.execute("select distinct effective_on from pg_temp.reversals where happened_on = %s", (day,))
    return sorted(row[0] for row in rows)


def _days_of_news(connection: Connection, day: date) -> list[date]:
    """Value dates of the payments that the day brings news of."""
    rows = connection.execute(
        "select effective_on from ingestion.reversal_days where happened_on = %s", (day,)
    ).fetchall()
    return sorted({day, *(row[0] for row in rows)})


def _value(connection: Connection, statement: str, *parameters: object) -> Any:
    """The one value that the statement gives."""
    row = connection.execute(statement.encode(), parameters).fetchone()
    assert row is not None
    return row[0]
