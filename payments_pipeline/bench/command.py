"""The command `payments bench`."""

import click

from payments_pipeline.lazy import Group
from payments_pipeline.settings import load_settings


@click.group(cls=Group)
def bench() -> None:
    """Measure the platform on a world that is generated once and kept in PAYMENTS_HOME/bench."""


@bench.command()
@click.option("--loans", default=6_000_000, show_default=True, help="Loans in the book.")
@click.option("--payments", default=1_000_000, show_default=True, help="Distinct payments of the measured day.")
def day(loans: int, payments: int) -> None:
    """One day, from staged rows to reconciled, as a ratio to a bare COPY of the rows it leaves behind."""
    from payments_pipeline.bench.day import measure_day

    measure_day(load_settings(), loans=loans, payments=payments)


@bench.command()
@click.option("--seconds", default=20.0, show_default=True, help="How long to send, for each of the figures.")
def webhooks(seconds: float) -> None:
    """The webhook service on one worker: answers a second and how long they take, beside a bare reply."""
    from payments_pipeline.bench.webhooks import measure_webhooks

    measure_webhooks(load_settings(), seconds)


@bench.command()
@click.option("--rows", default=1_000_000, show_default=True, help="Rows of the register.")
def lar(rows: int) -> None:
    """A HMDA register held against its edits, as a ratio to Polars parsing it into columns."""
    from payments_pipeline.bench.lar import measure_lar

    measure_lar(load_settings(), rows=rows)


@bench.command()
@click.option("--events", default=1_000_000, show_default=True, help="About so many events of the bank.")
def events(events: int) -> None:
    """The bank's events, from the client to staged rows, beside what the bank's server can send."""
    from payments_pipeline.bench.events import measure_events

    measure_events(load_settings(), events)


@bench.command()
@click.option("--seeds", default=3, show_default=True, help="Worlds for each noise.")
@click.option("--loans", default=5_000, show_default=True, help="Loans in each.")
@click.option("--days", default=14, show_default=True, help="Days of each.")
@click.option("--publish", "is_published", is_flag=True, help="Write the table into docs/reconciliation.md.")
def labelled(seeds: int, loans: int, days: int, is_published: bool) -> None:
    """What the reconciliation finds, and how much of it is right, in worlds of which the truth is known."""
    from payments_pipeline.bench.labelled import measure_labelled

    measure_labelled(load_settings(), seeds=seeds, loans=loans, days=days, is_published=is_published)


@bench.command()
@click.option("--payments", default=1_000_000, show_default=True, help="Payments, and about as many lines of the bank.")
@click.option("--history", default=72_000_000, show_default=True, help="Payments matched before it, for the report.")
def reconcile(payments: int, history: int) -> None:
    """A day's payments against the bank's lines, matched and stored, as a ratio to DuckDB; and the day's report.

    The history takes some 15 GB of disk and five minutes; --history 0 leaves it out.
    """
    from payments_pipeline.bench.reconcile import measure_reconcile

    measure_reconcile(load_settings(), payments=payments, history=history)


@bench.command("form-1098")
@click.option("--loans", default=6_000_000, show_default=True, help="Mortgages, a multiple of 20,000.")
def form_1098(loans: int) -> None:
    """Form 1098 of a whole book: computed, written in FIRE and in IRIS. Six million take some 60 GB of disk."""
    from payments_pipeline.bench.form_1098 import measure_form_1098

    measure_form_1098(load_settings(), loans=loans)
