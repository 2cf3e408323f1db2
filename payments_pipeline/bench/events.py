"""A million of the bank's events from the client to staged rows, beside what the bank's server can send.

The local bank runs as a process of its own, on the same cores, and plays a day of a large book. How fast its pages can be
read when nothing is done with them, how fast events are staged when they are in memory already, and how fast both go
together, as the sensor does it; then reading and polling again from a bank that takes its time for each page, as one does
that is elsewhere.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql
from rich.console import Console
from rich.table import Table

from payments_pipeline.bench.databases import scratch
from payments_pipeline.bench.processes import cpu_seconds
from payments_pipeline.column.client import PAGE_SIZE, ColumnClient, Page
from payments_pipeline.column.events import RawEvent
from payments_pipeline.column.local.control import LocalBank
from payments_pipeline.edge import free_port, is_open
from payments_pipeline.ingestion.column_events import stage_events
from payments_pipeline.ingestion.ingest import ingest_pending
from payments_pipeline.ingestion.poll import POLLED_URI, SOURCE, poll_events
from payments_pipeline.paths import PROJECT_ROOT, make_open_folder
from payments_pipeline.postgres.connect import Database, open_database
from payments_pipeline.postgres.migrate import migrate
from payments_pipeline.reference_data import load_reference_data
from payments_pipeline.settings import Settings
from payments_pipeline.supervise import Child, Supervisor
from payments_pipeline.world import World, generate, is_there
from payments_pipeline.world.load import load_portfolio

DAY: Final = date(2026, 7, 1)
EVENTS_PER_PAYMENT: Final = 2.4
LOANS_PER_PAYMENT: Final = 2
STAGED_AT_ONCE: Final = 10_000

_SAMPLED: Final = 60_000

Connection = psycopg.Connection[Any]

_PROCESSES: Final = ("bank", "client", "database")
_DATABASE: Final = "bench_events"
_START_SECONDS: Final = 600
_SLOW_PAGE_MS: Final = (10, 30)
_SLOW_PAGES: Final = 2_000
"""As many as are read of a bank that takes its time: all would only take longer."""

_STAGED_INTO: Final = (
    "staged",
    "bank_events",
    "batches",
    "staging_process_log",
    "rejects",
    "transfers",
    "waiting_events",
    "unknown_events",
    "cursors",
)

console = Console()


def measure_events(settings: Settings, events: int) -> None:
    """Measures reading, staging and both, and prints them."""
    payments = int(events / EVENTS_PER_PAYMENT)
    folder = settings.home / "bench" / f"events-{payments}"
    world = World(
        loans=LOANS_PER_PAYMENT * payments, first_day=DAY, days=1, peak_day=DAY, peak_payments=payments, seed=1
    )
    if not is_there(folder):
        console.print(f"generating a world of {payments:,} payments, once, in {folder}", highlight=False)
        generate(world, folder, overwrite=True)
    after = datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC) + timedelta(days=20)
    table = Table(
        "", "events", "seconds", "events /s", *_PROCESSES, title="The bank's events, and seconds of processor"
    )
    with ExitStack() as stack:
        bank, running = stack.enter_context(_bank(settings, folder))
        database = stack.enter_context(_database(settings, folder))
        connection = stack.enter_context(database.connect())
        client = stack.enter_context(bank.client())
        bank.move_clock(after)
        processes = (running.process.pid, os.getpid(), connection.info.backend_pid)

        def timed(name: str, work: Iterator[int]) -> None:
            started, before = time.perf_counter(), [cpu_seconds(pid) for pid in processes]
            count = sum(work)
            seconds = time.perf_counter() - started
            used = [cpu_seconds(pid) - spent for pid, spent in zip(processes, before, strict=True)]
            table.add_row(
                name, f"{count:,}", f"{seconds:.1f}", f"{count / seconds:,.0f}", *(f"{spent:.1f}" for spent in used)
            )

        timed("read, and nothing done with them", _read(client))
        timed("staged, from memory", _stage(connection, _sample(client), after))
        _forget(database)
        timed("polled: read and staged", _poll(connection, client, after))
        timed("taken up", _take_up(connection))
        _forget(database)
        timed("polled again, the server's memory in use", _poll(connection, client, after))
        for milliseconds in _SLOW_PAGE_MS:
            bank.set_faults(f"slow=1:{milliseconds / 1000}s")
            timed(f"{milliseconds} ms a page: read, and nothing done with them", _read(client, _SLOW_PAGES))
            _forget(database)
            timed(f"{milliseconds} ms a page: polled", _poll(connection, client, after, _SLOW_PAGES))
    console.print(table)


def _read(client: ColumnClient, most: int | None = None) -> Iterator[int]:
    """How many events each page has, from the newest back."""
    return (len(page.items) for page in islice(_pages(client), most))


def _sample(client: ColumnClient) -> list[RawEvent]:
    pages = islice(_pages(client), _SAMPLED // PAGE_SIZE)
    return [event for page in pages for event in page.items]


def _pages(client: ColumnClient) -> Iterator[Page]:
    before: str | None = None
    while True:
        page = client.events(before=before)
        yield page
        if not page.has_more:
            return
        before = page.items[-1].id


def _stage(connection: Connection, events: list[RawEvent], received_at: datetime) -> Iterator[int]:
    for first in range(0, len(events), STAGED_AT_ONCE):
        some = events[first : first + STAGED_AT_ONCE]
        yield stage_events(connection, some, source=SOURCE, uri=POLLED_URI, received_at=received_at).new
        connection.commit()


def _poll(
    connection: Connection, client: ColumnClient, received_at: datetime, most: int | None = None
) -> Iterator[int]:
    since = DAY - timedelta(days=5)
    yield poll_events(connection, client, received_at=received_at, since=since, max_pages=most, sweeps=()).new


def _take_up(connection: Connection) -> Iterator[int]:
    yield sum(report.received for report in ingest_pending(connection))


def _forget(database: Database) -> None:
    """Takes back what was staged, so that all of it is new again."""
    with database.connect("owner") as owner:
        for table in _STAGED_INTO:
            owner.execute(sql.SQL("truncate {}").format(sql.Identifier("ingestion", table)))


@contextmanager
def _database(settings: Settings, world: Path) -> Iterator[Database]:
    """A database with the book of the world, dropped afterwards."""
    with scratch(open_database(settings), _DATABASE) as database:
        migrate(database)
        with database.connect("owner") as owner:
            load_portfolio(owner, world)
            load_reference_data(owner)
        with database.connect("owner", autocommit=True) as owner:
            owner.execute("vacuum analyze")  # as a server in service has long done by itself
        yield database


@contextmanager
def _bank(settings: Settings, world: Path) -> Iterator[tuple[LocalBank, Child]]:
    """The local bank, as a process with a home of its own: the clock of a demo is left alone."""
    home = settings.home / "bench" / "bank"
    make_open_folder(home)
    port = free_port()
    bank = LocalBank(f"http://127.0.0.1:{port}")
    supervisor = Supervisor(home / "logs")
    try:
        running = supervisor.start(
            "bank",
            [Path(sys.executable).parent / "payments", "bank", "serve", "--world", world, "--port", str(port)],
            cwd=PROJECT_ROOT,
            environ=os.environ | settings.as_environ() | {"PAYMENTS_HOME": str(home)},
        )
        supervisor.wait_until(lambda: is_open(bank), running, _START_SECONDS)
        yield bank, running
    finally:
        supervisor.stop_all()
