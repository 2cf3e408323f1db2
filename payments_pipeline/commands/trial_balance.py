"""`payments trial-balance`: every account and what it holds."""

import json
from dataclasses import asdict
from datetime import date
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table

from payments_pipeline.commands.dates import DAY, require_order
from payments_pipeline.ledger.trial_balance import TrialBalance, trial_balance
from payments_pipeline.money import plain
from payments_pipeline.postgres.connect import open_database
from payments_pipeline.settings import begin

_COLUMNS = ("opening_cents", "debit_cents", "credit_cents", "balance_cents")


@click.command("trial-balance")
@click.option("--as-of", type=DAY, help="Up to the end of this day; without it, up to the end of the books.")
@click.option("--from", "since", type=DAY, help="Debits and credits from this day on, over an opening balance.")
@click.option(
    "--booked", is_flag=True, help="By the day on which money entered the books, not that from which it counts."
)
@click.option("--json", "as_json", is_flag=True, help="JSON instead of a table.")
def trial_balance_command(*, as_of: date | None, since: date | None, booked: bool, as_json: bool) -> None:
    """Print every account with its debits, credits and balance. Debits are positive; the totals are zero."""
    require_order(since, as_of, until="--as-of")
    with open_database(begin()).connect(application_name="payments trial-balance") as connection:
        found = trial_balance(connection, since=since, as_of=as_of, by_booking=booked)
    if as_json:
        click.echo(json.dumps(_document(found, since, as_of, booked=booked), indent=2))
    else:
        # wide enough for every column even where nobody watches; a terminal of fewer columns wraps the names
        console = Console()
        Console(width=console.width if console.is_terminal else 120).print(_table(found, since, as_of, booked=booked))


def _document(found: TrialBalance, since: date | None, as_of: date | None, *, booked: bool) -> dict[str, Any]:
    return {
        "from": since.isoformat() if since else None,
        "as_of": as_of.isoformat() if as_of else None,
        "dates": "booked" if booked else "effective",
        "accounts": [asdict(account) for account in found.accounts],
        "totals": {column: found.total(column) for column in _COLUMNS},
        "is_balanced": found.is_balanced,
    }


def _table(found: TrialBalance, since: date | None, as_of: date | None, *, booked: bool) -> Table:
    columns = _COLUMNS if since else _COLUMNS[1:]
    table = Table(
        title=f"Trial balance {f'from {since} ' if since else ''}{f'as of {as_of}' if as_of else 'to the end of the books'}",
        caption=f"In dollars, by {'booking' if booked else 'effective'} date; credits are negative in the balance.",
        box=box.SIMPLE_HEAD,
        show_footer=True,
    )
    table.add_column("account", "", justify="right")
    table.add_column("name", "total")
    for column in columns:
        table.add_column(column.removesuffix("_cents"), plain(found.total(column)), justify="right", no_wrap=True)
    for account in found.accounts:
        table.add_row(str(account.account), account.name, *(plain(getattr(account, column)) for column in columns))
    return table
