"""What the tests of registers share: a small world's applications in a database, and a desk to make registers at."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import psycopg

from payments_pipeline.hmda.census import Census
from payments_pipeline.hmda.institution import read_institution
from payments_pipeline.pii import PersonalData
from payments_pipeline.postgres.connect import Database
from payments_pipeline.reporting.hmda_files import Desk
from payments_pipeline.reporting.hmda_lar import draft
from payments_pipeline.rules.hmda import ActivityPeriod
from payments_pipeline.world import World

WORLD = World(loans=500, seed=8, first_day=date(2026, 6, 29), days=1, noise=3)
PERSONAL_DATA = PersonalData(bytes(range(32)))
FILER = read_institution()
TODAY = date(2027, 1, 4)


@contextmanager
def compliance(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """A connection of the compliance role, whose doings are rolled back."""
    with database.connect("compliance") as connection:
        yield connection
        connection.rollback()


def desk_of(
    connection: psycopg.Connection[Any],
    period: str,
    folder: Path,
    *,
    census: Census | None = None,
    by: str = "Pat",
    today: date = TODAY,
) -> Desk:
    """A desk for the register of a period, as the applications are now."""
    # within a transaction that a test began, the temporary table of an earlier draft is still there
    connection.execute("drop table if exists pg_temp.wanted_lar")
    report = draft(connection, PERSONAL_DATA, ActivityPeriod.of(period), FILER, by, today=today)
    return Desk(connection, PERSONAL_DATA, report, FILER, folder, census)
