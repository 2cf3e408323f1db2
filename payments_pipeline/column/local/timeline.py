"""All events of the local bank in one order: those of the world, and those of what happens while it runs.

Events stand in the order in which they were made. One is in the lists once the bank's clock has passed it, unless it is
withheld. Index 0 of the world's events is the newest; the live ones are kept oldest first, and are few.
"""

import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from payments_pipeline.column.local.lives import KINDS
from payments_pipeline.column.local.spool import Spool, type_of
from payments_pipeline.world.draws import Flags, Int64s, scattered

_NEVER: Final = 2**63 - 1
_BLOCK: Final = 20_000
_WITHHELD_SALT: Final = 0xBA_2000
_DATA: Final = b'"data":'


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """An event of what happens while the bank runs."""

    created: int
    id: str
    type: str
    object_id: str
    text: bytes

    @property
    def order(self) -> tuple[int, str]:
        """Where it stands among the live events."""
        return self.created, self.id


@dataclass(frozen=True, slots=True)
class Query:
    """Which events a page is to hold. Instants in nanoseconds, both included."""

    limit: int
    newer_than: str | None = None
    older_than: str | None = None
    since: int = 0
    until: int = _NEVER
    types: frozenset[str] = frozenset()
    object_ids: Sequence[str] = ()


class UnknownCursorError(LookupError):
    """A page was asked for beside an event that there is not."""


Place = int | LiveEvent
"""An event: where it stands in the world, or itself."""


