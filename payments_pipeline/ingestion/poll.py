"""Reading the bank's events by asking for them: forward from where we stopped, then again over the days behind.

The bank lists events newest first and makes no promise about their order: one may appear behind where we stopped. So we
walk forward from the cursor, and read the last hour again every ten minutes and the last week every day. The cursor moves
in the transaction that stores what was read; killed anywhere, a poll neither loses nor doubles an event.

What stands in the list and cannot be read as an event is kept for a person to see, and the events around it are read: money
does not wait for a bad line. Only where a whole page and more cannot be read does the poll stop.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from operator import attrgetter
from time import monotonic
from typing import Any, Final

import psycopg

from payments_pipeline.column.client import ColumnClient
from payments_pipeline.column.connection import ColumnError
from payments_pipeline.column.events import Unreadable
from payments_pipeline.errors import PaymentsError
from payments_pipeline.ingestion.column_events import stage_readings
from payments_pipeline.ingestion.column_reading import EventRules, Reading, load_rules
from payments_pipeline.postgres.run import query, run
from payments_pipeline.rules.calendar import NEW_YORK

SOURCE: Final = "column"
POLLED_URI: Final = "column:events"
ASKED_URI: Final = "column:asked-again"
MOST_QUESTIONS: Final = 1_000

_PAGES_IN_CHUNK: Final = 100
_OBJECTS_AT_ONCE: Final = 50
_READ_ON_WITHIN: Final = timedelta(hours=1)
_SHORTEST_SPAN: Final = timedelta(seconds=1)
_UNKNOWN_CURSOR: Final = frozenset({400, 404})


class PollError(PaymentsError):
    """The bank's list of events cannot be followed."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """How much is read again, and how often."""

    name: str
    back: timedelta
    every: timedelta


SWEEPS: Final = (
    Sweep("last hour", timedelta(hours=1), timedelta(minutes=10)),
    Sweep("last week", timedelta(days=7), timedelta(days=1)),
)


@dataclass
class Polled:
    """What a poll read."""

    pages: int = 0
    received: int = 0
    new: int = 0
    is_through: bool = False
    """Whether all that there is was read; if not, the next poll goes on."""


@dataclass
class _Budget:
    """What a poll may still take."""

    pages: int | None
    ends_at: float | None
    polled: Polled = field(default_factory=Polled)

    @classmethod
    def of(cls, max_pages: int | None, max_seconds: float | None) -> "_Budget":
        return cls(max_pages, None if max_seconds is None else monotonic() + max_seconds)

    @property
    def is_spent(self) -> bool:
        is_late = self.ends_at is not None and monotonic() >= self.ends_at
        return is_late or (self.pages is not None and self.polled.pages >= self.pages)

    @property
    def chunk(self) -> int:
        """Pages that may be read before the next look at the clock."""
        left = _PAGES_IN_CHUNK if self.pages is None else self.pages - self.polled.pages
        return max(1, min(left, _PAGES_IN_CHUNK))


@dataclass(frozen=True)
class _Bank:
    """The bank, whose events are read as its pages come: by another thread, while those before them are stored."""

    client: ColumnClient
    rules: EventRules
    unreadable: deque[Unreadable] = field(default_factory=deque)
    """What was met in the pages, and is not kept yet."""

    def page(self, **asked: Any) -> "_Chunk":
        """One page, as `ColumnClient.events` gives it."""
        page = self.client.events(**asked)
        if page.unreadable and page.has_more and not page.items:
            raise PollError(
                f"the bank lists {len(page.unreadable)} events together of which none can be read; the first: "
                + page.unreadable[0].fault,
                "nothing was skipped; ask the bank whether its list has changed. Webhooks are taken up all the same.",
            )
        self.unreadable.extend(page.unreadable)
        events = [self.rules.read(event) for event in page.items]
        return _Chunk(events, 1, _newest(events) if events else None, page.has_more)


@dataclass(frozen=True)
class _Chunk:
    """Some pages, one after the other, and where they end."""

    events: Sequence[Reading]
    pages: int
    ends_at: Reading | None
    has_more: bool


