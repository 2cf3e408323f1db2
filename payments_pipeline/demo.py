"""The demo: a small world, run through the graph as a servicer would live it.

First a week, day by day; then the days after it, which bring what was late; then the days again that it was late for, so
that the variances it had caused are healed. Everything is where it stays: a second start finds what is done and goes on
from there, and so does one after the first was killed.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from payments_pipeline.bank import Bank
from payments_pipeline.edge import free_port, start_edge
from payments_pipeline.errors import PaymentsError
from payments_pipeline.ledger.conversion import convert
from payments_pipeline.ledger.posting import POSTING_LOCK, board
from payments_pipeline.locks import FileLock
from payments_pipeline.money import plain
from payments_pipeline.operations.laws import LAWS, check_all
from payments_pipeline.operations.requests import DueDay, due_days
from payments_pipeline.paths import make_open_folder
from payments_pipeline.postgres.connect import Database, open_database
from payments_pipeline.postgres.locks import hold
from payments_pipeline.postgres.migrate import migrate
from payments_pipeline.postgres.run import query
from payments_pipeline.reference_data import load_reference_data
from payments_pipeline.reporting.form_1098 import KIND
from payments_pipeline.reporting.lifecycle import find_reports
from payments_pipeline.rules.calendar import business_date
from payments_pipeline.settings import Settings, begin
from payments_pipeline.supervise import Supervisor, uninterrupted
from payments_pipeline.world import Manifest, World, generate, is_there, read_manifest
from payments_pipeline.world.load import load_portfolio

if TYPE_CHECKING:
    from payments_pipeline.runs import Runner

LOANS: Final = 2_000
SEED: Final = 8  # a world in which some variances heal when late payments arrive, and some stay
DAYS: Final = 10
WEEK: Final = 7
NOISE: Final = 2.0
HISTORY_YEARS: Final = 1  # a whole tax year, and what there is of the current one

_STARTED_BY: Final = "demo"
_ROUNDS: Final = 5  # each round of late arrivals settles what it finds; two have always been enough


class DemoError(PaymentsError):
    """The demo cannot be shown here."""


@click.command()
def demo() -> None:
    """Run a small world through the whole pipeline and print what became of it.

    Does the work of `payments up` without its UI. A second run finds everything done and changes nothing; one that was
    killed goes on where it stopped.
    """
    settings = begin()
    console = Console()
    if settings.column_url is not None:
        raise DemoError(
            "PAYMENTS_COLUMN_URL names a bank, and the demo's world is played by a local one",
            "unset it and PAYMENTS_COLUMN_API_KEY for the demo, or use another PAYMENTS_HOME.",
        )
    with _alone(settings):
        database = _open(settings)
        manifest = _board_the_book(settings, database, console)
        ran = _run(settings, database, manifest.first_day, manifest.last_day, console)
        if not ran:
            console.print(
                "Every day of the demo world has been run: nothing was left to do, and nothing was changed.",
                soft_wrap=True,
            )
        _show_days(console, database, manifest)
        _show_laws(console, database)


def load_demo_if_empty(settings: Settings, database: Database, supervisor: Supervisor) -> Bank | None:
    """Start what stands between us and the outside, and see to it that there is something to look at.

    A database that holds no book gets the demo's, and its first week is run; the days after it are the user's. A week that
    was interrupted is finished. A book that is not the demo's, or that has a real bank, is boarded and otherwise left alone.
    """
    console = Console()
    with _alone(settings):
        with database.connect() as connection:
            is_another = settings.column_url is not None or (
                bool(_loans(connection)) and not _is_ours(connection, _world(settings))
            )
            if is_another:
                _follow_the_book(connection)
        if is_another:
            return start_edge(supervisor, settings, None)
        manifest = _board_the_book(settings, database, console)
        first = manifest.first_day
        bank = start_edge(supervisor, settings, _world(settings))
        _run_with(settings, database, bank, first, first + timedelta(days=WEEK - 1), console)
        return bank


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    make_open_folder(settings.home)
    lock = FileLock(settings.home / "demo.lock")
    try:
        if not lock.try_claim():
            raise DemoError("another command is just filling the demo world", "wait for it to end, and try again.")
        yield
    finally:
        lock.close()


def _open(settings: Settings) -> Database:
    database = open_database(settings)
    migrate(database)
    return database


# The book ---------------------------------------------------------------------------------------------------------------


def _world(settings: Settings) -> Path:
    return settings.home / "world"


def _board_the_book(settings: Settings, database: Database, console: Console) -> Manifest:
    """The demo's world, generated, loaded and boarded; each only where it has not been."""
    folder = _world(settings)
    with database.connect(application_name="payments demo") as connection:
        is_empty = _loans(connection) == 0
        if not is_empty and not _is_ours(connection, folder):
            raise DemoError(
                f"{database} holds a book that is not the demo's",
                "use another database, or another PAYMENTS_HOME, for the demo.",
            )
        if not is_there(folder):
            console.print(f"making a world of {LOANS:,} loans and {DAYS} days", soft_wrap=True)
            world = World(
                loans=LOANS,
                seed=SEED,
                first_day=settings.first_day,
                days=DAYS,
                noise=NOISE,
                history_years=HISTORY_YEARS,
            )
            generate(world, folder, overwrite=True)
        if is_empty:
            console.print("loading the book", soft_wrap=True)
            load_portfolio(connection, folder)
        _follow_the_book(connection)
    return read_manifest(folder)


