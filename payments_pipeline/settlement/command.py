"""The command `payments statements`."""

import json
import sys
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import click
from rich.console import Console
from rich.table import Table

from payments_pipeline.errors import PaymentsError
from payments_pipeline.formats.sniff import FORMATS, HEAD_BYTES, LENIENT, Format
from payments_pipeline.formats.statement_csv import MappingError, StatementMapping, mapping_of_toml
from payments_pipeline.formats.statements import Fault, Line, Statement
from payments_pipeline.money import plain
from payments_pipeline.postgres.connect import open_database
from payments_pipeline.settings import begin
from payments_pipeline.settlement.classification import classifier
from payments_pipeline.settlement.statement_files import load_statement_at
from payments_pipeline.settlement.statements import (
    Loaded,
    Options,
    Stored,
    ask_for_days,
    items_of,
    unreadable,
)
from payments_pipeline.settlement.stores import file_at, opened
from payments_pipeline.words import counted


class RefusedStatementsError(PaymentsError):
    """Files of which nothing was stored."""


def _forgiven() -> str:
    lines = [f"{name}: {'; '.join(codes.values())}." for name, codes in LENIENT.items()]
    return "\b\nLeniently is forgiven, and told as a warning:\n" + "\n".join(lines)


@click.command(epilog=_forgiven())
@click.argument("files", nargs=-1, required=True)
@click.option("--format", "format_", type=click.Choice(FORMATS), help="Not by how the file begins.")
@click.option("--mapping", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="TOML that declares CSV.")
@click.option("--lenient", "is_lenient", is_flag=True, help="Forgive what is listed below.")
@click.option(
    "--replace", "replaces", is_flag=True, help="In the place of what is stored of the same accounts and days."
)
@click.option("--account", help="For NACHA: the account on which its returns settle.")
@click.option("--currency", default="USD", show_default=True, help="That of our books.")
@click.option("--check", "is_check", is_flag=True, help="Read and prove; store nothing.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a file.")
def statements(
    files: tuple[str, ...],
    format_: Format | None,
    mapping: Path | None,
    is_lenient: bool,
    replaces: bool,
    account: str | None,
    currency: str,
    is_check: bool,
    as_json: bool,
) -> None:
    """Read statements (BAI2, MT940, camt.053, CSV, NACHA returns), prove them, and store them.

    FILES are paths or addresses in an object store. A file with a fault is refused whole, and its case names the record.
    """
    mappings = [_mapping(mapping)] if mapping else []
    options = Options(format_, mappings, is_lenient, replaces, account, currency)
    if is_check:
        loaded = [_check(file, options) for file in files]
    else:
        settings = begin()
        with open_database(settings).connect(application_name="payments statements") as connection:
            loaded = []
            for file in files:
                loaded.append(load_statement_at(connection, file, options))
                ask_for_days(connection, loaded[-1].days)
                connection.commit()
    for one in loaded:
        if as_json:
            click.echo(json.dumps(_as_json(one)))
        else:
            _show(one, is_check)
    if refused := [one.refusal for one in loaded if one.is_refused]:
        raise RefusedStatementsError(
            f"{len(refused)} of {counted(len(files), 'file')} {'was' if len(refused) == 1 else 'were'} refused:\n  "
            + "\n  ".join(refused),
            loaded[[one.is_refused for one in loaded].index(True)].faults[0].remedy,
        )


def _mapping(path: Path) -> StatementMapping:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise MappingError(f"the mapping {path} is not text in UTF-8", "name the TOML file of the mapping.") from None
    return mapping_of_toml(text, path.stem)


