"""The command `payments generate`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table

from payments_pipeline.commands.dates import DAY
from payments_pipeline.money import plain
from payments_pipeline.world.generation import STAGES, Progress
from payments_pipeline.world.generation import generate as generate_world
from payments_pipeline.world.manifest import Manifest
from payments_pipeline.world.parameters import World

_DEFAULT: Final = World()


@click.command()
@click.option("--loans", type=int, default=_DEFAULT.loans, show_default=True, help="Loans in the book.")
@click.option("--seed", type=int, default=_DEFAULT.seed, show_default=True, help="The same seed gives the same bytes.")
@click.option("--from", "first_day", type=DAY, default=_DEFAULT.first_day, show_default=True, help="First day.")
@click.option("--days", type=int, default=_DEFAULT.days, show_default=True, help="Calendar days.")
@click.option(
    "--noise", type=float, default=_DEFAULT.noise, show_default=True, help="Noise: 1 as in real life, 0 none, 3 triple."
)
@click.option("--peak-day", type=DAY, help="A day with an exact number of payments.")
@click.option("--peak-payments", type=int, help="How many distinct payments the peak day has.")
@click.option(
    "--history-years",
    type=int,
    default=_DEFAULT.history_years,
    show_default=True,
    help="Whole years before that of the first day of which the former system's postings come along.",
)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder for the world.")
@click.option("--force", is_flag=True, help="Replace the world in the folder: everything in it is deleted.")
def generate(
    loans: int,
    seed: int,
    first_day: date,
    days: int,
    noise: float,
    peak_day: date | None,
    peak_payments: int | None,
    history_years: int,
    out: Path,
    force: bool,
) -> None:
    """Make a world: a book of loans and the history of its payments, from a seed."""
    world = World(
        loans=loans,
        seed=seed,
        first_day=first_day,
        days=days,
        noise=noise,
        peak_day=peak_day,
        peak_payments=peak_payments,
        history_years=history_years,
    )
    console, started = Console(stderr=True), time.monotonic()
    with _bars(console) as progress:
        manifest = generate_world(world, out, progress, overwrite=force)
    Console().print(_summary(manifest, out, time.monotonic() - started))


@contextmanager
def _bars(console: Console) -> Iterator[Progress]:
    """A bar for each stage."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*columns, console=console) as bars:
        tasks: dict[str, TaskID] = {stage: bars.add_task(stage, total=None, start=False) for stage in STAGES}

        def progress(stage: str, done: int, total: int) -> None:
            if done == 0:
                bars.start_task(tasks[stage])
            bars.update(tasks[stage], completed=done, total=total)

        yield progress


def _summary(manifest: Manifest, out: Path, seconds: float) -> Table:
    """What the world holds, for a person."""
    table = Table(
        title=f"World at {out}", caption=f"{manifest.first_day} to {manifest.last_day}, made in {seconds:.1f} s"
    )
    table.add_column("what")
    table.add_column("how many", justify="right")
    for name, count in manifest.counts.items():
        shown = plain(count) if name.endswith("_cents") else f"{count:,}"
        table.add_row(name.replace("_cents", ", dollars").replace(".", ": ").replace("_", " "), shown)
    return table
