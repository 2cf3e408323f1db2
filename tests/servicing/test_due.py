"""What falls due and who is behind, held against the schedule in Python and against the ledger added up by hand."""

import os
import random
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from payments_pipeline.ledger.posting import post_day
from payments_pipeline.postgres.connect import Database
from payments_pipeline.rules import amortisation
from payments_pipeline.rules.amortisation import Terms
from payments_pipeline.servicing.due import fill_delinquency, fill_instalments
from tests.ledger import worlds

DAYS = 40
LOANS = 14
SOAKED = int(os.environ.get("SOAK_BOOKS", "1"))
BUCKETS = [(120, "120+"), (90, "90-119"), (60, "60-89"), (30, "30-59"), (1, "1-29"), (0, "0")]


# Instalments -----------------------------------------------------------------------------------------------------------


@st.composite
def terms(draw: st.DrawFn) -> Terms:
    principal, rate = draw(st.integers(1_000_00, 90_000_000)), draw(st.sampled_from([0, 1, 30_000, 61_250, 299_999]))
    term = draw(st.integers(1, 60))
    payment = amortisation.level_payment(principal, rate, term)
    payment += draw(st.integers(0, payment // (4 * term)))
    return Terms(
        principal, rate, payment, draw(st.dates(date(2025, 6, 1), date(2026, 12, 31))).replace(day=draw(st.integers(1, 28))),
        term, draw(st.integers(0, term)), draw(st.integers(0, 90_000)), draw(st.integers(0, 5_000)),
    )  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(books=st.lists(terms(), min_size=1, max_size=4), data=st.data())
def test_instalments_are_those_of_the_schedule(
    connection: psycopg.Connection[Any], books: list[Terms], data: st.DataObject
) -> None:
    connection.rollback()
    worlds.insert_book(connection, [worlds.Loan(n, t, 15) for n, t in enumerate(books, 1)])
    dates = {
        amortisation.due_on(t.first_due_on, n)
        for t in books
        for n in (1, 2, t.last_instalment, t.last_instalment + 1)
        if n
    }
    for day in data.draw(st.lists(st.sampled_from(sorted(dates)), min_size=1, max_size=4, unique=True)):
        expected = [
            (loan_id, day, n, parts.interest_cents, parts.principal_cents, parts.escrow_cents)
            for loan_id, t in enumerate(books, 1)
            for n in [amortisation.instalments_due(t.first_due_on, t.last_instalment, day)]
            # what fell due before the loan was ours came with its balances
            if n and amortisation.due_on(t.first_due_on, n) == day > worlds.BOARDED
            for parts in [amortisation.instalment(t, n)]
        ]
        for _ in range(2):  # and again: a view of the terms is rebuilt, not added to
            assert fill_instalments(connection, day) == len(expected)
        assert (
            connection.execute(
                "select * from servicing.instalments where due_on = %s order by loan_id", (day,)
            ).fetchall()
            == expected
        )


@pytest.mark.parametrize("server_kind", ["embedded", "debian"])
def test_instalments_over_the_whole_term_add_up_to_the_principal(connection: psycopg.Connection[Any]) -> None:
    whole = Terms(1_000_00, 61_250, amortisation.level_payment(1_000_00, 61_250, 6), date(2026, 1, 28), 6, 6, 10, 1)
    worlds.insert_book(connection, [worlds.Loan(1, whole, 15)])
    for n in range(-1, 9):
        fill_instalments(connection, amortisation.due_on(whole.first_due_on, n))
    assert connection.execute(
        "select count(*), sum(principal_cents)::bigint, sum(escrow_cents)::bigint from servicing.instalments"
    ).fetchall() == [(6, 1_000_00, 66)]


@pytest.mark.parametrize(("rate_ppm", "payment_cents"), [(0, 111_12), (61_250, 115_00), (250_000, 125_00)])
def test_terms_by_which_instalments_go_on_when_nothing_is_owed_any_more_are_refused(
    connection: psycopg.Connection[Any], rate_ppm: int, payment_cents: int
) -> None:
    outlived = Terms(1_000_00, rate_ppm, payment_cents, date(2026, 1, 28), 12, 12)
    assert amortisation.instalment(outlived, 12).principal_cents < 0
    with pytest.raises(psycopg.errors.CheckViolation, match="something_is_owed_until_the_last_instalment"):
        worlds.insert_book(connection, [worlds.Loan(1, outlived, 15)])
    connection.rollback()
    worlds.insert_book(connection, [worlds.Loan(1, replace(outlived, term_instalments=9, last_instalment=9), 15)])


# Delinquency -----------------------------------------------------------------------------------------------------------


def all_days() -> list[date]:
    return [worlds.FIRST + timedelta(days=n) for n in range(DAYS)]


def expected_rows(connection: psycopg.Connection[Any], book: list[worlds.Loan], days: list[date]) -> list[Any]:
    """Who is behind, by adding up what the ledger holds up to each day."""
    paid = connection.execute(
        "select loan_id, effective_on, fees_cents, interest_cents, principal_cents, escrow_cents, suspense_cents "
        "from ledger.allocations"
    ).fetchall()
    fees = connection.execute("select loan_id, effective_on, amount_cents from ledger.fees").fetchall()
    rows = []
    for day in days:
        for loan in book:
            upto = [row[2:] for row in paid if row[0] == loan.loan_id and row[1] <= day]
            fees_paid, interest, principal, escrow, suspense = (
                sum(column) for column in zip((0,) * 5, *upto, strict=True)
            )
            assessed = sum(row[2] for row in fees if row[0] == loan.loan_id and row[1] <= day)
            n = amortisation.instalments_due(loan.terms.first_due_on, loan.terms.last_instalment, day)
            unpaid = [
                k
                for k in range(1, n + 1)
                if _is_unpaid(amortisation.cumulative(loan.terms, k), interest, principal, escrow)
            ]
            if unpaid:
                since = amortisation.due_on(loan.terms.first_due_on, unpaid[0])
                late = (day - since).days
                due = amortisation.cumulative(loan.terms, n)
                rows.append(
                    (
                        loan.loan_id, day, since, late, next(name for least, name in BUCKETS if late >= least), len(unpaid),
                        due.interest_cents - interest, due.principal_cents - principal, due.escrow_cents - escrow,
                        assessed - fees_paid, suspense,
                    )
                )  # fmt: skip
    return rows


def _is_unpaid(due: amortisation.Parts, interest: int, principal: int, escrow: int) -> bool:
    return due.interest_cents > interest or due.principal_cents > principal or due.escrow_cents > escrow


def found_rows(connection: psycopg.Connection[Any]) -> list[Any]:
    return connection.execute("select * from servicing.delinquency order by business_date, loan_id").fetchall()


def run_days(connection: psycopg.Connection[Any], days: list[date]) -> None:
    for day in days:
        post_day(connection, day)
        connection.commit()
        fill_delinquency(connection, day)
        connection.commit()


@pytest.mark.parametrize("seed", range(13, 13 + SOAKED))
def test_whatever_the_order_of_runs_each_day_says_who_was_behind_by_effective_date(
    database: Database, seed: int
) -> None:
    book = worlds.random_book(seed, LOANS, DAYS)
    rng = random.Random(seed)
    words = worlds.words_of(book)
    rng.shuffle(words)
    with worlds.begin(database, book) as connection:
        ran: set[date] = set()
        for number, chunk in enumerate([words[0::3], words[1::3], words[2::3]]):
            worlds.deliver(connection, chunk, worlds.FIRST + timedelta(days=DAYS + number))
            days = {day for word in chunk for day in word.days} | set(rng.sample(all_days(), 4))
            if number == 2:
                days |= set(all_days()) - ran
            shuffled = sorted(days)
            rng.shuffle(shuffled)
            run_days(connection, shuffled)
            ran |= days
            assert found_rows(connection) == expected_rows(connection, book, sorted(ran))
        # the books must be ones in which something happens, or the above says little
        assert {row[4] for row in found_rows(connection)} >= {"0", "1-29", "30-59", "60-89", "90-119"}
        assert connection.execute("select from ledger.allocations where kind = 'return' limit 1").fetchone() is not None

        before = found_rows(connection)
        run_days(connection, rng.sample(all_days(), 6))
        assert found_rows(connection) == before


def test_a_run_whose_view_was_never_made_is_followed_up_by_the_next_one(database: Database) -> None:
    every = all_days()[:20]
    book = worlds.random_book(14, LOANS, len(every))
    words = worlds.words_of(book)
    late = words[1::12]
    days = sorted({day for word in late for day in word.days})
    assert len(days) < len(every) / 2  # the others are put right by the follow-up alone
    with worlds.begin(database, book) as connection:
        worlds.deliver(
            connection, [word for word in words if word not in late], worlds.FIRST + timedelta(days=len(every))
        )
        run_days(connection, every)
        worlds.deliver(connection, late, worlds.FIRST + timedelta(days=len(every) + 1))
        for _ in range(2):  # the first posts and dies before the view is made, the second has nothing left to post
            for day in days:
                post_day(connection, day)
                connection.commit()
        assert found_rows(connection) != expected_rows(connection, book, every)
        for day in days:
            fill_delinquency(connection, day)
            connection.commit()
        assert found_rows(connection) == expected_rows(connection, book, every)


@pytest.mark.parametrize("server_kind", ["embedded", "debian"])
def test_nobody_is_behind_before_anything_falls_due(database: Database) -> None:
    book = worlds.random_book(15, LOANS, DAYS)
    long_before = min(loan.terms.first_due_on for loan in book) - timedelta(days=1)
    with worlds.begin(database, book) as connection:
        assert fill_delinquency(connection, long_before).loans == 0
        assert fill_delinquency(connection, long_before + timedelta(days=1)).loans > 0
        assert connection.execute("select distinct days_past_due, bucket from servicing.delinquency").fetchall() == [
            (0, "0")
        ]
