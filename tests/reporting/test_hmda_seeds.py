"""Registers of worlds that nobody looked at: whatever the seed and the noise, nothing in them blocks filing.

One small world by default; SOAK_REGISTERS says how many large ones are tried. A failure tells the seed.
"""

import dataclasses
import os
from datetime import date
from pathlib import Path

import pytest

from payments_pipeline.hmda.census import read_census
from payments_pipeline.postgres.connect import Database
from payments_pipeline.reporting.hmda_files import judged
from payments_pipeline.world import generate
from payments_pipeline.world.load import load_portfolio
from tests.reporting import originated
from tests.reporting.originated import PERSONAL_DATA, WORLD

SOAKED = int(os.environ.get("SOAK_REGISTERS", "0"))
LOANS = 5_000 if SOAKED else 300
PERIODS = [f"{year}{part}" for year in (2024, 2025, 2026) for part in ("", "-Q1", "-Q2", "-Q3")]
EMPTY = "2026-Q3"  # the book is boarded before it begins


@pytest.mark.parametrize("seed", range(100, 100 + max(SOAKED, 1)))
def test_nothing_in_a_register_blocks_filing(seed: int, database: Database, tmp_path: Path) -> None:
    world = dataclasses.replace(WORLD, loans=LOANS, seed=seed, noise=float(seed % 6), first_day=date(2026, 6, 30))
    generate(world, tmp_path / "world")
    with database.connect() as connection:
        load_portfolio(connection, tmp_path / "world", personal_data=PERSONAL_DATA)
    census = read_census(tmp_path / "world" / "originations" / "census.txt")
    with originated.compliance(database) as connection:
        for period in PERIODS[:: 1 if SOAKED else 4]:
            if period == EMPTY:
                continue
            with judged(originated.desk_of(connection, period, tmp_path / "out", census=census)) as judgement:
                found = [(each.edit, each.examples[:1]) for each in judgement.broken if each.kind.blocks_filing]
                assert found == [], f"seed {seed}, {period}"
