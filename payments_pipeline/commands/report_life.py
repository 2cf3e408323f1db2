"""`payments report status`, `approve` and `submit`: the steps of a report's life."""

import getpass
import sys
from typing import Any

import click
import psycopg
from rich import box
from rich.console import Console
from rich.table import Table

from payments_pipeline.postgres.connect import open_database
from payments_pipeline.postgres.run import query
from payments_pipeline.reporting import lifecycle
from payments_pipeline.reporting.lifecycle import LifecycleError, Report
from payments_pipeline.settings import begin
from payments_pipeline.words import counted

_KINDS = {command: kind for kind, command in lifecycle.COMMANDS.items()}
_NEXT = {
    "drafted": "write its files: payments report {command}",
    "validated": "let somebody else approve it: payments report approve",
    "approved": "submit its files, then: payments report submit",
    "submitted": "",
    "corrected": "",
}

_kind = click.argument("kind", type=click.Choice(list(_KINDS)))
_year = click.option("--year", required=True, help="Tax year or activity year.")
_quarter = click.option("--quarter", type=click.IntRange(1, 4), help="Quarter, of a report on one.")
_version = click.option("--version", type=int, help="Version; by default the last.")
_actor = click.option("--by", "actor", default=getpass.getuser, help="Who does it; by default who is logged in.")


@click.command()
@click.option("--log", "with_log", is_flag=True, help="The audit log too, checked entry by entry.")
def status(*, with_log: bool) -> None:
    """List every version of every report, how far it is, and what is to do next; exit 1 if the log was tampered with."""
    with open_database(begin()).connect("compliance", application_name="payments report status") as connection:
        reports = lifecycle.find_reports(connection)
        files = {
            each.report_id: query(connection, "reporting/report_file_list", report_id=each.report_id)
            for each in reports
        }
        entries = query(connection, "reporting/audit_log") if with_log else []
        broken = lifecycle.broken_entries(connection)
    console = Console()
    wide = Console(width=console.width if console.is_terminal else 140)
    if not reports:
        wide.print("There is no report yet: payments report --help")
    else:
        last = {(each.kind, each.period): each.version for each in reports}
        wide.print(_reports_table(reports, last))
    for each in reports:
        for file in files[each.report_id]:
            reference = f", submitted as {file['reference']}" if file["reference"] else ""
            wide.print(
                f"{each}: {file['file_name']}, {counted(file['records'], 'record')}, sha256 {bytes(file['sha256']).hex()[:16]}{reference}",
                soft_wrap=True,
            )
    if with_log:
        wide.print(_log_table(entries))
    for entry in broken:
        wide.print(
            f"entry {entry['entry_no']} of the audit log ({entry['action']} by {entry['actor']}): {entry['fault']}"
        )
    if broken:
        sys.exit(1)


@click.command()
@_kind
@_year
@_quarter
@_version
@_actor
@click.option("--note", default="", help="What was looked at.")
def approve(*, kind: str, year: str, quarter: int | None, version: int | None, actor: str, note: str) -> None:
    """Approve a report whose files the validator has accepted. Not by whom it was prepared or written."""
    with open_database(begin()).connect("compliance", application_name="payments report approve") as connection:
        report = lifecycle.find_report(connection, _KINDS[kind], _period(year, quarter), version)
        lifecycle.approve(connection, report, actor, note)
    click.echo(f"{report} is approved by {actor}; {_NEXT['approved']}")


@click.command()
@_kind
@_year
@_quarter
@_version
@_actor
@click.option(
    "--reference",
    "references",
    multiple=True,
    required=True,
    help="FILE=REFERENCE, or one reference where there is one file.",
)
def submit(
    *, kind: str, year: str, quarter: int | None, version: int | None, actor: str, references: tuple[str, ...]
) -> None:
    """Note that the files of an approved report were submitted, with what the authority gave back for each."""
    with open_database(begin()).connect("compliance", application_name="payments report submit") as connection:
        report = lifecycle.find_report(connection, _KINDS[kind], _period(year, quarter), version)
        lifecycle.require_approved(report)  # else what is told is that it has no files yet
        lifecycle.submit(connection, report, actor, _references(connection, report, references))
    click.echo(f"{report} is submitted; what changes from now on is filed as a correction")


def _period(year: str, quarter: int | None) -> str:
    return f"{year}-Q{quarter}" if quarter else year


def _references(connection: psycopg.Connection[Any], report: Report, given: tuple[str, ...]) -> dict[str, str]:
    named = dict(each.split("=", 1) for each in given if "=" in each)
    if named or len(given) != 1:
        if len(named) != len(given):
            raise LifecycleError("some references name no file", "give each as FILE=REFERENCE")
        return named
    formats = lifecycle.files_to_submit(connection, report)
    if len(formats) != 1:
        ways = sorted(set(formats.values()))
        raise LifecycleError(
            f"{report} has {len(formats)} files, and one reference was given",
            "give each as FILE=REFERENCE"
            + (f", those of the one format in which it was filed: {' or '.join(ways)}" if len(ways) > 1 else ""),
        )
    return {next(iter(formats)): given[0]}


def _reports_table(reports: list[Report], last: dict[tuple[str, str], int]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    for name in ("report", "version", "status", "prepared by", "what is to do"):
        table.add_column(name)
    for each in reports:
        todo = _to_do(each, last[each.kind, each.period])
        table.add_row(f"{each.kind} {each.period}", str(each.version), each.status, each.prepared_by, todo)
    return table


def _to_do(report: Report, last: int) -> str:
    if report.version != last:
        return f"replaced by version {last}"
    if report.preview_because:
        return f"a preview, as {report.preview_because}: make it again when all is over and posted"
    return _NEXT[report.status].format(command=report.command)


def _log_table(entries: list[dict[str, object]]) -> Table:
    table = Table(title="Audit log", box=box.SIMPLE_HEAD)
    for name in ("entry", "at (UTC)", "actor", "action", "report", "details"):
        table.add_column(name)
    for entry in entries:
        table.add_row(*(str(entry[name]) for name in ("entry_no", "at", "actor", "action", "report", "details")))
    return table
