"""From the queue to staged rows: each message once, and none lost."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from payments_pipeline.formats.webhook_payload import read_word
from payments_pipeline.ingestion import webhook_queue
from payments_pipeline.ingestion.ingest import ingest_pending
from payments_pipeline.ingestion.webhook_queue import TakenUp, take_up_webhooks
from payments_pipeline.operations.laws import check
from payments_pipeline.postgres.connect import Database
from payments_pipeline.webhooks.store import request_id
from tests.ingestion.files import counts, fetch
from tests.webhooks.senders import NOW, body, event


@pytest.fixture
def database(furnished: Database) -> Database:
    """A database of these tests knows what the bank's events mean."""
    return furnished


def put(connection: psycopg.Connection[Any], content: bytes, at: datetime = NOW, endpoint: str = "payments") -> UUID:
    """A message in the queue, as the service stores it."""
    word = read_word(content, at) if endpoint == "payments" and content.startswith(b"{") else None
    channel = word.channel if word else None
    message = request_id("payments" if endpoint == "payments" else "column", channel, content)
    known = (word.channel, word.payment_id, word.word_id, word.reference) if word else (None, None, None, None)
    connection.execute(
        b"insert into ingestion.webhook_queue (request_id, endpoint, channel, client, received_at, body, payment_id,"
        b" word_id, reference) values (%s, %s, %s, '127.0.0.1', %s, %s, %s, %s, %s)",
        [message, endpoint, known[0], at, content, *known[1:]],
    )
    connection.commit()
    return message


def test_messages_become_rows_of_a_batch_for_each_channel_and_day(database: Database) -> None:
    evening = datetime(2026, 3, 3, 1, 0, tzinfo=UTC)  # still the evening before in New York
    night = datetime(2026, 3, 3, 6, 0, tzinfo=UTC)
    with database.connect() as connection:
        contents = [body(reference_number=f"r{n}") for n in range(3)]
        contents[1] = json.dumps(json.loads(contents[1]), indent="\t").replace("\n", "\r\n").encode()  # kept as it came
        put(connection, contents[0])
        put(connection, contents[1], evening)
        put(connection, contents[2], night)
        put(connection, body(payment_channel="paypal"))
        assert take_up_webhooks(connection) == TakenUp(messages=4, rows=4)
        assert fetch(
            connection,
            "select source, uri, booked_on::text, received_at, rows_received from ingestion.batches order by 1, 3",
        ) == [
            ("card", "webhook:card", "2026-03-02", evening, 2),
            ("card", "webhook:card", "2026-03-03", night, 1),
            ("paypal", "webhook:paypal", "2026-03-02", NOW, 1),
        ]
        assert fetch(
            connection,
            "select line, raw, event, reference, amount_cents from ingestion.staged where channel = 'card'"
            " order by booked_on, line",
        ) == [(line, contents[n].decode(), "captured", f"r{n}", 100050) for line, n in ((1, 0), (2, 1), (1, 2))]
        assert fetch(connection, "select count(*) from ingestion.webhook_queue") == [(0,)]
        reports = ingest_pending(connection)
        assert sum(report.accepted for report in reports) == 4
        assert (
            check(connection, "every_batch_adds_up") == check(connection, "every_row_received_is_accounted_for") == []
        )


def test_a_message_and_a_row_of_a_file_about_the_same_payment_are_one(database: Database, tmp_path: Path) -> None:
    from payments_pipeline.ingestion.border import load_arrivals
    from tests.ingestion.files import DAY, put_rows, row

    with database.connect() as connection:
        told = row(
            event="captured",
            reference_number="AUTH-0001",
            loan_account_number="LN0000000042",
            amount="1000.50",
            payment_channel="card",
        )
        put_rows(tmp_path, "cards.csv", [told])
        load_arrivals(connection, tmp_path, DAY)
        put(connection, body())
        take_up_webhooks(connection)
        reports = ingest_pending(connection)
    assert sorted((report.accepted, report.duplicates) for report in reports) == [(0, 1), (1, 0)]


