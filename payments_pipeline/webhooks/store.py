"""Storing what was received, durably and many at once.

A request that waits for its own commit would wait for the disk alone. Requests that come within a few milliseconds are
therefore stored by one statement in one transaction (`sql/webhooks/accept.sql`), which counts them against their limits
too, and each is answered once that is committed.
"""

import asyncio
import hashlib
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

import psycopg

from payments_pipeline.formats.webhook_payload import Word
from payments_pipeline.postgres.connect import Database
from payments_pipeline.postgres.run import statements

Endpoint = Literal["column", "payments"]
Verdict = Literal["created", "duplicate", "counted", "client_limited", "channel_limited"]

WINDOW: Final = timedelta(minutes=1)
GATHERING_SECONDS: Final = 0.004
"""How long a group waits for others to join it. At 1,000 requests a second it halves what each costs."""
MOST_AT_ONCE: Final = 500
MOST_WAITING: Final = 5_000
"""Requests that may wait in memory; more than a worker can answer in time are turned away at once."""

log = logging.getLogger(__name__)


class UnavailableError(Exception):
    """The request could not be stored, and may be sent again."""


class Answer(NamedTuple):
    """What became of a request. `retry_after` is in seconds, for one that came beyond its limit."""

    verdict: Verdict
    retry_after: int


@dataclass(frozen=True)
class Limits:
    """The most requests in `WINDOW`."""

    client: int
    channel: int


@dataclass(slots=True)
class Received:
    """A signed request. One without a body was not in order: it is counted and not stored."""

    endpoint: Endpoint
    client: str
    channel: str | None = None
    body: bytes | None = field(default=None, repr=False)
    word: Word | None = field(default=None, repr=False)


def request_id(endpoint: Endpoint, channel: str | None, body: bytes) -> UUID:
    """The id of a message: the same bytes at the same endpoint are the same message, if they are about one channel."""
    return UUID(bytes=hashlib.sha256(f"{endpoint}|{channel or ''}|".encode() + body).digest()[:16])


class Store:
    """Stores requests in groups, on one connection, from `run` until that is cancelled."""

    def __init__(
        self,
        database: Database,
        limits: Limits,
        now: Callable[[], datetime],
        told: Callable[[int, float], object],
    ) -> None:
        self._database = database
        self._limits = limits
        self._now = now
        self._told = told
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._waiting: list[tuple[Received, asyncio.Future[Answer]]] = []
        self._arrived = asyncio.Event()

    async def accept(self, received: Received) -> Answer:
        """Store one request; returns once it would survive a crash. Raises `UnavailableError` if it was not stored."""
        if len(self._waiting) >= MOST_WAITING:
            raise UnavailableError("too many requests wait")
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((received, answer))
        self._arrived.set()
        return await answer

    async def run(self) -> None:
        """Store what arrives, until cancelled."""
        try:
            while True:
                await self._arrived.wait()
                await asyncio.sleep(GATHERING_SECONDS)
                group, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
                if not self._waiting:
                    self._arrived.clear()
                await self._settle(group)
        finally:
            for _, answer in self._waiting:
                _fail(answer)
            await self._disconnect()

    async def _settle(self, group: Sequence[tuple[Received, "asyncio.Future[Answer]"]]) -> None:
        began = perf_counter()
        try:
            answers = await self._store([received for received, _ in group])
        except psycopg.DataError as error:
            # Nothing that passed the checks should bring this about. If something does, it alone is turned away.
            if len(group) > 1:
                for one in group:
                    await self._settle([one])
            else:
                # without its text: that may quote what was sent
                log.error("a request could not be stored: %s", type(error).__name__)
                _fail(group[0][1])
        except Exception as error:  # whatever it is, those that come after must find somebody who stores them
            log.error("%d requests could not be stored: %s", len(group), type(error).__name__)
            await self._disconnect()
            for _, answer in group:
                _fail(answer)
        except BaseException:
            for _, answer in group:
                _fail(answer)
            raise
        else:
            self._told(len(group), perf_counter() - began)
            for (_, answer), given in zip(group, answers, strict=True):
                if not answer.done():  # its client may have gone
                    answer.set_result(given)

    async def _store(self, group: list[Received]) -> list[Answer]:
        if self._connection is None or self._connection.closed:
            self._connection = await self._database.connect_async(application_name="payments webhooks", autocommit=True)
        cursor = await self._connection.execute(_ACCEPT, self._parameters(group))
        return [Answer(verdict, retry_after) for _, verdict, retry_after in await cursor.fetchall()]

    def _parameters(self, group: list[Received]) -> dict[str, object]:
        words = [received.word for received in group]
        return {
            "request_ids": [
                None if received.body is None else request_id(received.endpoint, received.channel, received.body)
                for received in group
            ],
            "endpoints": [received.endpoint for received in group],
            "channels": [received.channel for received in group],
            "clients": [received.client for received in group],
            "bodies": [received.body for received in group],
            "payment_ids": [word and word.payment_id for word in words],
            "word_ids": [word and word.word_id for word in words],
            "references": [word and word.reference for word in words],
            "keys": [word and word.key for word in words],
            "signals": [word and word.event for word in words],
            "value_dates": [word and word.value_date for word in words],
            "loan_ids": [word and word.loan_id for word in words],
            "received_at": self._now(),
            "window_length": WINDOW,
            "client_limit": self._limits.client,
            "channel_limit": self._limits.channel,
        }

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg.Error, OSError):
                await connection.close()


def _fail(answer: "asyncio.Future[Answer]") -> None:
    if not answer.done():
        answer.set_exception(UnavailableError("it could not be stored"))


_ACCEPT: Final = f"/* webhooks/accept */ {statements('webhooks/accept')[0].text}".encode()