def _follow_the_book(connection: Any) -> None:
    """What follows from the loans that are there, whoever put them there: each adds only what is missing.

    No day is posted meanwhile: it would be posted without loans that are new, and not ask to be run again.
    """
    hold(connection, POSTING_LOCK)
    load_reference_data(connection)
    convert(connection)
    board(connection)


def _loans(connection: Any) -> int:
    return int(query(connection, "servicing/count_loans")[0]["loans"])


def _is_ours(connection: Any, folder: Path) -> bool:
    """Whether the book is that of the world in the folder: as many loans, boarded on its eve."""
    if not is_there(folder):
        return False
    world = read_manifest(folder).world
    found = query(connection, "servicing/count_loans")[0]
    return bool(found["loans"] == world.loans and found["boarded_on"] == world.boarded_on)


# The runs ---------------------------------------------------------------------------------------------------------------


def _run(settings: Settings, database: Database, first: date, last: date, console: Console) -> bool:
    """Run the days, with a bank and a webhook service that are there only for that; tells whether there were any."""
    with database.connect() as connection:
        if not _not_run(connection, first, last) and not _waiting(connection, first, last):
            return False
    ports = {"webhook_port": free_port(), "bank_port": free_port()}
    settings = settings.model_copy(update=ports)
    supervisor = Supervisor(settings.home / "logs")
    try:
        console.print("opening the local bank and the webhook service", soft_wrap=True)
        bank = start_edge(supervisor, settings, _world(settings))
        return _run_with(settings, database, bank, first, last, console)
    finally:
        with uninterrupted():
            supervisor.stop_all()


def _run_with(
    settings: Settings, database: Database, bank: Bank | None, first: date, last: date, console: Console
) -> bool:
    """Run the days that have not been run, and again those that ask for it; tells whether there were any."""
    with database.connect() as connection:
        missing = _not_run(connection, first, last)
        waiting = _waiting(connection, first, last)
    if not missing and not waiting:
        return False
    console.print("starting Dagster, dbt and Great Expectations", soft_wrap=True)
    from payments_pipeline.runs import runner

    with _bars(console) as bars, runner(settings, database, bank, _STARTED_BY, bars.on_day) as runs:
        runs.close_abandoned_runs()
        for start, end in _stages(missing, first):
            bars.begin(f"{start} to {end}", (end - start).days + 1, runs)
            runs.run_days(start, end)
        for _ in range(_ROUNDS):
            with database.connect() as connection:
                waiting = _waiting(connection, first, last)
            if not waiting:
                break
            # One run over all of them and the days after them, which a late payment may change.
            start = min(due.day for due in waiting)
            bars.begin(f"{start} to {last} again, for what came late", (last - start).days + 1, runs)
            runs.run_days(start, last)
        bars.begin("audit", 0, runs)
        runs.run("audit_the_books", {}, "the audit")
        if (year := str(first.year - 1)) in runs.tax_years and not _is_reported(database, year):
            bars.begin(f"Form 1098 of {year}", 0, runs)
            runs.run("report_the_tax_year", {"dagster/partition": year}, f"Form 1098 of {year}")
    return True


def _is_reported(database: Database, year: str) -> bool:
    """Whether there is a report of the year, or the books begin after it."""
    with database.connect("compliance") as connection:
        begins_on: date = query(connection, "reporting/form_1098_horizon")[0]["begins_on"]
        return begins_on.year > int(year) or bool(find_reports(connection, KIND, year))


