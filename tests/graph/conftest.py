"""Small worlds on real databases, and runs of the graph's own jobs over them."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from payments_pipeline.graph import build_defs
from payments_pipeline.ledger.posting import board
from payments_pipeline.operations.digest import digest
from payments_pipeline.postgres.connect import Database
from payments_pipeline.postgres.run import run as run_sql
from payments_pipeline.reference_data import follow_the_book
from payments_pipeline.resources import Platform
from payments_pipeline.world import World, generate
from payments_pipeline.world.load import load_portfolio

FIRST_DAY = date(2026, 6, 29)

# dbt and Great Expectations take seconds to start; one test runs them, the others need what is before them.
SLOW_STEPS = frozenset({"marts", "expectations"})


@dataclass
class House:
    """A database with a book, what is delivered to it, and Dagster's memory of its runs."""

    platform: Platform
    instance: dg.DagsterInstance
    days: list[date]
    seen: list[tuple[str, date]] = field(default_factory=list)

    def run(self, first: date, last: date, *, without: Collection[str] = SLOW_STEPS) -> dg.ExecuteInProcessResult:
        """Close these days in one run, leaving out some steps."""
        job = build_defs({"platform": self.platform}).resolve_job_def("close_the_day")
        steps = set(job.graph.node_dict) - set(without)
        return job.execute_in_process(
            instance=self.instance,
            op_selection=None if not without else sorted(steps),
            tags={
                "dagster/asset_partition_range_start": first.isoformat(),
                "dagster/asset_partition_range_end": last.isoformat(),
            },
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            raise_on_error=False,
        )

    def close(self, first: date, last: date) -> None:
        """Close these days, as if their marts had been made: nothing of a day is owed then."""
        result = self.run(first, last)
        assert result.success
        with self.platform.database.connect() as connection:
            for day in self.days:
                run_sql(connection, "operations/finish_day", day=day, run_id=result.run_id)

    def digests(self) -> tuple[str, str]:
        """What the database holds, facts and state."""
        with self.platform.database.connect() as connection:
            return digest(connection, "facts").hex, digest(connection, "state").hex

    def execute(self, statement: str, *values: object) -> None:
        """A statement of the owner, who may do what the pipeline may not."""
        with self.platform.database.connect("owner") as connection:
            connection.execute(statement.encode(), values)

    def rows(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """What a query finds."""
        with self.platform.database.connect() as connection:
            return connection.execute(statement.encode(), values).fetchall()


@pytest.fixture
def build_house(furnished: Database, tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Makes a house of so many loans and days."""
    with dg.DagsterInstance.ephemeral() as instance:

        def build(loans: int = 60, days: int = 4, noise: float = 2.0) -> House:
            world = World(loans=loans, seed=3, first_day=FIRST_DAY, days=days, noise=noise)
            generate(world, tmp_path / "world")
            with furnished.connect() as connection:
                load_portfolio(connection, tmp_path / "world")
                follow_the_book(connection)
                board(connection)
            seen: list[tuple[str, date]] = []
            platform = Platform(
                furnished, tmp_path, tmp_path / "world", on_day=lambda step, day: seen.append((step, day))
            )
            dates = [date.fromordinal(FIRST_DAY.toordinal() + n) for n in range(days)]
            return House(platform, instance, dates, seen)

        yield build
