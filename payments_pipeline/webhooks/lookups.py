"""What others may ask about payments: by reference, by loan, and how the service is doing.

Read from the facts, through a few connections of their own, so that a question never holds up a message. A payment is
found by its reference for 90 days around today and by its loan for 400; whoever needs more asks the marts.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from time import monotonic
from typing import Any, Final

import psycopg
from psycopg.rows import dict_row

from payments_pipeline.errors import DatabaseError
from payments_pipeline.formats.webhook_payload import NEWEST_DAYS
from payments_pipeline.postgres.connect import Database
from payments_pipeline.postgres.run import statements
from payments_pipeline.rules.calendar import business_date
from payments_pipeline.rules.envelope import normalised_reference
from payments_pipeline.webhooks.store import UnavailableError

BY_REFERENCE: Final = timedelta(days=90)
BY_LOAN: Final = timedelta(days=400)
CONNECTIONS: Final = 4


Row = dict[str, Any]


class Lookups:
    """Answers questions from the database."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now
        self._free: asyncio.LifoQueue[psycopg.AsyncConnection[Any] | None] = asyncio.LifoQueue()
        self._waiting: tuple[float, Row] | None = None
        self._counting: asyncio.Task[Row] | None = None
        for _ in range(CONNECTIONS):
            self._free.put_nowait(None)

    async def close(self) -> None:
        """Close the connections that are free."""
        while not self._free.empty():
            if (connection := self._free.get_nowait()) is not None:
                await connection.close()

    async def is_reachable(self) -> bool:
        """Whether the database answers."""
        try:
            async with self._connection() as connection:
                await connection.execute(b"select 1")
        except UnavailableError:
            return False
        return True

    async def by_reference(self, reference: str) -> list[Row]:
        """The payments of this reference."""
        today = self._today()
        payments = await self._query(
            "by_reference",
            reference=normalised_reference(reference),
            since=today - BY_REFERENCE,
            until=today + timedelta(days=NEWEST_DAYS),
        )
        return await self._with_statuses(payments)

    async def by_loan(self, loan_id: int, limit: int, offset: int) -> tuple[list[Row], int]:
        """A page of the payments of a loan, the latest first, and how many there are (none beyond the last page)."""
        payments = await self._query(
            "by_loan", loan_id=loan_id, page_size=limit, page_start=offset, **self._loan_days()
        )
        total = payments[0]["total"] if payments else 0
        return await self._with_statuses(payments), total

    async def summary(self, loan_id: int) -> list[Row]:
        """The payments of a loan by channel, those that went back apart."""
        return await self._query("summary", loan_id=loan_id, **self._loan_days())

    async def waiting(self, at_most_old: float = 0.0) -> Row:
        """What was received and not taken up; as it was so many seconds ago, if that is known."""
        known = self._waiting
        if known is not None and monotonic() - known[0] <= at_most_old:
            return known[1]
        if self._counting is None or self._counting.done():
            self._counting = asyncio.create_task(self._count_waiting())
        # whoever asks while it is counted is told the same; one who goes away takes it from nobody
        return await asyncio.shield(self._counting)

    async def _count_waiting(self) -> Row:
        (counted,) = await self._query("waiting")
        self._waiting = (monotonic(), counted)
        return counted

    async def received(self, days: int) -> list[Row]:
        """What came by webhook in the last days, by source."""
        return await self._query("received", since=self._today() - timedelta(days=days - 1))

    async def partitions(self) -> list[Row]:
        """The tables that are partitioned by the day."""
        return await self._query("partitions")

    async def days_waiting(self) -> list[Row]:
        """Days that ask to be run, by why."""
        return await self._query("days_waiting")

    async def _with_statuses(self, payments: list[Row]) -> list[Row]:
        """The payments with what became of each: `waiting` to be staged, `received`, or its last step once posted."""
        known = [payment for payment in payments if payment["value_date"] is not None]
        found: dict[Any, str] = {}
        if known:
            rows = await self._query(
                "statuses",
                value_dates=[payment["value_date"] for payment in known],
                loan_ids=[payment["loan_id"] for payment in known],
                payment_ids=[payment["payment_id"] for payment in known],
            )
            found = {row["payment_id"]: row["status"] for row in rows}
        return [
            payment
            | {"status": "waiting" if payment["value_date"] is None else found.get(payment["payment_id"], "received")}
            for payment in payments
        ]

    def _today(self) -> date:
        return business_date(self._now())

    def _loan_days(self) -> dict[str, date]:
        today = self._today()
        return {"since": today - BY_LOAN, "until": today + timedelta(days=NEWEST_DAYS)}

    async def _query(self, name: str, **parameters: object) -> list[Row]:
        (statement,) = statements(f"webhooks/{name}")
        async with self._connection() as connection:
            cursor = connection.cursor(row_factory=dict_row)
            await cursor.execute(f"/* webhooks/{name} */ {statement.text}".encode(), parameters)
            return await cursor.fetchall()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        connection = await self._free.get()
        try:
            if connection is None or connection.closed:
                connection = await self._database.connect_async(
                    application_name="payments webhooks look-ups", autocommit=True
                )
            yield connection
        except (psycopg.OperationalError, DatabaseError, OSError) as error:
            if connection is not None:
                await connection.close()
            raise UnavailableError(type(error).__name__) from error
        finally:
            self._free.put_nowait(connection)