@dataclass(frozen=True)
class _Look:
    """One look at the bank: where what is read goes, and how much of it may be."""

    connection: psycopg.Connection[Any]
    bank: _Bank
    received_at: datetime
    budget: _Budget


def poll_events(
    connection: psycopg.Connection[Any],
    client: ColumnClient,
    *,
    received_at: datetime,
    since: date,
    max_pages: int | None = None,
    max_seconds: float | None = None,
    sweeps: Sequence[Sweep] = SWEEPS,
) -> Polled:
    """Stages the events that are new, as far as the limits allow; the first poll begins with the day `since`.

    Transactions are this function's own: what was staged stays, whatever happens after it.
    """
    budget = _Budget.of(max_pages, max_seconds)
    look = _Look(connection, _Bank(client, load_rules(connection)), received_at, budget)
    newest = _cursor(look, SOURCE).get("newest_id")
    if newest is None:
        newest = _begin(look, since)
    is_through = newest is None or _follow(look, newest)
    swept = [_sweep(look, sweep) for sweep in sweeps if is_through]
    with connection.transaction():
        _keep_unreadable(look)
        run(connection, "ingestion/column_polled", source=SOURCE, received_at=received_at)
    budget.polled.is_through = is_through and all(swept)
    return budget.polled


def note_failure(
    connection: psycopg.Connection[Any], error: PaymentsError, *, received_at: datetime
) -> tuple[int, datetime]:
    """Notes that the bank could not be read; tells how often in a row, and since when."""
    with connection.transaction():
        (failed,) = query(
            connection, "ingestion/column_failed", source=SOURCE, received_at=received_at, error=error.message
        )
    return failed["failures"], failed["failing_since"]


# Forward -----------------------------------------------------------------------------------------------------------------


def _begin(look: _Look, since: date) -> str | None:
    """Stages the first events there are and sets the cursor to the newest of them; None where there is none yet.

    A list that is newest first gives no way to ask for the oldest, so spans of time are doubled while they are empty and
    halved until one fits a page: some thirty pages at most, whatever the limits.
    """
    start = datetime.combine(since, time(), NEW_YORK).astimezone(UTC)
    span = timedelta(days=1)
    while start <= look.received_at:
        page = look.bank.page(created_gte=start, created_lt=start + span)
        look.budget.polled.pages += 1
        events = list(page.events)
        if page.has_more and span > _SHORTEST_SPAN:
            span /= 2
            continue
        if page.has_more:
            for chunk in _chunks_back(look, created_gte=start, created_lt=start + span, bounded=False):
                events += chunk.events
        if events:
            newest = _newest(events)
            _store(look, SOURCE, events, None, newest)
            return newest.event_id
        start += span
        span *= 2
    return None


def _follow(look: _Look, newest: str) -> bool:
    """Walks forward from the cursor; the next pages are fetched while those before are stored. True at the end."""
    bank, budget = look.bank, look.budget
    with ThreadPoolExecutor(1, thread_name_prefix="bank") as reader:
        ahead: Future[_Chunk] | None = reader.submit(_read_forward, bank, newest, budget.chunk)
        while ahead is not None:
            chunk = ahead.result()
            budget.polled.pages += chunk.pages
            goes_on = chunk.has_more and not budget.is_spent
            if chunk.ends_at is None:
                return not chunk.has_more
            ahead = reader.submit(_read_forward, bank, chunk.ends_at.event_id, budget.chunk) if goes_on else None
            if not _store(look, SOURCE, chunk.events, newest, chunk.ends_at):
                return False
            newest = chunk.ends_at.event_id
            if not goes_on:
                return not chunk.has_more
    return False


def _read_forward(bank: _Bank, newest: str, pages: int) -> _Chunk:
    events: list[Reading] = []
    ends_at: Reading | None = None
    for number in range(1, pages + 1):
        page = _page_after(bank, newest)
        if page.ends_at is not None:
            ends_at = page.ends_at
            if ends_at.event_id == newest:
                raise _stalled(newest)
            newest = ends_at.event_id
            events += page.events
        elif page.has_more:
            raise _stalled(newest)
        if not page.has_more:
            return _Chunk(events, number, ends_at, has_more=False)
    return _Chunk(events, pages, ends_at, has_more=True)