def test_what_the_bank_sent_and_nobody_can_read_is_kept_and_has_a_case(database: Database) -> None:
    contents = [b"no json, of Jane Q. Borrower", b"\xff\x00\x01", b"", b"[]", b'{"type": "identity.created"}']
    with database.connect() as connection:
        for content in contents:
            put(connection, content, endpoint="column")
        put(connection, event("evnt_9"), endpoint="column")
        assert take_up_webhooks(connection) == TakenUp(messages=6, events=1, unreadable=5)
        kept = fetch(connection, "select body from ingestion.unreadable_messages")
        assert sorted(found for (found,) in kept) == sorted(contents)
        cases = fetch(
            connection,
            "select subcategory, state, business_date::text, count(*) from operations.exception_cases"
            " where category = 'webhook' group by 1, 2, 3",
        )
        assert cases == [("column", "open", "2026-03-02", 5)]
        assert fetch(
            connection, "select count(*) from operations.exception_cases c where c::text ilike '%%jane%%'"
        ) == [(0,)]
        connection.commit()
        put(connection, contents[0], endpoint="column")  # sent again
        assert take_up_webhooks(connection).unreadable == 1
        assert fetch(connection, "select count(*) from operations.exception_cases where category = 'webhook'") == [(5,)]


def test_an_event_that_came_twice_is_staged_once(database: Database) -> None:
    with database.connect() as connection:
        for _ in range(2):
            put(connection, event("evnt_1"), endpoint="column")
            put(connection, event("evnt_1").replace(b", ", b",  "), endpoint="column")  # other bytes, the same event
            take_up_webhooks(connection)
            connection.commit()
        assert fetch(connection, "select count(*) from ingestion.staged") == [(1,)]


def test_taken_up_in_small_groups_or_in_one_it_is_the_same(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_queue, "MOST_BYTES_AT_ONCE", 700)
    with database.connect() as connection:
        for n in range(25):
            put(connection, body(reference_number=f"r{n}"))
        assert take_up_webhooks(connection, most=7) == TakenUp(messages=25, rows=25)
        assert fetch(connection, "select count(*), count(distinct reference) from ingestion.staged") == [(25, 25)]
        assert fetch(connection, "select count(*) > 4 from ingestion.batches") == [(True,)]


def test_a_message_leaves_the_queue_only_with_its_row(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with database.connect() as connection:
        put(connection, body())
        put(connection, event(), endpoint="column")
        before = counts(connection)
        connection.commit()

        def failing(*arguments: object, **named: object) -> None:
            raise ConnectionError

        monkeypatch.setattr(webhook_queue, "stage_rows", failing)
        with pytest.raises(ConnectionError):
            take_up_webhooks(connection)
        assert counts(connection) == before
        assert fetch(connection, "select count(*) from ingestion.webhook_queue") == [(2,)]
        connection.commit()
        monkeypatch.undo()
        assert take_up_webhooks(connection) == TakenUp(messages=2, events=1, rows=1)


def test_a_world_that_is_played_has_its_own_time_of_receipt(database: Database) -> None:
    with database.connect() as connection:
        put(connection, body())
        received_at = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
        take_up_webhooks(connection, received_at)
        assert fetch(connection, "select received_at, booked_on::text from ingestion.batches") == [
            (received_at, "2026-03-04")
        ]


def test_windows_that_no_limit_looks_at_are_forgotten(database: Database) -> None:
    with database.connect("owner") as owner:
        owner.execute(
            b"insert into ingestion.webhook_limits select 'client', 'x', now() - n * interval '10 minutes', 5"
            b" from generate_series(0, 60) as n"
        )
    with database.connect() as connection:
        take_up_webhooks(connection)
        ((kept,),) = fetch(connection, "select count(*) from ingestion.webhook_limits")
    assert 5 <= kept <= 6
