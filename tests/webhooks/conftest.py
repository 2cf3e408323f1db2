"""What the tests of the webhook service share."""

import pytest

from payments_pipeline.postgres.connect import Database
from payments_pipeline.reference_data import load_reference_data


@pytest.fixture(autouse=True)
def _reference_data(request: pytest.FixtureRequest) -> None:
    """A database of these tests knows what the bank's events mean."""
    if "database" in request.fixturenames:
        database: Database = request.getfixturevalue("database")
        with database.connect() as connection:
            load_reference_data(connection)
