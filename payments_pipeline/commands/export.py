"""`payments export`: the books in formats that other tools read."""

import sys
from datetime import date
from pathlib import Path
from typing import get_args

import click

from payments_pipeline.commands.dates import DAY, require_order
from payments_pipeline.errors import PaymentsError
from payments_pipeline.lazy import Group
from payments_pipeline.ledger.export import Detail, TextFormat, write_parquet, write_text
from payments_pipeline.postgres.connect import open_database
from payments_pipeline.reporting.files import becoming
from payments_pipeline.settings import begin


@click.group(cls=Group)
def export() -> None:
    """Write the books in formats that other tools read."""


@export.command()
@click.option("--format", "format_", type=click.Choice([*get_args(TextFormat), "parquet"]), required=True)
@click.option("--from", "first", type=DAY, help="First day, by effective date.")
@click.option("--to", "last", type=DAY, help="Last day.")
@click.option("--detail", type=click.Choice(get_args(Detail)), default="transaction", show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write; needed for parquet.")
def journal(format_: TextFormat, first: date | None, last: date | None, detail: Detail, out: Path | None) -> None:
    """Write the journal, every transaction with its entries, or one a day, kind and booking date.

    hledger and Beancount read it as it is, and add it up by themselves. The file appears when it is complete.
    """
    is_parquet = format_ not in get_args(TextFormat)
    if out is None and is_parquet:
        raise PaymentsError(
            "a Parquet file cannot be written to the screen", "say where to write it: --out journal.parquet"
        )
    begin_on, end_on = first or date.min, last or date.max
    require_order(begin_on, end_on, until="--to")
    with open_database(begin()).connect(application_name="payments export") as connection:
        connection.execute("set transaction isolation level repeatable read, read only")
        if out is None:
            write_text(connection, sys.stdout.buffer, format_, first=begin_on, last=end_on, detail=detail)
            sys.stdout.flush()  # here it can still be told that it failed
            return
        with becoming(out) as path:
            if is_parquet:
                write_parquet(connection, path, first=begin_on, last=end_on, detail=detail)
            else:
                with path.open("wb") as file:
                    write_text(connection, file, format_, first=begin_on, last=end_on, detail=detail)
