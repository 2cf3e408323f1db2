"""What the tests of this wing share: books that have been kept for a week, built once."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from payments_pipeline.postgres.connect import Database
from payments_pipeline.postgres.server import Server
from tests.operations.books import books_on


@pytest.fixture(scope="session")
def books(start_server: Callable[..., Server]) -> Database:
    """A week of books. Tests leave them as they found them."""
    return books_on(start_server("embedded"))


@pytest.fixture
def intruder(books: Database) -> Iterator[psycopg.Connection[Any]]:
    """A superuser's connection to the books, whose doings are rolled back."""
    with books.connect("owner") as connection:
        yield connection
        connection.rollback()
