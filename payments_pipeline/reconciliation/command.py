"""The command `payments reconcile`: what people decide about a day, and what they need to see for that."""

import shlex
from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

import click
import psycopg
from rich.console import Console
from rich.table import Table

from payments_pipeline.commands.dates import DAY
from payments_pipeline.days_run import require_reconciled, require_run, what_waits
from payments_pipeline.lazy import Group
from payments_pipeline.money import plain
from payments_pipeline.postgres.connect import open_database
from payments_pipeline.postgres.run import query
from payments_pipeline.reconciliation.days import reconcile_day
from payments_pipeline.reconciliation.decisions import Decision, Kind, Verdict, decide, decisions_waiting, judge
from payments_pipeline.settings import begin

_PASTED: Final = frozenset({"item", "lines", "payments", "decision"})
"""Columns that are copied into the next command, and so are never broken."""
_WIDTH: Final = 140
_PIPED_WIDTH: Final = 240

_date = click.option("--date", "day", type=DAY, required=True, help="Bank day.")
_reason = click.option("--reason", required=True, help="Why.")
_by = click.option("--by", "decided_by", required=True, help="Who decides.")
_lines = click.option("--line", "lines", multiple=True, help="Line of the bank; may be said several times.")
_payments = click.option("--payment", "payments", type=click.UUID, multiple=True, help="Payment; the same.")


@click.group(cls=Group)
def reconcile() -> None:
    """See what is open on a bank day, and decide what the machine must not guess.

    Decisions are kept with their reason and name, and survive every rerun. A large write-off, and a match whose sides
    differ by much, count once a second person approves them.
    """


@reconcile.command()
@_date
@click.option("--all", "every", is_flag=True, help="Also what is explained and needs nobody.")
def show(day: date, every: bool) -> None:
    """What is open on a day, and what to do about it."""
    rows = _ask_of_day("reconciliation/open_items", day, every=every)
    if not rows:
        click.echo(f"nothing is {'to be explained' if every else 'open'} on {day}")
        return
    table = _table("item", "rail", "cause", "dollars", "what", "next step")
    for row in rows:
        table.add_row(
            _option(row), row["channel"], row["cause"], plain(row["variance_cents"]), row["description"],
            row["next_step"] or "",
        )  # fmt: skip
    _print(table)


@reconcile.command()
@_date
def suggestions(day: date) -> None:
    """What may belong together, with what speaks for it; to be confirmed by `match`."""
    rows = _ask_of_day("reconciliation/suggested", day)
    if not rows:
        click.echo(f"nothing is suggested for {day}")
        return
    table = _table("lines", "payments", "score", "evidence")
    for row in rows:
        lines = "\n".join(f"--line {shlex.quote(line)}" for line in row["line_ids"])
        table.add_row(lines, _some(row["payment_ids"]), str(row["score"]), row["evidence"])
    _print(table)


@reconcile.command()
def waiting() -> None:
    """Decisions that count only once somebody else approves them."""
    with _connect() as connection:
        rows = decisions_waiting(connection)
    if not rows:
        click.echo("no decision waits for approval")
        return
    table = _table("decision", "day", "what", "dollars", "by", "reason")
    for row in rows:
        table.add_row(
            str(row["decision_id"]), str(row["bank_day"]), row["decision"], plain(row["cents"]),
            row["decided_by"], row["reason"],
        )  # fmt: skip
    _print(table)


@reconcile.command()
@_date
@_lines
@_payments
@_reason
@_by
def match(day: date, lines: tuple[str, ...], payments: tuple[UUID, ...], reason: str, decided_by: str) -> None:
    """Match lines with payments. By how much they differ is written off with it."""
    _decide("match", day, lines, payments, reason, decided_by)


@reconcile.command()
@_date
@_lines
@_payments
@_reason
@_by
def unmatch(day: date, lines: tuple[str, ...], payments: tuple[UUID, ...], reason: str, decided_by: str) -> None:
    """Take lines and payments apart, and never match them again unless somebody does."""
    _decide("unmatch", day, lines, payments, reason, decided_by)


