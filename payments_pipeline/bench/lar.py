"""The benchmark `lar`: a register of a million rows held against its edits, beside Polars parsing it into columns.

The register is made once and kept. Either is measured in a process of its own, with the file in the page cache, so that
each has its own peak of memory. The parse is the floor: whoever checks a field has to have it.
"""

import resource
from collections import Counter
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Final

import polars as pl
from rich.console import Console

from payments_pipeline.hmda.check import RegisterCheck
from payments_pipeline.hmda.layout import LAR_KEYS
from payments_pipeline.hmda.sample import LEI, sample_applications, sample_sheet
from payments_pipeline.rules.uli import make_uli
from payments_pipeline.settings import Settings

YEAR: Final = 2025
DISTINCT: Final = 20_000
"""At most so many applications make up the register; each row has an identifier of its own."""
FAULTY: Final = 0.02
"""The share of rows in which one field is wrong."""
WRONG: Final = ("", "NA", "Exempt", "1111", "0", "7777", "9999", "12", "-1", "abc")

console = Console()


def measure_lar(settings: Settings, *, rows: int) -> None:
    """Measure, and print what either took, their ratio, and the memory they peaked at."""
    path = settings.home / "bench" / f"lar-{YEAR}-{rows}.txt"
    if not path.is_file():
        console.print(f"writing a register of {rows:,} rows, once, to {path}")
        write_sample(path, rows)
    _read_once(path)
    console.print(f"{rows:,} rows, {path.stat().st_size / 1e6:,.0f} MB")
    parsed, parse_memory, columns = _alone(parse_register, path)
    console.print(f"  parsed into {columns:,} columns by Polars   {parsed:8.2f} s, peak {parse_memory:,.0f} MB")
    checked, check_memory, violations = _alone(check_register, path)
    console.print(f"  checked: {violations:,} violations found   {checked:8.2f} s, peak {check_memory:,.0f} MB")
    console.print(
        f"  ratio {checked / parsed:.1f}; {rows / checked:,.0f} rows a second. Memory is bounded by the chunk of 4 MB, "
        "its columns and edits; a row that has passed leaves 17 bytes behind.",
        highlight=False,
    )


def write_sample(path: Path, rows: int) -> None:
    """A register of so many rows: sample applications over and over, each time under another identifier."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    with unfinished.open("w", encoding="utf-8", newline="\n") as register:
        register.write(f"{sample_sheet(rows, year=YEAR).line()}\n")
        register.writelines(_lines(rows))
    unfinished.rename(path)


def _lines(rows: int) -> Iterator[str]:
    random = Random(YEAR)  # noqa: S311 (made-up data, not a secret)
    distinct = min(rows, DISTINCT)
    applications = [application.line().split("|") for application in sample_applications(distinct, year=YEAR)]
    for number in range(rows):
        fields = list(applications[number % len(applications)])
        fields[2] = make_uli(LEI, f"{number:012}")
        if random.random() < FAULTY:
            fields[random.randrange(3, len(fields))] = random.choice(WRONG)
        yield "|".join(fields) + "\n"


def parse_register(path: Path) -> int:
    """What the check is compared with: the whole register as columns of text."""
    columns = pl.read_csv(
        path, has_header=False, separator="|", quote_char=None, infer_schema=False, skip_lines=1, new_columns=LAR_KEYS
    )
    return columns.width


def check_register(path: Path) -> int:
    """The whole register against every edit of its year."""
    found = Counter[str]()
    for findings in RegisterCheck(path, year=YEAR).findings():
        for finding in findings:
            found[finding.edit] += finding.count
    return found.total()


def _read_once(path: Path) -> None:
    with path.open("rb") as register:
        while register.read(1 << 24):
            pass


def _alone(work: Callable[[Path], int], path: Path) -> tuple[float, float, int]:
    """Seconds, peak of memory in MB, and the result of a piece of work in a process of its own."""
    with get_context("spawn").Pool(1) as process:
        return process.apply(_measured, (work, path))


def _measured(work: Callable[[Path], int], path: Path) -> tuple[float, float, int]:
    started = perf_counter()
    result = work(path)
    return perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, result