class Timeline:
    """The events, and the clock up to which they are made."""

    def __init__(self, spool: Spool, now: int) -> None:
        self.spool = spool
        self.now = now
        self._live: list[LiveEvent] = []
        self._live_by_id: dict[str, LiveEvent] = {}
        self._withheld_until: dict[str, int] = {}
        self._undone: set[int] = set()
        self._withheld_share = 0.0
        self._withheld_for = 0
        self._withheld_seed = 0

    # What stands where.

    def add(self, event: LiveEvent) -> None:
        """Puts a live event in its place, which may be ahead of the clock."""
        bisect.insort(self._live, event, key=lambda one: one.order)
        self._live_by_id[event.id] = event

    def drop(self, object_id: str, kept: frozenset[str] = frozenset()) -> None:
        """Takes back what was to happen to an object after now: it was called off."""
        self._live = [e for e in self._live if e.created <= self.now or e.object_id != object_id or e.type in kept]
        self._live_by_id = {event.id: event for event in self._live}
        for index in self.spool.of_object(object_id).tolist():
            if self.spool.created[index] > self.now:
                self._undone.add(index)

    def withhold(self, event_id: str, until: int) -> None:
        """Keeps an event out of the lists until then."""
        self._withheld_until[event_id] = until

    def withhold_share(self, share: float, nanoseconds: int, seed: int) -> None:
        """Keeps a share of the world's events out of the lists for so long after they were made."""
        self._withheld_share, self._withheld_for, self._withheld_seed = share, nanoseconds, seed

    def find(self, event_id: str) -> Place | None:
        """An event by its id, unless it lies ahead of the clock or is withheld."""
        place: Place | None = self._live_by_id.get(event_id)
        place = self.spool.find(event_id) if place is None else place
        return None if place is None or not self._is_shown(place) else place

    def text(self, place: Place) -> bytes:
        """The event itself."""
        return place.text if isinstance(place, LiveEvent) else self.spool.text(place)

    def created(self, place: Place) -> int:
        """When it was made."""
        return place.created if isinstance(place, LiveEvent) else int(self.spool.created[place])

    def type_of(self, place: Place) -> str:
        """Its type."""
        return place.type if isinstance(place, LiveEvent) else type_of(int(self.spool.kinds[place]))

    # Pages.

    def slice(self, query: Query) -> tuple[memoryview | bytes, bool] | None:
        """A page as one piece of the world's text, and whether there is more; None where that is not possible."""
        if query.types or query.object_ids:
            return None
        (start, end), live = self._bounds(query)
        wanted_from = max(start, end - query.limit) if query.newer_than is not None else start
        wanted_to = min(end, wanted_from + query.limit)
        if live or self._may_be_withheld(wanted_from, wanted_to):
            return None
        if wanted_from == wanted_to:
            return b"", False
        return self.spool.slice(wanted_from, wanted_to), end - start > query.limit

    def page(self, query: Query) -> tuple[list[Place], bool]:
        """The events of a page, newest first, and whether there are more in the direction that was asked for."""
        (start, end), live = self._bounds(query)
        from_oldest = query.newer_than is not None
        wanted = query.limit + 1
        places: list[Place] = []
        places += self._of_world(query, start, end, from_oldest, wanted)
        places += [e for e in (live if from_oldest else reversed(live)) if self._matches(query, e)][:wanted]
        places.sort(key=self._order, reverse=not from_oldest)
        has_more, places = len(places) > query.limit, places[: query.limit]
        return places[::-1] if from_oldest else places, has_more

    def between(self, after: int, until: int) -> Iterator[Place]:
        """The events made after one instant and up to another, oldest first, withheld ones included."""
        live = [event for event in self._live if after < event.created <= until]
        start, end = self.spool.newer_than(until), self.spool.newer_than(after)
        for index in range(end - 1, start - 1, -1):
            made = int(self.spool.created[index])
            while live and live[0].created < made:
                yield live.pop(0)
            if index not in self._undone:
                yield index
        yield from live

    # Objects.

    def state_of(self, object_id: str) -> bytes | None:
        """The object as it stands: the snapshot of its newest event, told or withheld."""
        live = [event for event in self._live if event.object_id == object_id and event.created <= self.now]
        made = self.spool.of_object(object_id)
        made = made[self.spool.created[made] <= self.now]
        places: list[Place] = [*live, *(index for index in made.tolist() if index not in self._undone)]
        if not places:
            return None
        text = self.text(max(places, key=self._order))
        data = text[text.index(_DATA) + len(_DATA) : -1]
        return data if f'"id":"{object_id}"'.encode() in data else None

    def event_of(self, object_id: str, types: frozenset[str]) -> str | None:
        """The id of the newest event about an object that is of one of the types."""
        live = [event.id for event in self._live if event.object_id == object_id and event.type in types]
        if live:
            return live[-1]
        made = [one for one in self.spool.of_object(object_id).tolist() if self.type_of(one) in types]
        return self.spool.event_id(made[0]) if made else None

    def _bounds(self, query: Query) -> tuple[tuple[int, int], list[LiveEvent]]:
        """The range of the world's events, and the live ones, between the cursors and the instants of a query.

        An event of the world counts as older than a live one of the same instant.
        """
        until, since = min(query.until, self.now), query.since
        start, end = self.spool.newer_than(until), self.spool.newer_than(since - 1)
        live = self._live[self._live_from(since) : self._live_from(until + 1)] if self._live else []
        for cursor, is_newer in ((query.newer_than, True), (query.older_than, False)):
            if cursor is None:
                continue
            place = self._cursor(cursor)
            if place is None:
                raise UnknownCursorError(cursor)
            at = self.created(place)
            if isinstance(place, LiveEvent):
                edge = self.spool.newer_than(at)
                start, end = (start, min(end, edge)) if is_newer else (max(start, edge), end)
                live = [e for e in live if (e.order > place.order if is_newer else e.order < place.order)]
            else:
                start, end = (start, min(end, place)) if is_newer else (max(start, place + 1), end)
                live = [e for e in live if (e.created >= at) == is_newer]
        return (start, max(start, end)), live

    def _cursor(self, event_id: str) -> Place | None:
        """Where a cursor stands, be it shown or not: what was shown once stays a place to go on from."""
        place: Place | None = self._live_by_id.get(event_id)
        return self.spool.find(event_id) if place is None else place

    def _live_from(self, created: int) -> int:
        return bisect.bisect_left(self._live, created, key=lambda one: one.created)

    def _of_world(self, query: Query, start: int, end: int, from_oldest: bool, wanted: int) -> list[int]:
        """Up to so many of the world's events of a range, from its oldest or newest on."""
        if query.object_ids:
            found = np.unique(np.concatenate([self.spool.of_object(one) for one in query.object_ids]))
            rows = found[(found >= start) & (found < end)]
            rows = rows[self._shown(rows, query.types)]
            return [int(row) for row in (rows[::-1] if from_oldest else rows)[:wanted]]
        chosen: list[int] = []
        while start < end and len(chosen) < wanted:
            block = (
                np.arange(max(start, end - _BLOCK), end) if from_oldest else np.arange(start, min(end, start + _BLOCK))
            )
            start, end = (start, int(block[0])) if from_oldest else (int(block[-1]) + 1, end)
            rows = block[self._shown(block, query.types)]
            chosen += (rows[::-1] if from_oldest else rows)[: wanted - len(chosen)].tolist()
        return chosen

    def _shown(self, rows: Int64s, types: frozenset[str]) -> Flags:
        """Which of the world's events are of the types and not withheld."""
        shown = np.ones(len(rows), dtype=np.bool_)
        if types:
            wanted = [number for number, kind in enumerate(KINDS) if kind.type in types]
            shown &= np.isin(self.spool.kinds[rows], wanted)
        if self._withheld_share:
            until = self.spool.created[rows] + self._withheld_for
            shown &= ~self._is_drawn(rows) | (until <= self.now)
        if self._withheld_until or self._undone:
            shown &= ~np.isin(rows, [*self._held_places(), *self._undone])
        return shown

    def _held_places(self) -> list[int]:
        held = [name for name, until in self._withheld_until.items() if until > self.now]
        return [place for place in map(self.spool.find, held) if place is not None]

    def _is_drawn(self, rows: Int64s) -> Flags:
        drawn: Flags = scattered(rows + 1, _WITHHELD_SALT + self._withheld_seed) < np.uint64(
            min(self._withheld_share * 2.0**64, 2.0**64 - 2_048)
        )
        return drawn

    def _may_be_withheld(self, start: int, end: int) -> bool:
        """Whether anything between these places could be; cheap, since every page asks."""
        if self._undone or any(until > self.now for until in self._withheld_until.values()):
            return True
        if not self._withheld_share or start == end:
            return False
        return int(self.spool.created[start]) + self._withheld_for > self.now

    def _is_shown(self, place: Place) -> bool:
        if self.created(place) > self.now:
            return False
        if isinstance(place, LiveEvent):
            return self._withheld_until.get(place.id, 0) <= self.now
        return bool(self._shown(np.array([place], dtype=np.int64), frozenset())[0])

    def _matches(self, query: Query, event: LiveEvent) -> bool:
        return (
            (not query.types or event.type in query.types)
            and (not query.object_ids or event.object_id in query.object_ids)
            and self._is_shown(event)
        )

    def _order(self, place: Place) -> tuple[int, bool, str, int]:
        """Oldest first; among the world's events of one instant, the greater index is the older."""
        if isinstance(place, LiveEvent):
            return place.created, True, place.id, 0
        return int(self.spool.created[place]), False, "", -place
