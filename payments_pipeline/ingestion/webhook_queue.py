"""From the queue of acknowledged messages to staged rows.

The bank's messages are events like those that are polled, and are staged with them; those of processors become the rows
of a batch and pass the border like the rows of a file. What is staged leaves the queue in the same transaction: killed at
any moment, a message is in the one place or the other.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any, Final
from uuid import UUID

import psycopg

from payments_pipeline.column.events import EventError, RawEvent, read_event
from payments_pipeline.formats.webhook_payload import PayloadError, Word, read_word
from payments_pipeline.ingestion.border import Batch, stage_rows
from payments_pipeline.ingestion.column_events import stage_events
from payments_pipeline.ingestion.rows import Block
from payments_pipeline.ingestion.schema import HEADER
from payments_pipeline.postgres.run import query, run
from payments_pipeline.rules.calendar import business_date

MOST_AT_ONCE: Final = 20_000
"""Messages that are taken up in one transaction."""
MOST_BYTES_AT_ONCE: Final = 64 << 20
"""Their size together: they are in memory at the same time."""
COLUMN_SOURCE: Final = "column"
COLUMN_URI: Final = "webhook:column"


@dataclass(frozen=True)
class TakenUp:
    """What became of messages that waited."""

    messages: int = 0
    events: int = 0
    """Messages of the bank that could be read, known ones included."""
    rows: int = 0
    """Messages of processors, staged as rows."""
    unreadable: int = 0

    def __add__(self, other: "TakenUp") -> "TakenUp":
        return TakenUp(
            self.messages + other.messages,
            self.events + other.events,
            self.rows + other.rows,
            self.unreadable + other.unreadable,
        )


@dataclass(frozen=True, slots=True)
class _Message:
    request_id: UUID
    endpoint: str
    channel: str | None
    received_at: datetime
    body: bytes

    @property
    def booked_on(self) -> date:
        return business_date(self.received_at)


def take_up_webhooks(
    connection: psycopg.Connection[Any], received_at: datetime | None = None, *, most: int = MOST_AT_ONCE
) -> TakenUp:
    """Stages every message that waits, some thousands in a transaction of their own each; then `ingest_pending` takes over.

    Each message was received when the service received it. `received_at` stands in for that where the service's clock is
    not that of the world, as in a world that is played.
    """
    total = TakenUp()
    while True:
        with connection.transaction():
            taken = _take_up(connection, received_at, most)
        if not taken.messages:
            return total
        total += taken


def _take_up(connection: psycopg.Connection[Any], received_at: datetime | None, most: int) -> TakenUp:
    rows = query(connection, "ingestion/webhooks_waiting", most=most, most_bytes=MOST_BYTES_AT_ONCE)
    messages = [_Message(**(row | {"received_at": received_at or row["received_at"]})) for row in rows]
    unreadable: dict[UUID, str] = {}
    events = words = 0
    for (endpoint, channel, booked_on), some in _grouped(messages):
        if endpoint == "column":
            events += _stage_events(connection, some, unreadable)
        else:
            words += _stage_words(connection, some, channel or "", booked_on, unreadable)
    if unreadable:
        run(
            connection,
            "ingestion/webhooks_unreadable",
            request_ids=list(unreadable),
            faults=list(unreadable.values()),
        )
    run(connection, "ingestion/webhooks_staged", request_ids=[message.request_id for message in messages])
    run(connection, "ingestion/webhook_limits_passed")
    return TakenUp(len(messages), events, words, len(unreadable))


def _grouped(messages: Sequence[_Message]) -> Iterable[tuple[tuple[str, str | None, date], list[_Message]]]:
    """The messages that make a batch together: of one sender and one business day, in the order of their receipt."""

    def whose(message: _Message) -> tuple[str, str, date]:
        return message.endpoint, message.channel or "", message.booked_on

    for (endpoint, channel, booked_on), some in groupby(sorted(messages, key=whose), key=whose):
        yield (endpoint, channel or None, booked_on), list(some)


def _stage_events(
    connection: psycopg.Connection[Any], messages: Sequence[_Message], unreadable: dict[UUID, str]
) -> int:
    events: list[RawEvent] = []
    for message in messages:
        try:
            events.append(read_event(message.body))
        except EventError as error:
            unreadable[message.request_id] = error.message
    if events:
        stage_events(connection, events, source=COLUMN_SOURCE, uri=COLUMN_URI, received_at=_last_received(messages))
    return len(events)


def _stage_words(
    connection: psycopg.Connection[Any],
    messages: Sequence[_Message],
    channel: str,
    booked_on: date,
    unreadable: dict[UUID, str],
) -> int:
    block = Block(first_row=1)
    digest = hashlib.sha256(f"{channel}|{booked_on.isoformat()}".encode())
    size = 0
    for message in messages:
        word = _word(message)
        if word is None:
            # the service lets nothing else in; what it let in before its rules changed is kept for a person to see
            unreadable[message.request_id] = "expected a word about a payment"
            continue
        block.whole.append(len(block.raw))
        block.raw.append(message.body.decode())
        block.fields.append([word.texts[name] for name in HEADER])
        digest.update(message.request_id.bytes)
        size += len(message.body)
    if block.raw:
        uri = f"webhook:{channel}"
        batch = Batch(channel, f"webhooks of {channel}", uri, digest.digest(), _last_received(messages))
        stage_rows(connection, batch, list(HEADER), block, size)
    return len(block.raw)


def _word(message: _Message) -> Word | None:
    try:
        return read_word(message.body, message.received_at, message.channel)
    except PayloadError:
        return None


def _last_received(messages: Sequence[_Message]) -> datetime:
    return max(message.received_at for message in messages)
