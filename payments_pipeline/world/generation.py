"""Makes a world: chunk by chunk what people do, then day by day what is told of it.

Memory holds one chunk of loans, or one day. A world appears under its name only when it is complete: it grows in a
folder beside it, which a run that is killed leaves behind and the next one sweeps away.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from payments_pipeline.world import arrivals, bank, deliveries, history, originations, statements, taxpayers
from payments_pipeline.world.batches import batches_of, told_batches
from payments_pipeline.world.book import book_of
from payments_pipeline.world.days import Days
from payments_pipeline.world.doubts import Doubts
from payments_pipeline.world.draws import Stream, stream
from payments_pipeline.world.manifest import Manifest, names_a_world
from payments_pipeline.world.parameters import Chunk, World, WorldError
from payments_pipeline.world.parquet import ParquetFile
from payments_pipeline.world.payments import payments_of
from payments_pipeline.world.portfolio import TABLES, tables_of
from payments_pipeline.world.spool import Spool
from payments_pipeline.world.statements import shown_of

Progress = Callable[[str, int, int], None]
"""Told the stage, how much of it is done, and of how much."""

LOANS, ARRIVALS, BANK = STAGES = ("loans and payments", "arrivals", "bank")
_UNFINISHED: Final = ".unfinished"
_REPLACED: Final = ".replaced"
_PARTS: Final = frozenset(
    {"arrivals", "bank", "portfolio", "spool", "truth"} | {side.FOLDER for side in (taxpayers, originations, history)}
)
"""The folders in a world."""


def generate(world: World, out: Path, progress: Progress | None = None, *, overwrite: bool = False) -> Manifest:
    """Makes the world and puts it at `out`, which must be empty or absent, or a world that may be overwritten."""
    out = out.absolute()
    if out.exists() and not out.is_dir():
        raise WorldError(f"{out} is not a folder.", "Name another one.")
    if out.exists() and any(out.iterdir()):
        if not _is_of_a_world(out):
            raise WorldError(
                f"{out} is not empty, and no world.", "Name another folder; this one is never overwritten."
            )
        if not overwrite:
            raise WorldError(f"{out} is not empty.", "Name another folder, or overwrite the world there with --force.")
    unfinished = out.with_name(f".{out.name}{_UNFINISHED}")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        unfinished.mkdir(parents=True)
        manifest = _Generation(world, unfinished, progress or _silent).run()
        _replace(out, unfinished)
    except OSError as error:  # Arrow names no file
        shutil.rmtree(unfinished, ignore_errors=True)  # half a world on a full disk is in everybody's way
        raise WorldError(
            f"{out} cannot be written: {error.strerror or error}.", "Make room there, or name another folder."
        ) from error
    return manifest


def _silent(stage: str, done: int, total: int) -> None:
    """Shows no progress."""


def _is_of_a_world(folder: Path) -> bool:
    """Whether a world stands there, or nothing but parts of one that somebody began to delete."""
    there = {path.name for path in folder.iterdir()}
    # an inbox has arrivals and a bank's files too: they alone are no world
    return names_a_world(folder) or (there <= _PARTS and bool(there & {"portfolio", "spool", "truth"}))


def _replace(out: Path, finished: Path) -> None:
    """Moves what stands at `out` aside, the new in its place, and only then deletes the old."""
    replaced = out.with_name(f".{out.name}{_REPLACED}")
    shutil.rmtree(replaced, ignore_errors=True)
    if out.exists():
        out.rename(replaced)
    finished.rename(out)
    shutil.rmtree(replaced, ignore_errors=True)


class _Generation:
    """One run: its calendar, its spools, and what has been counted so far."""

    def __init__(self, world: World, folder: Path, progress: Progress) -> None:
        self._world = world
        self._folder = folder
        self._progress = progress
        self._days = Days.of(world.first_day, world.last_day)
        self._told = Spool(folder / "spool" / "deliveries", deliveries.DELIVERY, "arrival")
        self._shown = Spool(folder / "spool" / "lines", statements.LINE, "bank_day")
        self._meant = Spool(folder / "spool" / "pairs", statements.PAIR, "bank_day")
        self._doubts = Doubts()
        self._counts: Counter[str] = Counter()
        self._files: dict[str, int] = {}

    def run(self) -> Manifest:
        self._make_people()
        self._write_arrivals()
        self._write_bank()
        census = self._folder / originations.FOLDER / originations.CENSUS_FILE
        self._files[self._name(census)] = originations.write_census(self._world, census)
        shutil.rmtree(self._folder / "spool")
        manifest = Manifest(self._world, self._counts, self._files)
        manifest.write(self._folder)
        return manifest

    def _make_people(self) -> None:
        """Writes the portfolio, and sets aside what its borrowers do."""
        files: dict[str, ParquetFile] = {}
        chunks = self._world.chunks()
        with ExitStack() as stack:
            for done, chunk in enumerate(chunks):
                self._progress(LOANS, done, len(chunks))
                for name, table in self._make_chunk(chunk).items():
                    if name not in files:
                        files[name] = stack.enter_context(ParquetFile(self._people(name), table.schema))
                    files[name].write(table)
        past = history.TABLES if self._world.history_years else ()
        for name in (*TABLES, *taxpayers.TABLES, *originations.TABLES, *past):
            self._counts[name] = files[name].rows
            self._files[self._name(self._people(name))] = files[name].rows
        self._progress(LOANS, len(chunks), len(chunks))

    def _make_chunk(self, chunk: Chunk) -> dict[str, pa.Table]:
        world, days = self._world, self._days
        book = book_of(world, chunk)
        payments = payments_of(world, book, days)
        rng = stream(world.seed, chunk.number, Stream.DELIVERIES)
        batch = batches_of(world, book, payments, days)
        told = told_batches(world, book, batch)
        fates = deliveries.fates_of(rng, world, payments, days)
        self._told.add(deliveries.deliveries_of(rng, world, book, payments, fates, told, days))
        shown = shown_of(world, book, payments, fates, batch, told, days)
        self._shown.add(shown.lines)
        self._meant.add(shown.pairs)
        self._doubts.add(shown.leftovers)
        self._counts["payments"] += len(payments)
        self._counts["payment_cents"] += int(payments.amount_cents.sum())
        portfolio = tables_of(world, book)
        people = taxpayers.taxpayers_of(world, book, portfolio)
        made = portfolio | people | originations.originations_of(world, book, portfolio, people)
        return made | history.history_of(world, book, made) if world.history_years else made

    def _write_arrivals(self) -> None:
        path = self._folder / "truth" / "items.parquet"
        with ParquetFile(path, arrivals.TRUTH_SCHEMA) as truth:
            writer = arrivals.Arrivals(self._folder, self._world.loans, truth)
            for done in range(self._world.days):
                self._progress(ARRIVALS, done, self._world.days)
                records = self._told.take(self._days.first + done)
                self._count("rows", records["truth"], deliveries.Truth)
                writer.write_day(self._days.first + done, records)
        self._files |= writer.rows_by_file | {self._name(path): truth.rows}
        self._progress(ARRIVALS, self._world.days, self._world.days)

    def _write_bank(self) -> None:
        path = self._folder / "truth" / "bank.parquet"
        with ParquetFile(path, bank.TRUTH_SCHEMA) as truth:
            writer = bank.Bank(self._folder, truth, self._doubts.settled())
            for done in range(self._world.days):
                self._progress(BANK, done, self._world.days)
                pairs = self._meant.take(self._days.first + done)
                self._count("bank", pairs["truth"], statements.Truth)
                writer.write_day(self._days.first + done, self._shown.take(self._days.first + done), pairs)
        self._files |= writer.rows_by_file | {self._name(path): truth.rows}
        self._progress(BANK, self._world.days, self._world.days)

    def _count(
        self, what: str, truth: npt.NDArray[np.uint8], kinds: type[deliveries.Truth] | type[statements.Truth]
    ) -> None:
        found = np.bincount(truth, minlength=len(kinds)).tolist()
        self._counts.update({f"{what}.{kind.name.lower()}": found[kind] for kind in kinds})

    def _people(self, table: str) -> Path:
        folder = "portfolio"
        for side in (taxpayers, originations, history):
            folder = side.FOLDER if table in side.TABLES else folder
        return self._folder / folder / f"{table}.parquet"

    def _name(self, path: Path) -> str:
        return path.relative_to(self._folder).as_posix()
