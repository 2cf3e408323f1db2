"""What comes to light changes the books from the day on which it was learned, in whatever order its days are run.

Held on random books, with statuses, payments, returns and earlier instants that come late. One by default; SOAK_BOOKS says
how many. A failure tells the seed of its book.
"""

import os
import random
from collections import Counter
from datetime import date, timedelta
from itertools import count
from typing import Any

import psycopg
import pytest

from payments_pipeline.ledger.posting import post_day
from payments_pipeline.operations.requests import due_days
from payments_pipeline.postgres.connect import Database
from payments_pipeline.postgres.run import run
from tests.ledger import worlds
from tests.ledger.test_fold import DAYS, all_days, held, wanted

LOANS = 25
SOAKED = int(os.environ.get("SOAK_BOOKS", "1"))
STATUSES = [*worlds.STATUSES, "legal_hold", "active", "charged_off"]
SET = "insert into servicing.loan_statuses values (%s, %s, %s, 'told late', %s, %s)"

Told = tuple[int, date, str, int]
"""Loan, day, status, and the delivery with which it comes."""


@pytest.mark.parametrize("seed", range(401, 401 + SOAKED))
def test_no_books_of_an_earlier_day_change(furnished: Database, seed: int) -> None:
    rng = random.Random(seed)
    book = worlds.random_book(seed, LOANS, DAYS)
    statuses = _statuses(book, rng)
    first, mended = worlds.tell_later(worlds.words_of(book), rng)
    rng.shuffle(first)
    rng.shuffle(mended)
    half = len(first) // 2
    with worlds.begin(furnished, book) as connection, furnished.connect("owner", autocommit=True) as owner:
        connection.commit()
        runs, numbers = count(), Counter[tuple[int, date]]()
        for number, words in enumerate([first[:half], first[half:], mended[0::2], mended[1::2]]):
            learned = worlds.FIRST + timedelta(days=DAYS + 5 * number)
            before = _books(connection, learned)
            for loan_id, on, status, delivery in statuses:
                if delivery == number:
                    numbers[loan_id, on] += 1
                    owner.execute(SET, (loan_id, on, status, numbers[loan_id, on], learned))
            with connection.transaction():
                (worlds.deliver if number < 2 else worlds.tell_earlier)(connection, words, learned)
                for day in {day for word in words for day in word.days} & set(all_days()):
                    run(connection, "operations/request_day", day=day, reason="ingested", subject=str(number))
            for day in all_days() if number == 0 else []:
                _post(connection, day, next(runs))
            while waiting := _waiting(connection):
                _post(connection, rng.choice(waiting), next(runs))
            if number:
                assert _books(connection, learned) == before
        last = {(loan_id, on): status for loan_id, on, status, _ in statuses}
        for loan in book:
            loan.statuses = [(on, status) for (loan_id, on), status in last.items() if loan_id == loan.loan_id]
        assert held(connection) == wanted(book)


def _statuses(book: list[worlds.Loan], rng: random.Random) -> list[Told]:
    """Statuses of which none is known at first, some of them corrected on their own day, some dated before all days."""
    told: list[Told] = []
    for loan in book:
        loan.statuses = []
        for _ in range(rng.choice([0, 1, 2, 3])):
            on = worlds.FIRST + timedelta(days=rng.choice([-9, -1, *range(DAYS)]))
            told.append((loan.loan_id, on, rng.choice(STATUSES), rng.randrange(1, 4)))
    return sorted(told, key=lambda status: status[3])


def _post(connection: psycopg.Connection[Any], day: date, number: int) -> None:
    with connection.transaction():
        run(connection, "operations/begin_day", day=day, run_id=str(number))
        post_day(connection, day)
        run(connection, "operations/finish_day", day=day, run_id=str(number))


def _waiting(connection: psycopg.Connection[Any]) -> list[date]:
    with connection.transaction():
        return [due.day for due in due_days(connection, worlds.FIRST, date(2030, 1, 1))]


def _books(connection: psycopg.Connection[Any], before: date) -> dict[Any, Any]:
    """What each account was debited and credited with, by the date on which it entered the books."""
    with connection.transaction():
        rows = connection.execute(
            "select booked_on, account, sum(debit_cents)::bigint, sum(credit_cents)::bigint from ledger.turnover "
            "where booked_on < %s group by booked_on, account",
            (before,),
        ).fetchall()
        return {row[:2]: row[2:] for row in rows}
