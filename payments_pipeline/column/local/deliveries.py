"""Webhooks of the local bank: signed, delivered as its clock moves, and delivered again where they were not taken.

Time here is the bank's, not the machine's: a delivery that fails is tried again a minute later of the bank's clock, then
after ever longer pauses, 25 times within three days. A move of the clock tries all that falls due on its way, in order.
"""

import asyncio
import heapq
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import httpx

from payments_pipeline.column.local.faults import FaultBook
from payments_pipeline.column.local.objects import Json
from payments_pipeline.column.local.timeline import Place, Timeline
from payments_pipeline.column.signature import ENDPOINT_HEADER, HEADER, sign

ALL_EVENTS: Final = "*"
"""Stands for every type in the events of an endpoint. The real bank wants them named."""

_SECOND_NS: Final = 1_000_000_000
_FIRST_PAUSE_NS: Final = 60 * _SECOND_NS
_GROWTH: Final = 1.338  # with which the 25th attempt falls on the third day
_ATTEMPTS: Final = 25
_TIMEOUT_SECONDS: Final = 10.0
_SHUFFLED_WITHIN: Final = 200


@dataclass(slots=True)
class Endpoint:
    """Where events of some types go."""

    id: str
    url: str
    secret: str
    enabled_events: list[str]
    description: str
    created_at: str
    updated_at: str
    is_disabled: bool = False

    def takes(self, event_type: str) -> bool:
        """Whether events of a type go there."""
        return not self.is_disabled and (event_type in self.enabled_events or ALL_EVENTS in self.enabled_events)

    def as_json(self, *, with_secret: bool) -> Json:
        """As the bank shows it; the secret once, when it is made."""
        shown: Json = {
            "id": self.id,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
            "url": self.url,
            "enabled_events": self.enabled_events,
            "description": self.description,
            "is_disabled": self.is_disabled,
        }
        return shown | ({"secret": self.secret} if with_secret else {})


@dataclass(slots=True)
class Delivered:
    """What came of deliveries."""

    attempted: int = 0
    taken: int = 0
    refused: int = 0
    """Attempts that failed; most are repeated later."""
    given_up: int = 0
    waiting: int = 0
    """Events that will be tried again."""


@dataclass(order=True, slots=True)
class _Due:
    at: int
    number: int
    place: Place = field(compare=False)
    endpoint: Endpoint = field(compare=False)
    attempt: int = field(compare=False, default=1)


class Deliveries:
    """Who gets events, what was delivered, and what waits to be tried again."""

    def __init__(self, timeline: Timeline, faults: FaultBook, *, at_once: int) -> None:
        self.endpoints: list[Endpoint] = []
        """In the order in which they were made: the first that takes a type gets it, alone."""
        self.total = Delivered()
        self._timeline = timeline
        self._faults = faults
        self._at_once = at_once
        self._waiting: list[_Due] = []
        self._numbers = itertools.count()
        self._http = httpx.AsyncClient(
            timeout=_TIMEOUT_SECONDS,
            trust_env=False,
            limits=httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def deliver(self, after: int, until: int) -> Delivered:
        """Tries all that falls due between two instants of the bank's clock: new events, and those to be repeated."""
        before = self.total
        self.total = Delivered()
        fresh = self._fresh(after, until) if self.endpoints else iter(())
        upcoming = next(fresh, None)
        while True:
            wave: list[_Due] = []
            while len(wave) < self._at_once:
                if self._waiting and self._waiting[0].at <= until and (not upcoming or self._waiting[0] < upcoming):
                    wave.append(heapq.heappop(self._waiting))
                elif upcoming:
                    wave.append(upcoming)
                    upcoming = next(fresh, None)
                else:
                    break
            if not wave:
                break
            await asyncio.gather(*map(self._try, wave))
        now, self.total = self.total, _sum(before, self.total)
        now.waiting = self.total.waiting = len(self._waiting)
        return now

    async def verify(self, endpoint: Endpoint, event_type: str, body: bytes) -> bool:
        """Sends a test event; whether it was taken."""
        return endpoint.takes(event_type) and await self._post(endpoint, body)

    def _fresh(self, after: int, until: int) -> Iterator[_Due]:
        """First attempts, oldest first; some in no order, twice or never where such faults are in force."""
        faults = self._faults
        events = self._timeline.between(after, until)
        while block := list(itertools.islice(events, _SHUFFLED_WITHIN)):
            dues = [due for due in map(self._due, block) if due and not faults.happens("webhook_lost")]
            dues += [due for due in dues if faults.happens("webhook_duplicate")]
            if dues and faults.happens("webhook_shuffle"):
                times = sorted(due.at for due in dues)
                faults.shuffle(dues)
                dues = [
                    _Due(at, next(self._numbers), due.place, due.endpoint) for at, due in zip(times, dues, strict=True)
                ]
            yield from dues

    def _due(self, place: Place) -> _Due | None:
        event_type = self._timeline.type_of(place)
        endpoint = next((one for one in self.endpoints if one.takes(event_type)), None)
        if endpoint is None:
            return None
        return _Due(self._timeline.created(place), next(self._numbers), place, endpoint)

    async def _try(self, due: _Due) -> None:
        self.total.attempted += 1
        if due.endpoint not in self.endpoints or due.endpoint.is_disabled:
            self.total.given_up += 1
        elif await self._post(due.endpoint, self._timeline.text(due.place)):
            self.total.taken += 1
        else:
            self.total.refused += 1
            if due.attempt <= _ATTEMPTS:
                pause = int(_FIRST_PAUSE_NS * _GROWTH ** (due.attempt - 1))
                again = _Due(due.at + pause, next(self._numbers), due.place, due.endpoint, due.attempt + 1)
                heapq.heappush(self._waiting, again)
            else:
                self.total.given_up += 1

    async def _post(self, endpoint: Endpoint, body: bytes) -> bool:
        headers = {
            "Content-Type": "application/json",
            HEADER: sign(endpoint.secret, body),
            ENDPOINT_HEADER: endpoint.id,
        }
        try:
            response = await self._http.post(endpoint.url, content=body, headers=headers)
        except httpx.TransportError:
            return False
        return response.is_success


def _sum(one: Delivered, other: Delivered) -> Delivered:
    return Delivered(
        one.attempted + other.attempted,
        one.taken + other.taken,
        one.refused + other.refused,
        one.given_up + other.given_up,
    )
