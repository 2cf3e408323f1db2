"""What the view `payments.envelopes` renders is what the rules call an envelope."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from payments_pipeline.postgres.connect import Database
from payments_pipeline.rules.envelope import envelope_faults


@pytest.fixture
def connection(books: Database) -> Iterator[psycopg.Connection[Any]]:
    with books.connect() as connection:
        yield connection


def test_every_payment_renders_as_a_sound_envelope(connection: psycopg.Connection[Any]) -> None:
    envelopes = [row[0] for row in connection.execute("select envelope from payments.envelopes").fetchall()]
    (payments,) = connection.execute("select count(*) from payments.payments").fetchone() or (0,)
    assert len(envelopes) == payments > 0
    assert [fault for envelope in envelopes for fault in envelope_faults(envelope)] == []


def test_an_envelope_is_the_same_on_every_rendering(connection: psycopg.Connection[Any]) -> None:
    first, again = (
        connection.execute("select payment_id, envelope from payments.envelopes order by 1").fetchall()
        for _ in range(2)
    )
    assert first == again