def _check(file: str, options: Options) -> Loaded:
    """What loading would find in the file itself, without a database."""
    file_system, path, _ = file_at(file)
    faults: list[Fault] = []
    warnings: list[Fault] = []
    found: list[Statement] = []
    lines = unclassified = 0
    format_ = None
    try:
        with opened(file_system, path) as content:
            head = content.read(HEAD_BYTES)
            content.seek(0)
            format_, items = items_of(content, head, options)
            classify = classifier(format_) if format_ != "unknown" else None
            for item in items:
                if isinstance(item, Line):
                    lines += 1
                    unclassified += classify is not None and not classify(item).has_rule
                elif isinstance(item, Statement):
                    found.append(item)
                else:
                    (warnings if item.is_forgiven else faults).append(item)
    except (OSError, EOFError, zlib.error) as error:
        faults.extend(unreadable(file, error).faults)
    return Loaded(
        file, format_, statements=tuple(map(_as_stored, found)), lines=lines, unclassified=unclassified,
        warnings=tuple(warnings), faults=tuple(faults),
    )  # fmt: skip


def _as_stored(one: Statement) -> Stored:
    return Stored(
        "", one.account, one.as_of, one.from_on, one.nature, one.is_final, one.balance("opening"), one.balance("closing"),
        one.line_count, one.lines_cents, None, None, one.number, 0, 0,
    )  # fmt: skip


def _show(one: Loaded, is_check: bool) -> None:
    console = Console(width=None if sys.stdout.isatty() else 160)
    if one.is_known:
        click.echo(f"{one.source}: stored before, nothing to do.")
        return
    table = Table(title=f"{one.source}: {one.format}", title_justify="left")
    for name in ("account", "from", "as of", "what"):
        table.add_column(name)
    for name in ("opening", "lines", "their sum", "closing", "proven"):
        table.add_column(name, justify="right")
    for statement in one.statements:
        opening, closing = statement.opening_cents, statement.closing_cents
        proven = (
            "" if opening is None or closing is None else "yes" if opening + statement.lines_cents == closing else "NO"
        )
        table.add_row(
            statement.account, str(statement.from_on), str(statement.as_of), _what(statement), _dollars(opening),
            f"{statement.line_count:,}", _dollars(statement.lines_cents), _dollars(closing), proven,
        )  # fmt: skip
    if one.statements:
        console.print(table)
    _tell(console, "warning", one.warnings)
    _tell(console, "fault", one.faults)
    if one.is_refused:
        return
    told = f"{counted(one.lines, 'line')} in {counted(len(one.statements), 'statement')}"
    if is_check:
        click.echo(f"{told}; nothing was stored.")
    else:
        withdrawn = sum(statement.withdrawn for statement in one.statements)
        taken_back = f", {withdrawn:,} taken back" if withdrawn else ""
        click.echo(f"{told}: {one.added:,} new{taken_back}.")
    if one.unclassified:
        click.echo(
            f"{counted(one.unclassified, 'line')} without a rule in data/statement_rules.csv: counted as book, other."
        )


def _what(statement: Stored) -> str:
    if statement.repeats:
        return "said before"
    return statement.nature if statement.is_final else f"{statement.nature}, interim"


def _tell(console: Console, word: str, faults: Sequence[Fault]) -> None:
    for fault in faults[:10]:
        console.print(f"{word}: {fault}", style="red" if word == "fault" else "yellow", markup=False, highlight=False)
    if len(faults) > 10:
        console.print(f"{word}: {len(faults) - 10} more")


def _dollars(amount: int | None) -> str:
    return "" if amount is None else plain(amount)


def _as_json(one: Loaded) -> dict[str, Any]:
    def plain(fault: Fault) -> dict[str, Any]:
        return {
            "code": fault.code, "record": fault.record, "line": fault.file_line, "field": fault.field,
            "expected": fault.expected, "found": fault.found, "remedy": fault.remedy,
        }  # fmt: skip

    names = cast("dict[str, Any]", Stored.__dataclass_fields__)
    return {
        "source": one.source, "format": one.format, "sha256": one.sha256, "is_known": one.is_known, "lines": one.lines,
        "added": one.added, "unclassified": one.unclassified, "days": [str(day) for day in one.days],
        "statements": [
            {name: str(value) if hasattr(value := getattr(item, name), "isoformat") else value for name in names}
            for item in one.statements
        ],
        "warnings": [plain(fault) for fault in one.warnings], "faults": [plain(fault) for fault in one.faults],
    }  # fmt: skip
