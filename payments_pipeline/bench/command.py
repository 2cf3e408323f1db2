"""The command `payments bench`."""

import click

from payments_pipeline.settings import load_settings


@click.group()
def bench() -> None:
    """Measure the platform on a world that is generated once and kept in PAYMENTS_HOME/bench."""


@bench.command()
@click.option("--loans", default=6_000_000, show_default=True, help="Loans in the book.")
@click.option("--payments", default=1_000_000, show_default=True, help="Distinct payments of the measured day.")
def day(loans: int, payments: int) -> None:
    """One day, from staged rows to reconciled, as a ratio to a bare COPY of the rows it leaves behind."""
    from payments_pipeline.bench.day import measure_day

    measure_day(load_settings(), loans=loans, payments=payments)
