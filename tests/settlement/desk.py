"""The sensor that takes in statements as Dagster asks it, and files for it to find."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dagster as dg

from payments_pipeline.postgres.connect import Database
from payments_pipeline.resources import Platform
from payments_pipeline.settlement.sensors import statement_files
from tests.formats.samples import BAI2

# The files tell of a day in March; the definitions begin in June.
DAY, LATER = date(2026, 7, 3), date(2026, 7, 6)
GOOD = BAI2.replace(b"260303", b"260703").replace(b"260304", b"260706")
BROKEN = GOOD.replace(b"49,456500", b"49,456501")


class Desk:
    """A platform, and its sensor, tick after tick."""

    def __init__(self, platform: Platform, instance: dg.DagsterInstance) -> None:
        self.platform = platform
        self.cursor: str | None = None
        self._instance = instance

    def tick(self) -> dg.SkipReason:
        with dg.build_sensor_context(
            instance=self._instance, cursor=self.cursor, resources={"platform": self.platform}
        ) as context:
            told = statement_files(context)
            self.cursor = context.cursor
        assert isinstance(told, dg.SkipReason)
        return told

    def rows(self, statement: str) -> list[Any]:
        with self.platform.database.connect() as connection:
            return connection.execute(statement.encode()).fetchall()

    def cases(self) -> list[Any]:
        return self.rows(
            "select subcategory, state from operations.exception_cases where category = 'statement' order by 1, 2"
        )

    def days(self) -> list[date]:
        """The days that wait to be run again."""
        return [
            day
            for (day,) in self.rows(
                "select distinct business_date from operations.day_requests where satisfied_at is null order by 1"
            )
        ]

    def lines(self) -> list[Any]:
        return self.rows("select bank_day, amount_cents, source from settlement.lines_in_force order by 1, 2")


@contextmanager
def desk_at(database: Database, home: Path, address: str) -> Iterator[Desk]:
    """A desk whose statements lie at the address; the days that they tell of have been run."""
    with database.connect() as connection:
        for day in (DAY, LATER, DAY - timedelta(days=1)):
            connection.execute("insert into ledger.days (business_date) values (%s)", (day,))
    with dg.DagsterInstance.ephemeral() as instance:
        yield Desk(Platform(database, home, home, statements_at=address), instance)
