"""A day opens the days that it is about, whatever the planner thinks of joins: history grows by the day."""

import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.rows import tuple_row

from payments_pipeline.ledger.posting import post_day
from payments_pipeline.operations.laws import PROPERTIES, check
from payments_pipeline.postgres import run
from payments_pipeline.postgres.connect import Database
from payments_pipeline.rules import amortisation
from payments_pipeline.rules.amortisation import Terms
from payments_pipeline.servicing.due import fill_delinquency, fill_instalments
from tests.ledger import worlds
from tests.ledger.model import Receipt

TODAY = worlds.FIRST + timedelta(days=11)
OF_A_DAY = re.compile(r"^(\w+)_(\d{8})$")

_OF_MORE_DAYS = {
    "ledger/fold/late_fees",  # what was paid to fees is looked for over a grace period
    "operations/laws/every_row_received_is_accounted_for",  # all of this book's words were received today
}

Read = dict[str, set[tuple[str, date]]]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Read:
    """Tables and days that each file of `sql/` opens. Only hash joins are allowed: they read a whole side, as a large day
    would."""
    found: Read = defaultdict(set)

    def execute(cursor: psycopg.Cursor[Any], name: str, parameters: dict[str, object]) -> None:
        for statement in run.statements(name):
            with cursor.connection.transaction(force_rollback=True), cursor.connection.cursor() as explaining:
                explaining.row_factory = tuple_row
                explaining.execute("set local enable_nestloop to off; set local enable_mergejoin to off")
                with suppress(psycopg.errors.SyntaxError):  # a setting, or anything else that reads nothing
                    explaining.execute(
                        f"explain (analyze, timing off, verbose, format json) {statement.text}".encode(), parameters
                    )
                    found[name] |= set(_opened(explaining.fetchall()[0][0][0]["Plan"]))
            cursor.execute(statement.text.encode(), parameters)

    monkeypatch.setattr(run, "_execute", execute)
    return found


def _opened(plan: dict[str, Any]) -> Iterator[tuple[str, date]]:
    relation = OF_A_DAY.match(plan.get("Relation Name", ""))
    if relation and plan["Actual Loops"]:
        yield f"{plan['Schema']}.{relation[1]}", date.fromisoformat(relation[2])
    for part in plan.get("Plans", []):
        yield from _opened(part)


def post(connection: psycopg.Connection[Any], day: date) -> None:
    fill_instalments(connection, day)
    post_day(connection, day)
    fill_delinquency(connection, day)
    connection.commit()


def test_a_day_and_what_went_back_on_it_are_all_that_posting_and_the_laws_of_a_day_read(
    database: Database, read: Read
) -> None:
    terms = Terms(10_000_00, 30_000, amortisation.level_payment(10_000_00, 30_000, 12), worlds.FIRST, 12, 12)
    book = [worlds.Loan(loan_id, terms, 9) for loan_id in range(1, 9)]
    for loan in book:
        for ago in range(12):
            # three loans pay each day; what the first paid four days ago goes back today
            if (loan.loan_id + ago) % 3 == 0 or (loan.loan_id, ago) == (1, 4):
                returned = TODAY if (loan.loan_id, ago) == (1, 4) else None
                receipt = Receipt(
                    f"00000000-0000-0000-0000-{loan.loan_id:06}{ago:06}",
                    TODAY - timedelta(days=ago),
                    0,
                    40_00,
                    returned,
                    True,
                )
                loan.receipts.append(receipt)
                loan.channels[receipt.payment] = "ach"
    with worlds.begin(database, book) as connection:
        words = worlds.words_of(book)
        worlds.deliver(connection, words, TODAY)
        for ago in range(11, 0, -1):
            post(connection, TODAY - timedelta(days=ago))
        read.clear()
        post(connection, TODAY)
        for name, checked in PROPERTIES.items():
            if checked.is_daily:
                check(connection, name, TODAY)
        assert connection.execute("select count(*) from ledger.allocations where kind = 'return'").fetchone() == (1,)
    value_date = TODAY - timedelta(days=4)
    too_much = {
        (name, table, day)
        for name, opened in read.items()
        for table, day in opened
        # the fold of the loan whose payment went back begins on its value date
        if day < value_date and name not in _OF_MORE_DAYS
    }
    assert too_much == set()
    assert len(read) > 20
