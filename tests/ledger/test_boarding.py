"""The balances with which loans come to us are booked once, a sealed run for each boarding date."""

from datetime import date, timedelta
from typing import Any

import psycopg

from payments_pipeline.ledger.posting import board, post_day
from payments_pipeline.operations.digest import digest
from payments_pipeline.operations.laws import check, check_all
from payments_pipeline.operations.requests import due_days
from payments_pipeline.postgres.connect import Database
from payments_pipeline.postgres.run import run
from payments_pipeline.reference_data import follow_the_book
from payments_pipeline.rules.amortisation import Terms
from payments_pipeline.servicing.due import fill_instalments
from tests.ledger import worlds
from tests.ledger.model import Receipt

KEPT = (
    "every_word_reaches_its_payment",
    "every_completed_payment_is_posted",
    "entries_follow_from_what_fell_due",
    "entries_follow_from_allocations",
    "balances_equal_the_ledger",
    "accounts_equal_the_loans",
)


def test_each_boarding_date_is_booked_once_and_loans_added_to_it_add_only_their_own(database: Database) -> None:
    book = worlds.random_book(41, loans=12)
    with database.connect("owner") as connection:
        worlds.insert_book(connection, book[:10])
        earlier = worlds.BOARDED - timedelta(days=30)
        connection.execute("update servicing.loans set boarded_on = %s where loan_id in (1, 2, 3)", (earlier,))
        follow_the_book(connection)
        assert [posting.day for posting in board(connection) if posting.is_sealed] == [earlier, worlds.BOARDED]
        assert not any(posting.is_sealed for posting in board(connection))

        worlds.insert_book(connection, book[10:])
        follow_the_book(connection)
        assert [posting.day for posting in board(connection) if posting.is_sealed] == [worlds.BOARDED]
        connection.commit()

        booked = connection.execute(
            "select sum(e.amount_cents)::bigint from ledger.entries as e "
            "inner join ledger.accounts as a on e.account = a.account and a.part = 'principal'"
        ).fetchone()
        connection.commit()
        assert booked == (sum(loan.terms.principal_cents for loan in book),)
        assert [result.law for result in check_all(connection) if result.violated] == []


def test_a_loan_that_comes_after_its_days_were_run_has_them_run_again(database: Database) -> None:
    days = [worlds.FIRST + timedelta(days=n) for n in range(9)]
    receipt = Receipt("00000000-0000-0000-0000-000000000001", days[4], 0, 50_00)
    terms = Terms(10_000_00, 30_000, 1_000_00, days[2], 10, 10)
    first, later = (
        worlds.Loan(1, terms, 3),
        worlds.Loan(2, terms, 3, [], [receipt], {receipt.payment: "wire"}),
    )

    with worlds.begin(database, [first]) as connection:
        board(connection)
        with database.connect("owner") as owner:
            worlds.insert_book(owner, [later])
            owner.execute("delete from ledger.balances where loan_id = 2")
        worlds.deliver(connection, worlds.words_of([later]), days[4])
        for day in days:
            fill_instalments(connection, day)
            run(connection, "operations/begin_day", day=day, run_id="the first run")
            post_day(connection, day)
            # meanwhile nobody goes on with a payment that is not in the books
            assert bool(check(connection, "every_completed_payment_is_posted", day)) == (day == days[4])
            run(connection, "operations/finish_day", day=day, run_id="the first run")
        connection.commit()
        assert _asked(connection) == []

        follow_the_book(connection)  # as the next start does
        board(connection)
        assert _asked(connection) == days
        for day in days:
            run(connection, "operations/begin_day", day=day, run_id="again")
            post_day(connection, day)
            run(connection, "operations/finish_day", day=day, run_id="again")
        connection.commit()

        assert _asked(connection) == []
        follow_the_book(connection)
        assert _asked(connection) == []
        assert connection.execute(
            "select subject_id::text, sum(cash_cents)::bigint from ledger.allocations where loan_id = 2 and kind = 'receipt' group by 1"
        ).fetchall() == [(receipt.payment, 50_00)]
        assert connection.execute("select loan_id, kind from ledger.fees order by 1").fetchall() == [
            (1, "late"), (2, "late"),
        ]  # fmt: skip
        connection.commit()
        assert {name: broken for name in KEPT if (broken := check(connection, name))} == {}
        connection.commit()
        state = digest(connection, "state").hex
        for day in days:
            post_day(connection, day)
        assert digest(connection, "state").hex == state


def _asked(connection: psycopg.Connection[Any]) -> list[date]:
    return sorted(due.day for due in due_days(connection, worlds.FIRST, date(2030, 1, 1)))
