"""`payments report 1098`: the forms of a tax year, as files."""

import getpass
from collections.abc import Callable
from pathlib import Path
from typing import Final

import click

from payments_pipeline.clock import now
from payments_pipeline.money import dollars
from payments_pipeline.pii import PersonalData
from payments_pipeline.postgres.connect import open_database
from payments_pipeline.reporting.filer import FILER_FILE, read_filer
from payments_pipeline.reporting.files_1098 import Desk, write_csv, write_fire, write_iris, write_statements
from payments_pipeline.reporting.form_1098 import KIND, draft
from payments_pipeline.reporting.lifecycle import FILED_FORMATS, WrittenFile, find_report, log, validated
from payments_pipeline.reporting.register_1098 import write_register
from payments_pipeline.rules.calendar import business_date
from payments_pipeline.rules.form_1098 import Policy, is_prior_year
from payments_pipeline.settings import begin
from payments_pipeline.words import counted

FORMATS: Final[dict[str, Callable[[Desk], list[WrittenFile]]]] = {
    "fire": write_fire,
    "iris": write_iris,
    "csv": write_csv,
    "pdf": write_statements,
    "register": write_register,
}

_LOAN_DIGITS: Final = 10


@click.command("1098")
@click.option("--year", "tax_year", type=int, required=True, help="Tax year.")
@click.option("--format", "format_", type=click.Choice(list(FORMATS)), required=True)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder for the files.")
@click.option("--by", "actor", default=getpass.getuser, help="Who has it made; by default who is logged in.")
@click.option("--version", type=int, help="Write this version as it was, computing nothing.")
@click.option("--filer", "filer_file", type=click.Path(path_type=Path), default=FILER_FILE, help="Who files.")
@click.option(
    "--january-15/--no-january-15",
    default=True,
    show_default=True,
    help="Report interest that accrues in full by January 15 in the year in which it is received.",
)
@click.option("--loan", "loans", multiple=True, help="Statements of these loans only; may be given several times.")
@click.option("--test", "is_test", is_flag=True, help="Make files for the authority to test; they are filed nowhere.")
def form_1098(
    *,
    tax_year: int,
    format_: str,
    out: Path,
    actor: str,
    version: int | None,
    filer_file: Path,
    january_15: bool,
    loans: tuple[str, ...],
    is_test: bool,
) -> None:
    """Compute Form 1098 from the ledger and write it.

    fire: the file for tax years up to 2025. iris: XML for later ones. csv: uploads for IRIS's portal, a hundred returns
    each. pdf: a statement for each borrower. register: every form, reportable or not, for review.

    A file gets its name only when the validator has accepted it. Where the year has been submitted before, the files
    hold the corrections.
    """
    if loans and format_ != "pdf":
        raise click.UsageError("--loan goes with --format pdf: a file of returns is of the whole book")
    settings = begin()
    filer = read_filer(filer_file)
    with open_database(settings).connect("compliance", application_name="payments report 1098") as connection:
        connection.execute("set transaction isolation level repeatable read")
        if version is None:
            report = draft(connection, tax_year, Policy(uses_january_15=january_15), actor)
        else:
            report = find_report(connection, KIND, str(tax_year), version)
        is_prior = is_prior_year(tax_year, business_date(now(settings.home)))
        desk = Desk(connection, PersonalData.of(settings), report, filer, out.absolute(), is_test, is_prior)
        files = write_statements(desk, _loan_ids(loans)) if loans else FORMATS[format_](desk)
        if format_ in FILED_FORMATS and not is_test:
            validated(connection, report, actor, files)
        else:
            what = f"{format_} test" if is_test else format_
            log(connection, report.report_id, f"{what} written", actor, {"files": len(files)})
    _tell(report.summary["lines"])
    for file in files[:5]:
        click.echo(f"{file.path}  {counted(file.records, 'form')}, {file.size_bytes:,} bytes")
    if len(files) > 5:
        click.echo(f"and {counted(len(files) - 5, 'more file')} in {out}")
    if report.preview_because:
        click.echo(f"This is a preview, which cannot be approved or filed: {report.preview_because}.")
    click.echo(f"{report}: payments report status shows what is to do next")


def _loan_ids(numbers: tuple[str, ...]) -> list[int]:
    """Loans by their numbers, with or without the letters."""
    digits = [number.removeprefix("LN") for number in numbers]
    for number in digits:
        if not number.isdecimal() or len(number) > _LOAN_DIGITS:
            raise click.BadParameter(f"{number} is no loan number, such as LN0000000042", param_hint="--loan")
    return [int(number) for number in digits]


def _tell(lines: list[dict[str, object]]) -> None:
    for line in lines:
        forms, cents = line["forms"], line["cents"]
        assert isinstance(cents, int)
        count = f"{forms:>12,}" if isinstance(forms, int) else " " * 12
        click.echo(f"{line['side']!s:<7} {str(line['what']).replace('_', ' '):<50}{count} {dollars(cents):>20}")
