"""What the tests of the ledger share."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from payments_pipeline.postgres.connect import Database


@pytest.fixture
def database(furnished: Database) -> Database:
    """A database of these tests has its reference data."""
    return furnished


@pytest.fixture
def connection(books: Database) -> Iterator[psycopg.Connection[Any]]:
    """The owner's connection to a week of books, whose doings are rolled back."""
    with books.connect("owner") as connection:
        yield connection
        connection.rollback()
