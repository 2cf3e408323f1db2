"""The command `payments bank`."""

from datetime import UTC, datetime
from pathlib import Path

import click
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from payments_pipeline import clock
from payments_pipeline.column.local.bank import Bank, Customer
from payments_pipeline.column.local.control import API_KEY, WEBHOOK_SECRET, LocalBank, LocalBankError
from payments_pipeline.column.local.faults import parse_faults
from payments_pipeline.column.local.running import listening
from payments_pipeline.column.local.running import serve as serve_bank
from payments_pipeline.lazy import Group
from payments_pipeline.paths import make_open_folder
from payments_pipeline.settings import Settings, begin
from payments_pipeline.words import counted

_DAY_OR_INSTANT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])


@click.group(cls=Group)
def bank() -> None:
    """Run the local bank, which plays a world as Column does."""


@bank.command()
@click.option(
    "--world", type=click.Path(exists=True, file_okay=False, path_type=Path), help="The world; by default the demo's."
)
@click.option("--port", type=click.IntRange(0, 65535), help="The port; by default PAYMENTS_BANK_PORT. 0 takes any.")
@click.option("--faults", default="", help="What goes wrong, as 429=0.05,5xx=0.05,withhold=0.2:3d,seed=7.")
@click.option("--webhook-url", multiple=True, help="Where events are delivered to. The first one gets them all.")
@click.option("--processors-url", help="The webhook service that takes card, PayPal and Venmo payments.")
@click.option(
    "--inbox", type=click.Path(file_okay=False, path_type=Path), help="Where the other sources' files appear."
)
@click.option(
    "--now",
    type=_DAY_OR_INSTANT,
    metavar="YYYY-MM-DD[THH:MM:SS]",
    help="Where the clock begins, in UTC; by default where it stood.",
)
@click.option("--at-once", type=click.IntRange(1, 256), default=16, show_default=True, help="Webhooks in flight.")
def serve(
    world: Path | None,
    port: int | None,
    faults: str,
    webhook_url: tuple[str, ...],
    processors_url: str | None,
    inbox: Path | None,
    now: datetime | None,
    at_once: int,
) -> None:
    """Run the local bank until Ctrl-C.

    Its clock stands still until it is moved: POST /local/clock {"now": "2026-07-01T23:00:00-04:00"} with the bank's key.
    What the world has up to then becomes visible and is delivered, and the clock is noted in PAYMENTS_HOME.
    """
    settings = begin()
    make_open_folder(settings.home)  # where the clock is noted
    customer = Customer(
        _api_key(settings),
        _secret(settings.column_webhook_secret) or WEBHOOK_SECRET,
        webhook_url,
        processors_url,
        _secret(settings.webhook_secret),
        inbox,
        lambda at: clock.set_clock(settings.home, at),
        at_once,
    )
    start = now.replace(tzinfo=UTC) if now else _noted(settings)
    with listening(settings.bank_port if port is None else port) as (address, listener):
        opened = Bank(world or settings.home / "world", customer, parse_faults(faults), start)
        click.echo(
            f"local bank  {address}  at {opened.now:%Y-%m-%d %H:%M} UTC, {counted(len(opened.timeline.spool), 'event')}"
        )
        serve_bank(opened, listener)


@bank.command()
@click.option("--url", help="The bank's address; by default this machine at PAYMENTS_BANK_PORT.")
def status(url: str | None) -> None:
    """Say how the local bank stands: its clock, its events, its webhooks and its faults."""
    settings = begin()
    found = LocalBank(url or f"http://127.0.0.1:{settings.bank_port}", _api_key(settings)).status()
    table = Table(title="Local bank", show_header=False)
    table.add_row("clock", str(found["now"]))
    table.add_row("world", f"{found['first_day']} to {found['last_day']}")
    table.add_row("events", f"{found['events']['made']:,} made of {found['events']['in_world']:,}")
    table.add_row("requests", f"{found['requests']:,}")
    table.add_row("webhook endpoints", str(found["webhook_endpoints"]))
    for name in ("webhooks", "faults", "struck"):
        if any(found[name].values()):
            table.add_row(name, ", ".join(f"{key.replace('_', ' ')} {value:,}" for key, value in found[name].items()))
    Console().print(table)


def _api_key(settings: Settings) -> str:
    """The bank's key is the one that the platform has, or the local bank's own."""
    key = _secret(settings.column_api_key) or API_KEY
    if not key.startswith("test_"):
        raise LocalBankError(
            "PAYMENTS_COLUMN_API_KEY is not a key of the sandbox.",
            "The local bank takes keys that begin with test_ alone, so that no key of the real bank is ever sent to it.",
        )
    return key


def _secret(given: SecretStr | None) -> str:
    return given.get_secret_value() if given else ""


def _noted(settings: Settings) -> datetime | None:
    """Where the clock stood when the bank was last open here."""
    return clock.now(settings.home) if clock.clock_file(settings.home).exists() else None
