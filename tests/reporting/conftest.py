"""What the tests of this wing share: a book over the turn of a tax year, posted once."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from payments_pipeline.postgres.connect import Database
from payments_pipeline.postgres.server import Server
from payments_pipeline.reporting.filer import read_filer
from payments_pipeline.reporting.files_1098 import Desk
from payments_pipeline.reporting.form_1098 import draft
from payments_pipeline.rules.form_1098 import Policy
from tests.conftest import furnished_template, new_database
from tests.reporting import taxbook
from tests.reporting.taxbook import Loan


@pytest.fixture(scope="session")
def book() -> dict[str, Loan]:
    return taxbook.loans()


@pytest.fixture(scope="session")
def kept(start_server: Callable[..., Server], book: dict[str, Loan]) -> Iterator[Database]:
    """A database with the book. Tests leave it as they found it."""
    server = start_server("embedded")
    with new_database(server, furnished_template(server)) as database:
        taxbook.keep(database, book)
        yield database


@pytest.fixture
def compliance(kept: Database) -> Iterator[psycopg.Connection[Any]]:
    """A connection of the compliance role, whose doings are rolled back."""
    with kept.connect("compliance") as connection:
        yield connection
        connection.rollback()


@pytest.fixture
def owner(kept: Database) -> Iterator[psycopg.Connection[Any]]:
    """A connection that may do everything, whose doings are rolled back."""
    with kept.connect("owner") as connection:
        yield connection
        connection.rollback()


@pytest.fixture
def desk_of(compliance: psycopg.Connection[Any], tmp_path: Path) -> Callable[[int], Desk]:
    """A desk for the forms of a year, as they are now."""

    def desk(tax_year: int) -> Desk:
        report = draft(compliance, tax_year, Policy(), "Pat")
        return Desk(compliance, taxbook.PERSONAL_DATA, report, read_filer(), tmp_path)

    return desk
