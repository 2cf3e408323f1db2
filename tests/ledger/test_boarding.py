"""The balances with which loans come to us are booked once, a sealed run for each boarding date."""

from datetime import timedelta

from payments_pipeline.ledger.posting import board
from payments_pipeline.operations.laws import check_all
from payments_pipeline.postgres.connect import Database
from payments_pipeline.reference_data import follow_the_book
from tests.ledger import worlds


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
