"""What the tests of the webhook service share."""

import pytest

from payments_pipeline.postgres.connect import Database


@pytest.fixture
def database(furnished: Database) -> Database:
    """A database of these tests knows what the bank's events mean."""
    return furnished
