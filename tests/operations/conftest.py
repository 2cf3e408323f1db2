"""What the tests of this wing share."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from payments_pipeline.postgres.connect import Database


@pytest.fixture
def intruder(books: Database) -> Iterator[psycopg.Connection[Any]]:
    """A superuser's connection to the books, whose doings are rolled back."""
    with books.connect("owner") as connection:
        yield connection
        connection.rollback()
