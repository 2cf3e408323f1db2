"""A run asks for the other days whose figures it has changed, so that what people read of them follows."""

from collections.abc import Iterator
from dataclasses import replace
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
from tests.ledger.model import Receipt

PAID, PAID_AGAIN, NOTHING, WENT_BACK = (worlds.FIRST + timedelta(days=n) for n in (3, 4, 5, 6))
DAYS = (PAID, PAID_AGAIN, NOTHING, WENT_BACK)
TERMS = Terms(10_000_00, 30_000, amortisation.level_payment(10_000_00, 30_000, 12), worlds.FIRST, 12, 12)
RECEIPTS = [
    Receipt(f"00000000-0000-0000-0000-00000000000{n}", on, 0, TERMS.payment_cents)
    for n, on in enumerate((PAID, PAID_AGAIN), 1)
]


@pytest.fixture
def connection(furnished: Database) -> Iterator[psycopg.Connection[Any]]:
    """A loan that pays twice; the first of it goes back two days after the second."""
    book = [worlds.Loan(1, TERMS, 15, [], RECEIPTS, dict.fromkeys((receipt.payment for receipt in RECEIPTS), "ach"))]
    with worlds.begin(furnished, book) as connection:
        worlds.deliver(connection, worlds.words_of(book), PAID_AGAIN)
        connection.commit()
        yield connection


def test_a_return_asks_for_the_days_since_the_payment_whose_figures_it_changes(
    connection: psycopg.Connection[Any],
) -> None:
    for day in DAYS[:3]:
        post(connection, day, f"the run of {day}")
        finish(connection, day, f"the run of {day}")
    assert waiting(connection) == {}

    go_back(connection)
    post(connection, WENT_BACK, "the return's")
    finish(connection, WENT_BACK, "the return's")
    assert waiting(connection) == {PAID: ("reposted",), PAID_AGAIN: ("reposted",)}

    for day in (PAID, PAID_AGAIN):  # nothing is left to post, so that nobody is asked in turn
        post(connection, day, f"the second run of {day}")
        finish(connection, day, f"the second run of {day}")
    assert waiting(connection) == {}


def test_a_run_that_has_those_days_still_to_finish_does_not_ask_for_them(connection: psycopg.Connection[Any]) -> None:
    go_back(connection)
    for day in DAYS:
        post(connection, day, "the run of all")
    for day in DAYS:
        finish(connection, day, "the run of all")
    assert waiting(connection) == {}


def go_back(connection: psycopg.Connection[Any]) -> None:
    with connection.transaction():
        worlds.deliver(
            connection, [worlds.Word(1, replace(RECEIPTS[0], returned_on=WENT_BACK), "ach", True)], WENT_BACK
        )


def post(connection: psycopg.Connection[Any], day: date, run_id: str) -> None:
    """As the graph does."""
    with connection.transaction():
        run(connection, "operations/begin_day", day=day, run_id=run_id)
        added = post_day(connection, day)
        run(connection, "operations/request_changed_days", day=day, run_no=added.run_no, run_id=run_id)


def finish(connection: psycopg.Connection[Any], day: date, run_id: str) -> None:
    with connection.transaction():
        run(connection, "operations/finish_day", day=day, run_id=run_id)


def waiting(connection: psycopg.Connection[Any]) -> dict[date, tuple[str, ...]]:
    """The days that wait, and why."""
    with connection.transaction():
        return {due.day: due.reasons for due in due_days(connection, worlds.FIRST, date(2030, 1, 1))}
