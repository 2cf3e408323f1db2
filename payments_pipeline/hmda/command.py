"""The command `payments hmda`."""

import io
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import click
import orjson

from payments_pipeline.hmda.catalogue import edits_table
from payments_pipeline.hmda.census import read_census
from payments_pipeline.hmda.check import Finding, RegisterCheck, Violation
from payments_pipeline.hmda.edits.model import YEARS, EditKind
from payments_pipeline.lazy import Group
from payments_pipeline.rules.hmda import QUARTERS
from payments_pipeline.words import counted

_Key = tuple[EditKind, str, str]
"""What is counted together: the findings of an edit, or the formatting errors of a field."""


@click.group(cls=Group)
def hmda() -> None:
    """Check HMDA registers by the edits of CFPB's platform."""


@hmda.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--year", type=int, required=True, help=f"Activity year, {YEARS[0]} to {YEARS[-1]}.")
@click.option("--quarter", type=int, help=f"Check as a quarterly filing: {', '.join(map(str, QUARTERS))}.")
@click.option(
    "--census",
    type=click.Path(path_type=Path),
    help="The year's tracts and counties, as the platform keeps them; without it, lists of places are not asked.",
)
@click.option("--rows", type=click.IntRange(min=0), default=3, show_default=True, help="Rows to show for each edit.")
@click.option("--json", "as_json", is_flag=True, help="Every violation as JSON instead of a summary.")
def check(*, file: Path, year: int, quarter: int | None, census: Path | None, rows: int, as_json: bool) -> None:
    """Say what CFPB's platform would say of FILE, a transmittal sheet followed by its register.

    Exit 1 if anything blocks filing (formatting errors, syntactic and validity edits), 2 if FILE cannot be read.
    """
    register = RegisterCheck(file, year=year, quarter=quarter, census=read_census(census) if census else None)
    is_blocked = _print_json(register) if as_json else _print_summary(register, rows)
    sys.exit(1 if is_blocked else 0)


@hmda.command()
def edits() -> None:
    """Print the table of edits by year, as docs/hmda.md carries it."""
    click.echo(edits_table(), nl=False)


def _print_json(register: RegisterCheck) -> bool:
    """Write the violations as they are found: rows in order, then those of the whole file. JSON is UTF-8 everywhere."""
    is_blocked, is_first = False, True
    stream = sys.stdout.buffer
    stream.write(b'{"violations": [')
    for findings in register.findings():
        is_blocked |= any(finding.kind.blocks_filing for finding in findings)
        for violation in _in_order(findings):
            stream.write((b"\n" if is_first else b",\n") + orjson.dumps(asdict(violation)))
            is_first = False
    stream.write(b"\n]}\n")
    stream.flush()
    return is_blocked


def _in_order(findings: Iterable[Finding]) -> list[Violation]:
    violations = [violation for finding in findings for violation in finding.violations()]
    return sorted(violations, key=lambda violation: violation.row or 0)


def _print_summary(register: RegisterCheck, rows: int) -> bool:
    """Print how often each edit is broken, with its wording and the first rows, and whether the file can be filed."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # values and wordings have characters that not every terminal has
    found: dict[_Key, list[Violation]] = {}
    texts: dict[_Key, str] = {}
    counts = Counter[_Key]()
    blocking = Counter[EditKind]()
    for findings in register.findings():
        for finding in findings:
            # formatting errors are told apart by their fields, edits by their ids
            one = next(finding.violations(1))
            key = (finding.kind, finding.edit, one.field if finding.kind is EditKind.PARSER else "")
            counts[key] += finding.count
            texts[key] = finding.text
            shown = found.setdefault(key, [])
            shown += finding.violations(rows - len(shown))
            if finding.kind.blocks_filing:
                blocking[finding.kind] += finding.count
    for key in sorted(found, key=lambda key: (key[0].order, key[1:])):
        _print_edit(key, texts[key], counts[key], found[key])
    parsed = register.totals.rows if register.totals else 0
    click.echo(f"{counted(register.lines, 'row')} read, {register.lines - parsed:,} of them with formatting errors")
    if blocking:
        faults = ", ".join(f"{blocking[kind]:,} {kind}" for kind in EditKind if blocking[kind])
        click.echo(f"Not ready to file: {faults}.")
    else:
        to_verify = sum(counts.values())
        click.echo(f"Nothing blocks filing{f'; {to_verify:,} to be verified' if to_verify else ''}.")
    if register.filing.census is None:
        click.echo("Tracts and counties were not looked up: give the year's list with --census.")
    return bool(blocking)


def _print_edit(key: _Key, text: str, count: int, shown: list[Violation]) -> None:
    kind, edit, field = key
    click.echo(f"{field if kind is EditKind.PARSER else edit}  {kind}, {count:,}\n  {text}")
    for violation in shown:
        where = f"row {violation.row}" if violation.row else "file"
        click.echo(f"  {where}: {violation.field} = {violation.value!r}")
    click.echo()
