"""What the tests of servicing share."""

import pytest

from payments_pipeline.postgres.connect import Database


@pytest.fixture
def database(furnished: Database) -> Database:
    """A database of these tests has its reference data."""
    return furnished