def _page_after(bank: _Bank, newest: str) -> _Chunk:
    try:
        return bank.page(after=newest)
    except ColumnError as error:
        if error.status in _UNKNOWN_CURSOR:
            raise PollError(
                f"the bank does not know the event {newest}, up to which its events were read",
                "if another bank or another key is connected now, that is why: delete the row 'column' of "
                "ingestion.cursors as the owner of the database, and all events are read again; known ones are skipped.",
            ) from error
        raise


def _newest(events: Sequence[Reading]) -> Reading:
    """The event after which to go on. The first, if the bank keeps its order; pages out of order were seen."""
    return max(events, key=attrgetter("created_at"))


def _stalled(newest: str) -> PollError:
    return PollError(
        f"the bank's events do not move on from {newest}: it says that there are more, and gives none",
        "nothing was skipped; poll again later, and if it lasts, report it to the bank with this id.",
    )


# Back --------------------------------------------------------------------------------------------------------------------


def _sweep(look: _Look, sweep: Sweep) -> bool:
    """Reads the days behind the cursor again, if it is time; goes on where a poll before had to stop. True at the end."""
    source = f"{SOURCE}: {sweep.name}"
    begun, followed = _cursor(look, source), _cursor(look, SOURCE)
    position: str | None = begun.get("newest_id")
    swept_at = begun.get("swept_at")
    if position is None and swept_at is not None and look.received_at - swept_at < sweep.every:
        return True
    reached: datetime | None = begun.get("newest_at") if position else followed.get("newest_at")
    if reached is None:
        return True  # nothing was ever read
    since = reached if position else reached - sweep.back
    for chunk in _chunks_back(look, created_gte=since, before=position):
        _store(look, source, chunk.events, position, chunk.ends_at, reached=since)
        position = chunk.ends_at.event_id if chunk.ends_at else None
        if not chunk.has_more:
            with look.connection.transaction():
                for noted in ("polled", "swept"):
                    run(look.connection, f"ingestion/column_{noted}", source=source, received_at=look.received_at)
            return True
    return False


def _chunks_back(
    look: _Look,
    *,
    created_gte: datetime,
    created_lt: datetime | None = None,
    before: str | None = None,
    bounded: bool = True,
) -> Iterator[_Chunk]:
    """The events of a span of time, from the newest back, some pages at a time; at least some whatever the limits."""
    while True:
        events: list[Reading] = []
        ends_at: Reading | None = None
        has_more, pages = True, 0
        while has_more and pages < look.budget.chunk:
            page = look.bank.page(before=before, created_gte=created_gte, created_lt=created_lt)
            pages += 1
            has_more = page.has_more
            if page.events:
                ends_at = _oldest(page.events)
                events += page.events
            if has_more and (ends_at is None or ends_at.event_id == before):
                raise _stalled(str(before))
            before = ends_at.event_id if ends_at else before
        look.budget.polled.pages += pages
        yield _Chunk(events, pages, ends_at, has_more)
        if not has_more or (bounded and look.budget.is_spent):
            return


def _oldest(events: Sequence[Reading]) -> Reading:
    """The event before which to go on: the last, if the bank keeps its order."""
    return min(reversed(events), key=lambda event: event.told_at or datetime.max.replace(tzinfo=UTC))


# Again -------------------------------------------------------------------------------------------------------------------


def ask_again(
    connection: psycopg.Connection[Any],
    client: ColumnClient,
    *,
    received_at: datetime,
    most: int = MOST_QUESTIONS,
    max_pages: int | None = None,
    max_seconds: float | None = None,
) -> Polled:
    """Asks the bank again for what would explain the open variances, and for transfers whose returns wait.

    What was missed is staged like anything else. Each question is put seldomer every time; what the limits leave is asked
    at the next call, and a day of which a part was read is read on from there.
    """
    with connection.transaction():
        questions = query(connection, "ingestion/column_questions", received_at=received_at, most=most)
    budget = _Budget.of(max_pages, max_seconds)
    look = _Look(connection, _Bank(client, load_rules(connection)), received_at, budget)
    transfers = [row for row in questions if row["transfer_id"] is not None]
    days = [row for row in questions if row["transfer_id"] is None]
    answered = 0
    for first in range(0, len(transfers), _OBJECTS_AT_ONCE):
        if budget.is_spent:
            return budget.polled
        asked = transfers[first : first + _OBJECTS_AT_ONCE]
        _note_answers(look, asked, _all_about(look, [row["transfer_id"] for row in asked]))
    for row in days:
        if budget.is_spent:
            break
        answered += _ask_for_day(look, row)
    budget.polled.is_through = answered == len(days) and len(questions) < most
    return budget.polled


