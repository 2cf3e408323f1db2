"""The bank's events on their way to staged rows.

Events come here from the poller, from the webhooks and from healing, in whatever order and however often: one that is
known is left alone, the new ones become the rows of a batch. What their types mean is data, `data/column_events.csv`; the
rows are staged by the statements `sql/ingestion/column_*.sql`, a set at a time. From there on they are rows like those of
any file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg

from payments_pipeline.column.events import RawEvent
from payments_pipeline.errors import PaymentsError
from payments_pipeline.ingestion.schema import NEWEST_DAYS, OLDEST_DAYS
from payments_pipeline.postgres.run import query, run

_NEW_YORK: Final = ZoneInfo("America/New_York")
_COPY: Final = "copy arriving (place, event_id, type, object_id, created_at, created_on, raw) from stdin"
_COPIED_AT_ONCE: Final = 1_000
_NULL: Final = r"\N"
_UNDATED: Final = date(1970, 1, 1)
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
_YEARS: Final = (2000, 2099)
"""Between which an event can have been made: each day of theirs gets a partition."""
_ESCAPES: Final = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


class EventTypesError(PaymentsError):
    """Events came before what they mean was loaded. Staged now, all of them would say nothing for ever."""


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
    booked_on = received_at.astimezone(_NEW_YORK).date()
    with connection.transaction():
        run(connection, "ingestion/column_arriving")
        days = _copy(connection, events)
        run(connection, "ingestion/column_open_days", days=days, booked_on=booked_on)
        (new,) = query(connection, "ingestion/column_new_events", days=days)
        if not new["events"]:
            return StagedEvents(len(events))
        if not new["has_types"]:
            raise EventTypesError(
                "the database does not know what the bank's events mean: ingestion.event_types is empty",
                "load the reference data, as `payments up` does; nothing was stored, and the bank keeps its events.",
            )
        batch_id = UUID(bytes=new["sha256"][:16])
        told = {
            "batch_id": batch_id,
            "booked_on": booked_on,
            "received_at": received_at,
            "source": source,
            "uri": uri,
            "sha256": new["sha256"],
            "size_bytes": new["size_bytes"],
            "oldest_days": OLDEST_DAYS,
            "newest_days": NEWEST_DAYS,
        }
        for step in ("words", "transfers", "originals", "staged", "rejects", "cases"):
            run(connection, f"ingestion/column_{step}", **told)
    return StagedEvents(len(events), batch_id, new["events"])


def _copy(connection: psycopg.Connection[Any], events: Sequence[RawEvent]) -> list[date]:
    """Brings the events to the server, once each and in the order in which the bank made them; returns their days."""
    once = {event.id: event for event in events}.values()  # a page and the next may both hold an event
    dated = [(instant_of(event.created_at), event) for event in once]
    dated.sort(key=lambda one: (one[0] or _LONG_AGO, one[1].id))
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        for first in range(0, len(dated), _COPIED_AT_ONCE):
            some = dated[first : first + _COPIED_AT_ONCE]
            copy.write("".join(_line(place, *one) for place, one in enumerate(some, first)))
    return sorted({_day(created_at) for created_at, _ in dated})


def _line(place: int, created_at: datetime | None, event: RawEvent) -> str:
    told = (
        str(place),
        event.id.translate(_ESCAPES),
        event.type.translate(_ESCAPES),
        event.object_id.translate(_ESCAPES) or _NULL,
        created_at.isoformat() if created_at else _NULL,
        _day(created_at).isoformat(),
        # JSON has no bare control characters: of what COPY takes for its own, only the backslash can occur in it
        event.text.replace("\\", r"\\"),
    )
    return "\t".join(told) + "\n"


def _day(created_at: datetime | None) -> date:
    return created_at.date() if created_at else _UNDATED


def instant_of(text: str) -> datetime | None:
    """When the bank made an event, by its own account; None where it says nothing that can be."""
    try:
        instant = datetime.fromisoformat(text)
        return instant.astimezone(UTC) if instant.tzinfo and _YEARS[0] <= instant.year <= _YEARS[1] else None
    except (ValueError, OverflowError):
        return None