def _not_run(connection: Any, first: date, last: date) -> list[date]:
    known = {row["business_date"] for row in query(connection, "ledger/days_posted", first=first, last=last)}
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [day for day in days if day not in known]


def _waiting(connection: Any, first: date, last: date) -> list[DueDay]:
    today = business_date(datetime.now(UTC))
    return [due for due in due_days(connection, first, today) if due.day <= last]


def _stages(missing: Sequence[date], first: date) -> list[tuple[date, date]]:
    """The days that are missing, as ranges that end with the first week or with the world.

    The second must not begin before the first is over: what is late for the week arrives in it.
    """
    week = [day for day in missing if day < first + timedelta(days=WEEK)]
    rest = [day for day in missing if day not in week]
    return [(days[0], days[-1]) for days in (week, rest) if days]


class _Bars:
    """A bar for each run; it moves on whenever a step has done a day."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None

    def begin(self, what: str, days: int, runs: "Runner") -> None:
        self.end()
        total = days * runs.steps("close_the_day") or None
        self._task = self._progress.add_task(what, total=total, step="")

    def on_day(self, step: str, day: date) -> None:
        if self._task is not None:
            self._progress.update(self._task, advance=1, step=f"{step} {day}")

    def end(self) -> None:
        if self._task is not None:
            done = self._progress.tasks[self._task].total or 1
            self._progress.update(self._task, total=done, completed=done, step="")


@contextmanager
def _bars(console: Console) -> Iterator[_Bars]:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[step]}"),
    )
    # stdout is dbt's while a run lasts; the bars have the console's own
    with Progress(*columns, console=console, redirect_stdout=False, redirect_stderr=False) as progress:
        bars = _Bars(progress)
        yield bars
        bars.end()


# The summary ------------------------------------------------------------------------------------------------------------

_COLUMNS: Final[tuple[tuple[str, Callable[[dict[str, Any]], str]], ...]] = (
    ("rows", lambda day: f"{day['received']:,}"),
    ("dup.", lambda day: f"{day['duplicates']:,}"),
    ("rej.", lambda day: f"{day['rejected']:,}"),
    ("paid", lambda day: f"{day['payments']:,}"),
    ("posted $", lambda day: plain(day["posted_cents"])),
    ("fees $", lambda day: plain(day["fees_cents"])),
    ("at variance", lambda day: day["at_variance"] or ("-" if day["rails"] else "no bank day")),
    ("open", lambda day: f"{day['open_cases']:,}"),
    ("done", lambda day: f"{day['resolved_cases']:,}"),
)
_MEANING: Final = (
    "rows received, duplicates and rejected; payments of the day;",
    "rails on which bank and books differ; cases open, and done with",
)


def _show_days(console: Console, database: Database, manifest: Manifest) -> None:
    with database.connect() as connection:
        days = query(connection, "operations/days_at_a_glance", first=manifest.first_day, last=manifest.last_day)
    table = Table(title="What became of each day", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column(f"{manifest.first_day.year}", no_wrap=True)
    for name, _ in _COLUMNS:
        is_text = name == "at variance"
        table.add_column(
            name, justify="left" if is_text else "right", no_wrap=not is_text, min_width=11 if is_text else None
        )
    for day in days:
        table.add_row(f"{day['business_date']:%m-%d %a}", *(show(day) for _, show in _COLUMNS))
    console.print(table, *_MEANING, sep="\n", soft_wrap=True)


def _show_laws(console: Console, database: Database) -> None:
    with database.connect() as connection:
        results = check_all(connection)
    broken = [result for result in results if not result.holds]
    if broken:
        raise DemoError(
            "broken: " + ", ".join(result.checked.name for result in broken), "payments verify names each violation."
        )
    console.print(
        f"All {len(LAWS)} laws hold: {len(results)} properties, checked over the whole database.",
        soft_wrap=True,
    )
    with database.connect("compliance") as connection:
        for each in find_reports(connection, KIND):
            console.print(
                f"Form 1098 of {each.period}: {each.status}; `payments report status` lists its files.", soft_wrap=True
            )
    console.print(
        "Next: `payments up` for the same in the Dagster UI, `payments verify` for the laws one by one.",
        soft_wrap=True,
    )