def _ask_for_day(look: _Look, asked: dict[str, Any]) -> bool:
    """Reads a day again, from where the call before had to stop. True at its end."""
    source = f"{SOURCE}: {asked['subject']}"
    start = datetime.combine(asked["bank_day"], time(), NEW_YORK)
    known = _cursor(look, source)
    was: str | None = known.get("newest_id")
    # a question that nobody put for a while is put anew: something may have appeared in what was read then
    before = was if known and look.received_at - known["polled_at"] < _READ_ON_WITHIN else None
    for chunk in _chunks_back(look, created_gte=start, created_lt=start + timedelta(days=1), before=before):
        if chunk.has_more:
            _store(look, source, chunk.events, was, chunk.ends_at, uri=ASKED_URI)
            was = chunk.ends_at.event_id if chunk.ends_at else was
        else:
            with look.connection.transaction():
                _note_answers(look, [asked], chunk.events)
                run(look.connection, "ingestion/column_swept", source=source, received_at=look.received_at)
            return True
    return False


def _all_about(look: _Look, object_ids: Sequence[str]) -> list[Reading]:
    events: list[Reading] = []
    before: str | None = None
    while True:
        page = look.bank.page(object_ids=object_ids, before=before)
        look.budget.polled.pages += 1
        events += page.events
        if not page.has_more:
            return events
        if not page.events or (last := _oldest(page.events).event_id) == before:
            raise _stalled(str(before))
        before = last


def _note_answers(look: _Look, asked: Sequence[dict[str, Any]], events: Sequence[Reading]) -> None:
    with look.connection.transaction():
        _stage(look, events, ASKED_URI)
        run(
            look.connection,
            "ingestion/asked_again",
            subjects=[row["subject"] for row in asked],
            bank_days=[row["bank_day"] for row in asked],
            received_at=look.received_at,
        )


# The cursor --------------------------------------------------------------------------------------------------------------


def _cursor(look: _Look, source: str) -> dict[str, Any]:
    with look.connection.transaction():
        found = query(look.connection, "ingestion/column_cursor", source=source)
    return found[0] if found else {}


def _store(
    look: _Look,
    source: str,
    events: Sequence[Reading],
    was_id: str | None,
    ends_at: Reading | None,
    *,
    reached: datetime | None = None,
    uri: str = POLLED_URI,
) -> bool:
    """Stages the events and moves the cursor to where they end; false if somebody else moved it meanwhile."""
    with look.connection.transaction():
        _stage(look, events, uri)
        if ends_at is None:
            return True
        moved = run(
            look.connection,
            "ingestion/column_cursor_moved",
            source=source,
            was_id=was_id,
            newest_id=ends_at.event_id,
            newest_at=reached or ends_at.told_at,
            received_at=look.received_at,
        )
    return moved == 1


def _stage(look: _Look, events: Sequence[Reading], uri: str) -> None:
    """Stages the events, and keeps what among them could not be read."""
    _keep_unreadable(look)
    staged = stage_readings(
        look.connection, look.bank.rules, events, source=SOURCE, uri=uri, received_at=look.received_at
    )
    look.budget.polled.received += staged.received
    look.budget.polled.new += staged.new


def _keep_unreadable(look: _Look) -> None:
    """Keeps what was met in the pages up to now, those that are to be stored among them."""
    unreadable = [look.bank.unreadable.popleft() for _ in range(len(look.bank.unreadable))]
    if unreadable:
        run(
            look.connection,
            "ingestion/column_unreadable",
            bodies=[one.text for one in unreadable],
            faults=[one.fault for one in unreadable],
            places=[one.place for one in unreadable],
            received_at=look.received_at,
        )