@reconcile.command("write-off")
@_date
@_lines
@_payments
@_reason
@_by
def write_off(day: date, lines: tuple[str, ...], payments: tuple[UUID, ...], reason: str, decided_by: str) -> None:
    """Write open lines or payments off."""
    _decide("write_off", day, lines, payments, reason, decided_by)


@reconcile.command()
@click.argument("decision_id", type=click.UUID)
@_reason
@_by
def approve(decision_id: UUID, reason: str, decided_by: str) -> None:
    """Approve somebody else's decision."""
    _judge("approve", decision_id, reason, decided_by)


@reconcile.command()
@click.argument("decision_id", type=click.UUID)
@_reason
@_by
def reject(decision_id: UUID, reason: str, decided_by: str) -> None:
    """Reject a decision; it no longer counts."""
    _judge("reject", decision_id, reason, decided_by)


@reconcile.command("day")
@_date
def day_command(day: date) -> None:
    """Reconcile a day again, without Dagster."""
    with _connect() as connection:
        require_run(connection, day)
        found = reconcile_day(connection, day)
    if not found.channels:
        click.echo(f"{found.day}: nothing was expected at the bank, and the bank shows nothing")
    for rail in found.channels:
        click.echo(
            f"{rail.account} {rail.channel}: {rail.status}, {rail.matched_count} matched, {rail.open_count} open, "
            f"the bank's less ours {plain(rail.variance_cents)}"
        )


def _decide(
    kind: Kind, day: date, lines: Sequence[str], payments: Sequence[UUID], reason: str, decided_by: str
) -> None:
    with _connect() as connection:
        require_run(connection, day)
        stored = decide(connection, kind, day, lines=lines, payments=payments, reason=reason, decided_by=decided_by)
    _tell(stored)


def _judge(verdict: Verdict, decision_id: UUID, reason: str, decided_by: str) -> None:
    with _connect() as connection:
        stored = judge(connection, verdict, decision_id, reason=reason, decided_by=decided_by)
    _tell(stored)


def _tell(stored: Decision) -> None:
    waits = "; it counts once somebody else approves it" if stored.needs_approval else ""
    click.echo(f"{stored.decision} {stored.decision_id}, {plain(stored.cents)} dollars at stake{waits}")


def _connect() -> psycopg.Connection[Any]:
    return open_database(begin()).connect(application_name="payments reconcile")


def _ask_of_day(name: str, day: date, **parameters: object) -> list[dict[str, Any]]:
    """Ask about a day; that there is nothing to tell is an answer only where it has been reconciled."""
    with _connect() as connection:
        rows = query(connection, name, day=day, **parameters)
        if not rows:
            require_reconciled(connection, day)
        if waits := what_waits(connection, day):
            click.echo(waits, err=True)
    return rows


def _table(*columns: str) -> Table:
    table = Table()
    for column in columns:
        table.add_column(
            column,
            justify="right" if column in ("dollars", "score") else "left",
            overflow="fold",
            no_wrap=column in _PASTED,
        )
    return table


def _print(table: Table) -> None:
    """Print it as wide as what is pasted needs, however narrow the terminal is; in a pipe there is room for all."""
    console = Console()
    width = max(console.width, _WIDTH) if console.is_terminal else max(console.width, _PIPED_WIDTH)
    Console(width=width).print(table)


def _option(row: dict[str, Any]) -> str:
    """The item as a decision takes it: a payment where it is ours, otherwise a line of the bank."""
    item, payment = row["item_id"], str(row["payment_id"])
    # what is ours is a payment with the kind of its movement; a line may have a fee of its own beside it
    if item.split(" ", 1)[0] == payment:
        return f"--payment {payment}"
    return f"--line {shlex.quote(item.removesuffix(' fee'))}"


def _some(payments: Sequence[UUID]) -> str:
    shown = [f"--payment {payment}" for payment in payments[:3]]
    return "\n".join([*shown, f"and {len(payments) - 3} more"] if len(payments) > 3 else shown)
