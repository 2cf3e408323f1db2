"""The command `payments ingest`."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from payments_pipeline.bank import inbox_of
from payments_pipeline.commands.dates import DAY
from payments_pipeline.errors import PaymentsError
from payments_pipeline.ingestion.border import Staged, load_files
from payments_pipeline.ingestion.deliveries import deliveries, delivery_of
from payments_pipeline.ingestion.ingest import BatchReport, ingest_pending
from payments_pipeline.postgres.connect import open_database
from payments_pipeline.settings import begin
from payments_pipeline.words import counted

_BATCHES_SHOWN: Final = 40
_SHOW_REJECTED: Final = (
    'payments db psql -c "select summary from operations.exception_cases'
    " where category = 'rejected_row' and state = 'open'\""
)


class RefusedFilesError(PaymentsError):
    """Files that were not taken in."""


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path), required=False)
@click.option("--through", type=DAY, help="Only what arrived up to this day.")
def ingest(path: Path | None, through: date | None) -> None:
    """Take in what has arrived: a folder with arrivals/<day>/<source>.csv, or one CSV file.

    Without PATH: the inbox of PAYMENTS_HOME. What was taken in before is left alone, so it is safe to repeat. Rows that
    are rejected become exception cases, and hold nothing up.
    """
    settings = begin()
    path = path or inbox_of(settings)
    files = [delivery_of(path)] if path.is_file() else list(deliveries(path, through or date.max))
    with _bars() as bars, open_database(settings).connect(application_name="payments ingest") as connection:
        staged = load_files(connection, bars.track(files, description="reading files"))
        task = bars.add_task("taking up batches", total=None)
        reports = ingest_pending(connection, lambda done, total: bars.update(task, completed=done, total=total))
        bars.update(task, completed=len(reports), total=len(reports))
    _report(reports, staged, len(files))


@contextmanager
def _bars() -> Iterator[Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        yield bars


def _report(reports: list[BatchReport], staged: list[Staged], files: int) -> None:
    if reports:
        Console().print(_table(reports))
    click.echo(f"{counted(files, 'file')}: {len(staged)} new, {files - len(staged)} taken in before.")
    if rejected := sum(report.errors for report in reports):
        click.echo(f"rows rejected: {rejected}; each has a case that says what is wrong with it:\n  {_SHOW_REJECTED}")
    if refused := [one.refusal for one in staged if one.refusal]:
        raise RefusedFilesError(
            f"{counted(len(refused), 'file was', 'files were')} refused:\n  " + "\n  ".join(refused),
            "their cases in operations.exception_cases (category artifact) say what to do; nothing of them was stored.",
        )


def _table(reports: list[BatchReport]) -> Table:
    """A line for each batch, or for each day where there are many."""
    by_batch = len(reports) <= _BATCHES_SHOWN
    table = Table("received on", "file" if by_batch else "files", title="Batches", show_footer=True)
    for name in _FIGURES:
        table.add_column(name, justify="right", footer=_figure(reports, name))
    for day in sorted({report.booked_on for report in reports}):
        of_day = [report for report in reports if report.booked_on == day]
        for label, lines in [(one.file, [one]) for one in of_day] if by_batch else [(str(len(of_day)), of_day)]:
            table.add_row(day.isoformat(), label, *(_figure(lines, name) for name in _FIGURES))
    return table


_FIGURES: Final = ("received", "accepted", "duplicates", "errors")


def _figure(reports: Iterable[BatchReport], name: str) -> str:
    return f"{sum(getattr(report, name) for report in reports):,}"
