"""`payments report reconciliation`: a reconciled day, for finance and for who audits it."""

from datetime import date
from pathlib import Path
from typing import Any, Final, Literal

import click
import psycopg

from payments_pipeline.commands.dates import DAY
from payments_pipeline.days_run import what_waits
from payments_pipeline.postgres.connect import open_database
from payments_pipeline.reporting.files import becoming
from payments_pipeline.reporting.reconciliation_report import DayReport, gather
from payments_pipeline.reporting.reconciliation_words import share
from payments_pipeline.settings import begin

Form = Literal["html", "pdf", "csv", "xlsx"]

FORMS: Final[tuple[Form, ...]] = ("html", "pdf", "csv", "xlsx")


@click.command()
@click.option("--date", "day", type=DAY, required=True, help="Bank day.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the files; by default reports/ in PAYMENTS_HOME.",
)
@click.option(
    "--format",
    "forms",
    type=click.Choice(FORMS),
    multiple=True,
    help="May be given several times; by default the page and the PDF.",
)
def reconciliation(*, day: date, out: Path | None, forms: tuple[Form, ...]) -> None:
    """Write what finance reads of a day: totals, the bridge from our books to the bank, open items, the last thirty days.

    html: one page that needs nothing else. pdf: the same on paper. xlsx: all of it in typed cells. csv: the items.
    """
    settings = begin()
    folder = (out or settings.home / "reports").absolute()
    written: list[Path] = []
    with open_database(settings).connect(application_name="payments report reconciliation") as connection:
        connection.execute("set transaction isolation level repeatable read, read only")
        report = gather(connection, day)
        waits = what_waits(connection, day)
        for form in dict.fromkeys(forms or ("html", "pdf")):
            path = folder / f"reconciliation-{report.day}.{form}"
            with becoming(path) as part:
                _write(form, connection, report, part)
            written.append(path)
    click.echo(
        f"{report.day}: {report.verdict} {report.open_in_all:,} open in all, {share(report.auto_match)} matched without a person."
    )
    for path in written:
        click.echo(str(path))
    if waits:
        click.echo(waits, err=True)


def _write(form: Form, connection: psycopg.Connection[Any], report: DayReport, path: Path) -> None:
    """Write one form; what it needs is imported when it is wanted, since each takes its time to load."""
    match form:
        case "html":
            from payments_pipeline.reporting.reconciliation_html import as_html

            path.write_text(as_html(report), encoding="utf-8")
        case "pdf":
            from payments_pipeline.reporting.reconciliation_pdf import write_pdf

            write_pdf(report, path)
        case "csv":
            from payments_pipeline.reporting.reconciliation_sheets import write_csv

            write_csv(connection, report, path)
        case "xlsx":
            from payments_pipeline.reporting.reconciliation_sheets import write_xlsx

            write_xlsx(connection, report, path)
