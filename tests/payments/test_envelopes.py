"""What the view `payments.envelopes` renders is what the rules call an envelope."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from payments_pipeline.postgres.server import Server
from payments_pipeline.rules.envelope import envelope_faults
from tests.conftest import migrated_template, new_database
from tests.operations.books import keep_books


@pytest.fixture(scope="module")
def books(start_server: Callable[..., Server]) -> Iterator[psycopg.Connection[Any]]:
    server = start_server("embedded")
    with (
        new_database(server, migrated_template(server)) as database,
        database.connect("owner") as connection,
    ):
        keep_books(connection)
        yield connection


def test_every_payment_renders_as_a_sound_envelope(books: psycopg.Connection[Any]) -> None:
    envelopes = [row[0] for row in books.execute("select envelope from payments.envelopes").fetchall()]
    (payments,) = books.execute("select count(*) from payments.payments").fetchone() or (0,)
    assert len(envelopes) == payments > 0
    assert [fault for envelope in envelopes for fault in envelope_faults(envelope)] == []


def test_an_envelope_is_the_same_on_every_rendering(books: psycopg.Connection[Any]) -> None:
    first, again = (
        books.execute("select payment_id, envelope from payments.envelopes order by 1").fetchall() for _ in range(2)
    )
    assert first == again
