"""`payments report hmda`: the register of a year or a quarter, from the origination system to the file to upload."""

import getpass
from pathlib import Path
from typing import Final

import click

from payments_pipeline.clock import now
from payments_pipeline.errors import PaymentsError
from payments_pipeline.hmda.census import read_census
from payments_pipeline.hmda.edits.model import YEARS
from payments_pipeline.hmda.institution import INSTITUTION_FILE, read_institution
from payments_pipeline.pii import PersonalData
from payments_pipeline.postgres.connect import open_database
from payments_pipeline.reporting.hmda_files import Desk, Judgement, confirm, judged, write_csv, write_lar
from payments_pipeline.reporting.hmda_lar import KIND, differences, draft
from payments_pipeline.reporting.hmda_register import ACTIONS, DIFFERENCES, next_step, write_register
from payments_pipeline.reporting.lifecycle import WrittenFile, find_report, log, validated
from payments_pipeline.rules.calendar import business_date
from payments_pipeline.rules.hmda import QUARTERS, ActivityPeriod
from payments_pipeline.settings import begin
from payments_pipeline.words import counted

_FORMATS: Final = {"lar": write_lar, "csv": write_csv, "register": write_register}


@click.command()
@click.option("--year", type=click.Choice(list(map(str, YEARS))), required=True, help="Activity year.")
@click.option("--quarter", type=click.Choice(list(map(str, QUARTERS))), help="A quarter of it, filed by itself.")
@click.option("--format", "format_", type=click.Choice(list(_FORMATS)), default="register", show_default=True)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder for the files.")
@click.option("--by", "actor", default=getpass.getuser, help="Who has it made; by default who is logged in.")
@click.option("--version", type=int, help="Write this version as it was, making nothing anew.")
@click.option("--confirm", "confirmed", multiple=True, metavar="EDIT=REASON", help="Confirm a quality or macro edit.")
@click.option("--census", type=click.Path(path_type=Path), help="The year's tracts and counties; see payments hmda.")
@click.option(
    "--institution", "institution_file", type=click.Path(path_type=Path), default=INSTITUTION_FILE, help="Who files."
)
def hmda(
    *,
    year: str,
    quarter: str | None,
    format_: str,
    out: Path,
    actor: str,
    version: int | None,
    confirmed: tuple[str, ...],
    census: Path | None,
    institution_file: Path,
) -> None:
    """Make the HMDA register of a year or quarter, hold it against every edit, and write it.

    lar: the file to upload, transmittal sheet first. csv: the same rows with names, for people. register: a page for
    review, with the edits, and where servicing says otherwise.

    Formatting errors, syntactic and validity edits block the file; quality and macro edits block it until each is
    confirmed with a reason. The register is written in any case.
    """
    settings = begin()
    period = ActivityPeriod(int(year), int(quarter) if quarter else None)
    filer = read_institution(institution_file)
    places = read_census(census) if census else None
    reasons = _reasons(confirmed)
    personal_data = PersonalData.of(settings)
    refusal: PaymentsError | None = None
    files: list[WrittenFile] = []
    with open_database(settings).connect("compliance", application_name="payments report hmda") as connection:
        connection.execute("set transaction isolation level repeatable read")
        if version is None:
            today = business_date(now(settings.home))
            report = draft(connection, personal_data, period, filer, actor, today=today)
        else:
            report = find_report(connection, KIND, str(period), version)
        desk = Desk(connection, personal_data, report, filer, out.absolute(), places)
        with judged(desk) as judgement:
            if reasons:
                judgement = confirm(desk, judgement, reasons, actor)
            # what was found and confirmed is kept, whether or not a file may be written of it
            refusal = judgement.refusal if format_ != "register" else None
            if refusal is None:
                files = _FORMATS[format_](desk, judgement)
                if format_ == "lar":
                    validated(connection, report, actor, files)
                else:
                    log(connection, report.report_id, f"{format_} written", actor, {"files": len(files)})
            differing = differences(connection, period)
        report = find_report(connection, KIND, str(period), report.version)
    _tell(judgement, differing, report.summary["actions"])
    if refusal:
        raise refusal
    if report.preview_because:
        click.echo(f"This is a preview, which cannot be approved or filed: {report.preview_because}.")
    for file in files:
        click.echo(f"{file.path}  {counted(file.records, 'row')}, {file.size_bytes:,} bytes")
    click.echo(f"{report} is {report.status}. Next: {next_step(report, judgement)}")


def _reasons(confirmed: tuple[str, ...]) -> dict[str, str]:
    parts = [each.partition("=") for each in confirmed]
    for edit, sign, reason in parts:
        if not (edit and sign and reason.strip()):
            raise click.BadParameter(f"{edit}: say why, as EDIT=REASON", param_hint="--confirm")
    return {edit.strip().upper(): reason for edit, _, reason in parts}


def _tell(judgement: Judgement, differing: dict[str, int], actions: dict[str, int]) -> None:
    for code, name in ACTIONS.items():
        if count := actions.get(str(code)):
            click.echo(f"{code}  {name:<50}{count:>12,}")
    click.echo(f"   {'in the register':<50}{judgement.rows:>12,}")
    for each in judgement.broken:
        answer = "" if each.is_open else ", confirmed"
        click.echo(f"{each.edit:<8}{each.kind + answer:<25}{each.rows:>10,}  {each.wording[:90]}")
    for field, count in differing.items():
        click.echo(f"servicing says otherwise: {DIFFERENCES[field]:<60}{count:>6,}")
