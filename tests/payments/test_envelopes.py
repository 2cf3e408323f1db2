"""What the view `payments.envelopes` renders is what the rules call an envelope."""

from payments_pipeline.postgres.connect import Database
from payments_pipeline.rules.envelope import envelope_faults
from tests.operations.books import keep_books


def test_every_payment_renders_as_a_sound_envelope(database: Database) -> None:
    with database.connect("owner") as connection:
        keep_books(connection)
        envelopes = [row[0] for row in connection.execute("select envelope from payments.envelopes").fetchall()]
        (payments,) = connection.execute("select count(*) from payments.payments").fetchone() or (0,)
    assert len(envelopes) == payments > 0
    assert [fault for envelope in envelopes for fault in envelope_faults(envelope)] == []


def test_an_envelope_is_the_same_on_every_rendering(database: Database) -> None:
    with database.connect("owner") as connection:
        keep_books(connection)
        first, again = (
            connection.execute("select payment_id, envelope from payments.envelopes order by 1").fetchall()
            for _ in range(2)
        )
    assert first == again
