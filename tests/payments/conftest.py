"""What the tests of this wing share: a database of loans from which we collect, made once and left as it was found."""

from collections.abc import Callable, Iterator

import pytest

from payments_pipeline.postgres.connect import Database
from payments_pipeline.postgres.server import Server
from payments_pipeline.reference_data import follow_the_book
from tests.conftest import furnished_template, new_database
from tests.ingestion.files import add_loan
from tests.payments.debits import Collections


@pytest.fixture(scope="session")
def loans(start_server: Callable[..., Server]) -> Iterator[Database]:
    """Nine loans, each with an account number of its own at the bank."""
    server = start_server("embedded")
    with new_database(server, furnished_template(server)) as database:
        with database.connect("owner") as owner:
            for loan_id in range(1, 10):
                add_loan(owner, loan_id)
            follow_the_book(owner)
            owner.execute(
                "insert into servicing.account_numbers "
                "select 'acno_' || i, i, '2026-01-01' from generate_series(1, 9) as i"
            )
        yield database


@pytest.fixture
def database(furnished: Database) -> Database:
    """A database of these tests has its reference data."""
    return furnished


@pytest.fixture
def collections(loans: Database) -> Iterator[Collections]:
    """These loans, for what a test does in one transaction."""
    with loans.connect() as connection:
        yield Collections(connection)
        connection.rollback()
