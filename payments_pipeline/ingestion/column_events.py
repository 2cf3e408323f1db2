"""The bank's events on their way to staged rows.

Events come here from the poller, from the webhooks and from healing, in whatever order and however often: one that is
known is left alone, the new ones become the rows of a batch. What they say was read by `column_reading`; the rows are
staged by the statements `sql/ingestion/column_*.sql`, a set at a time. From there on they are rows like those of any file.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

import psycopg

from payments_pipeline.column.events import RawEvent, read_event
from payments_pipeline.errors import PaymentsError
from payments_pipeline.ingestion.column_reading import COLUMNS, EventRules, Reading, load_rules
from payments_pipeline.ingestion.schema import NEWEST_DAYS, OLDEST_DAYS
from payments_pipeline.postgres.run import query, run
from payments_pipeline.rules.calendar import business_date

READ_AGAIN_URI: Final = "column:read-again"

_COPY: Final = f"copy arriving (line, {', '.join(COLUMNS)}) from stdin"
_COPIED_AT_ONCE: Final = 1_000
_READ_AGAIN_AT_ONCE: Final = 10_000


class EventTypesError(PaymentsError):
    """Events came while what they mean was not loaded, or changed: staged now, they would say nothing for ever."""


@dataclass(frozen=True)
class StagedEvents:
    """What became of events that were given to be staged."""

    received: int
    batch_id: UUID | None = None
    """None if all of them were known."""
    new: int = 0

    @property
    def known(self) -> int:
        """Events that had come before."""
        return self.received - self.new


def stage_events(
    connection: psycopg.Connection[Any],
    events: Sequence[RawEvent],
    *,
    source: str,
    uri: str,
    received_at: datetime,
) -> StagedEvents:
    """Stages those of the events that are not known yet, as one batch, in a transaction (or within the caller's).

    `source` and `uri` say who delivered them and by what way, as for a file.
    """
    if not events:
        return StagedEvents(0)
    with connection.transaction():
        rules = load_rules(connection)
        readings = [rules.read(event) for event in events]
        return stage_readings(connection, rules, readings, source=source, uri=uri, received_at=received_at)


def stage_readings(
    connection: psycopg.Connection[Any],
    rules: EventRules,
    readings: Sequence[Reading],
    *,
    source: str,
    uri: str,
    received_at: datetime,
) -> StagedEvents:
    """Stages events that were read by these rules already; otherwise as `stage_events`."""
    if not readings:
        return StagedEvents(0)
    once = sorted({reading.event_id: reading for reading in readings}.values())  # a page and the next may both hold one
    with connection.transaction():
        run(connection, "ingestion/column_arriving")
        known = _known(connection, once)
        new = [reading for reading in once if reading.event_id not in known] if known else once
        if not new:
            return StagedEvents(len(readings))
        batch_id = _stage(connection, rules, new, source, uri, received_at, is_known=False)
    return StagedEvents(len(readings), batch_id, len(new))


def read_again(connection: psycopg.Connection[Any], *, source: str, received_at: datetime) -> int:
    """Stages once more the events whose types we did not know when they came, and know now; returns how many.

    Their first rows stay what they were, noted. Each batch is a transaction of its own (or within the caller's).
    """
    count = 0
    while True:
        with connection.transaction():
            rules = load_rules(connection)
            run(connection, "ingestion/column_arriving")
            rows = query(connection, "ingestion/column_known_now", most=_READ_AGAIN_AT_ONCE)
            readings = sorted(rules.read(read_event(row["raw"])) for row in rows)
            if readings:
                _stage(connection, rules, readings, source, READ_AGAIN_URI, received_at, is_known=True)
        count += len(readings)
        if len(readings) < _READ_AGAIN_AT_ONCE:
            return count


def _known(connection: psycopg.Connection[Any], readings: Sequence[Reading]) -> set[str]:
    """The ids of those that have come before; a day at a time, since events are known by their days."""
    found: set[str] = set()
    for day, some in groupby(readings, attrgetter("day")):
        ids = [reading.event_id for reading in some]
        found.update(row["event_id"] for row in query(connection, "ingestion/column_known", day=day, event_ids=ids))
    return found


def _stage(
    connection: psycopg.Connection[Any],
    rules: EventRules,
    readings: Sequence[Reading],
    source: str,
    uri: str,
    received_at: datetime,
    *,
    is_known: bool,
) -> UUID:
    """The readings as a batch. Its id is the hash of their texts, in the order in which the bank made them."""
    digest = hashlib.sha256(b"".join([reading.digest for reading in readings])).digest()
    if is_known:
        # the same texts were a batch before, and may be one again after another change of what they mean
        digest = hashlib.sha256(digest + rules.version.encode()).digest()
    batch_id = UUID(bytes=digest[:16])
    booked_on = business_date(received_at)
    told = {
        "batch_id": batch_id,
        "booked_on": booked_on,
        "received_at": received_at,
        "source": source,
        "uri": uri,
        "sha256": digest,
        "size_bytes": sum(reading.size_bytes for reading in readings),
        "oldest_days": OLDEST_DAYS,
        "newest_days": NEWEST_DAYS,
    }
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        for block in _blocks(readings):
            copy.write(block)
    run(connection, "ingestion/column_open_days", days=_days(readings), booked_on=booked_on)
    run(connection, "ingestion/column_words", **told)
    _refuse_other_rules(connection, rules)
    for step in ("transfers", "originals"):
        run(connection, f"ingestion/column_{step}", **told)
    # the events, and returns that waited for one of them
    rows = run(connection, "ingestion/column_staged", **told)
    run(connection, "ingestion/batches", **told, rows_received=rows)
    if not is_known:
        run(connection, "ingestion/column_bank_events", **told)
    for step in ("rejects", "cases"):
        run(connection, f"ingestion/column_{step}", **told)
    return batch_id


def _blocks(readings: Sequence[Reading]) -> Iterator[str]:
    for first in range(0, len(readings), _COPIED_AT_ONCE):
        some = readings[first : first + _COPIED_AT_ONCE]
        yield "".join([f"{line}\t{one.fields}\t{one.text}\n" for line, one in enumerate(some, first + 1)])


def _days(readings: Sequence[Reading]) -> list[date]:
    return sorted({reading.day for reading in readings})


def _refuse_other_rules(connection: psycopg.Connection[Any], rules: EventRules) -> None:
    (now,) = query(connection, "ingestion/column_rules_version")
    if now["version"] is None:
        raise EventTypesError(
            "the database does not know what the bank's events mean: ingestion.event_types is empty",
            "load the reference data, as `payments up` does; nothing was stored, and the bank keeps its events.",
        )
    if now["version"] != rules.version:
        raise EventTypesError(
            "what the bank's events mean was loaded anew while they were read",
            "nothing was stored; they are read again at the next look at the bank.",
        )
