"""A day that no evening ran is not left out: it asks to be run once a later one has been."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest

from payments_pipeline.ledger.posting import post_day
from payments_pipeline.operations.requests import due_days
from payments_pipeline.postgres.connect import Database
from payments_pipeline.postgres.run import run
from payments_pipeline.rules import amortisation
from payments_pipeline.rules.amortisation import Terms
from tests.ledger import worlds

GRACE = 15
TERMS = Terms(10_000_00, 30_000, amortisation.level_payment(10_000_00, 30_000, 12), worlds.FIRST, 12, 12)
LAST_OF_GRACE = worlds.FIRST + timedelta(days=GRACE)
TOMORROW = date(2030, 1, 1)


@pytest.fixture
def pipeline(furnished: Database) -> Iterator[psycopg.Connection[Any]]:
    """A loan that nobody pays, and of which nothing arrives."""
    with worlds.begin(furnished, [worlds.Loan(1, TERMS, GRACE, [], [], {})]) as connection:
        connection.commit()
        yield connection


def run_day(connection: psycopg.Connection[Any], day: date) -> None:
    with connection.transaction():
        run(connection, "operations/begin_day", day=day, run_id="a run")
        post_day(connection, day)
        run(connection, "operations/finish_day", day=day, run_id="a run")


def waiting(
    connection: psycopg.Connection[Any], first: date = worlds.FIRST, today: date = TOMORROW
) -> list[tuple[date, str, tuple[str, ...]]]:
    with connection.transaction():
        return [(due.day, due.key, due.reasons) for due in due_days(connection, first, today)]


def late_fees(connection: psycopg.Connection[Any]) -> list[tuple[date]]:
    with connection.transaction():
        return connection.execute("select effective_on from ledger.fees where kind = 'late'").fetchall()


def test_a_day_that_was_missed_is_asked_for_and_charges_what_falls_on_it(
    pipeline: psycopg.Connection[Any],
) -> None:
    run_day(pipeline, LAST_OF_GRACE - timedelta(days=1))
    assert waiting(pipeline) == []
    run_day(pipeline, LAST_OF_GRACE + timedelta(days=1))
    assert late_fees(pipeline) == []

    ((day, key, reasons),) = waiting(pipeline)
    assert (day, reasons) == (LAST_OF_GRACE, ("missed",))
    assert [asked for _, asked, _ in waiting(pipeline)] == [key]  # attempts at it are counted

    run_day(pipeline, LAST_OF_GRACE)
    assert late_fees(pipeline) == [(LAST_OF_GRACE,)]
    assert waiting(pipeline) == []


def test_neither_what_was_before_the_first_run_nor_what_comes_after_the_last_was_missed(
    pipeline: psycopg.Connection[Any],
) -> None:
    run_day(pipeline, LAST_OF_GRACE)
    assert waiting(pipeline) == []
    run_day(pipeline, LAST_OF_GRACE - timedelta(days=9))
    assert waiting(pipeline, first=LAST_OF_GRACE - timedelta(days=4)) == []  # the books begin later
    assert waiting(pipeline, today=LAST_OF_GRACE - timedelta(days=1)) == []  # a world whose clock stands there
    missed = [day for day, _, _ in waiting(pipeline)]
    assert missed == [LAST_OF_GRACE - timedelta(days=back) for back in range(8, 0, -1)]
