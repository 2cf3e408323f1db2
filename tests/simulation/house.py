"""A house for the simulations: a book, a bank that plays its world, and days that pass, with the plain functions."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from pydantic import SecretStr

from payments_pipeline import clock
from payments_pipeline.column.client import ColumnClient
from payments_pipeline.column.local.control import WEBHOOK_SECRET, LocalBank
from payments_pipeline.column.local.running import running
from payments_pipeline.ingestion.border import load_arrivals
from payments_pipeline.ingestion.follow import follow_the_bank
from payments_pipeline.ingestion.ingest import ingest_pending
from payments_pipeline.ingestion.poll import Sweep
from payments_pipeline.ledger.posting import board, post_day
from payments_pipeline.operations.digest import digests
from payments_pipeline.operations.laws import check_all
from payments_pipeline.postgres.connect import Database
from payments_pipeline.postgres.run import run
from payments_pipeline.reference_data import follow_the_book
from payments_pipeline.world.generation import generate
from payments_pipeline.world.load import load_portfolio
from payments_pipeline.world.parameters import World
from tests.webhooks.senders import COLUMN, serving

FIRST = date(2026, 6, 29)
DAYS = 4
"""Days on which something arrives."""
AFTER = 3
"""Days after them, in which what was withheld comes too."""
EVENING = time(23, 0, tzinfo=ZoneInfo("America/New_York"))
SWEEPS = (Sweep("all days", timedelta(days=30), timedelta(0)),)


def make_world(folder: Path, seed: int) -> Path:
    """A world of some tens of loans with three to five times the troubles of real life."""
    generate(World(loans=80 + seed % 40, seed=seed, first_day=FIRST, days=DAYS, noise=3.0 + seed % 3), folder)
    return folder


@dataclass(frozen=True)
class Disturbance:
    """What goes wrong on the way."""

    faults: str
    by_webhook: bool


@dataclass
class House:
    """One database, and how its days pass."""

    database: Database
    world: Path
    home: Path
    chance: random.Random

    def live(self, disturbance: Disturbance | None) -> None:
        """All days, one after the other: what arrives is taken in, the day is posted, and those that ask for it again.

        Undisturbed, everything is known before the first day is posted.
        """
        with self.database.connect() as connection:
            load_portfolio(connection, self.world)
            follow_the_book(connection)
            board(connection)
            connection.commit()
            with self._bank(disturbance) as bank, bank.client(sleep=lambda seconds: None) as client:
                for day in days():
                    bank.move_clock(datetime.combine(day, EVENING))
                    if disturbance or day == days()[-1]:
                        self._take_in(connection, client, datetime.combine(day, EVENING).astimezone(UTC))
                    if disturbance:
                        self.post(connection, [day])
                        self.post(connection, self.waiting(connection))
            self.post(connection, self.waiting(connection) if disturbance else days())
            assert not self.waiting(connection)

    def state(self) -> str:
        """The digest of the state, once all laws were found to hold."""
        with self.database.connect() as connection:
            broken = [result for result in check_all(connection) if not result.holds]
            assert not broken, [f"{one.checked.name}: {one.violations[0]}" for one in broken]
            return digests(connection)["state"].hex

    def events(self) -> list[str]:
        """The bank's events that are known. Each stands among the staged rows once; a return that waited, twice."""
        with self.database.connect() as connection:
            known = connection.execute(
                'select event_id from ingestion.bank_events order by event_id collate "C"'
            ).fetchall()
            staged = connection.execute(
                "select s.raw::jsonb ->> 'id', e.event_id, s.event from ingestion.staged as s"
                " left join ingestion.bank_events as e using (batch_id, line)"
                " where s.metadata ? 'event_id' order by s.raw::jsonb ->> 'id' collate \"C\""
            ).fetchall()
            cursor = connection.execute("select newest_id from ingestion.cursors where source = 'column'").fetchone()
        assert known == [(told,) for told, event_id, _ in staged if told == event_id]
        assert {word for _, event_id, word in staged if event_id is None} <= {"recalled", "returned"}
        assert cursor is None or cursor in [*known, (None,)]
        return [event_id for (event_id,) in known]

    def count(self, what: str) -> int:
        """How many rows there are."""
        with self.database.connect() as connection:
            row = connection.execute(f"select count(*) from {what}".encode()).fetchone()
        assert row is not None
        return int(row[0])

    def _take_in(self, connection: psycopg.Connection[Any], client: ColumnClient, now: datetime) -> None:
        load_arrivals(connection, self.home / "inbox", date.max)
        follow_the_bank(connection, client, received_at=now, since=FIRST, sweeps=SWEEPS)
        ingest_pending(connection)

    def waiting(self, connection: psycopg.Connection[Any]) -> list[date]:
        """Posted days that ask to be posted again."""
        found = connection.execute(
            "select distinct business_date from operations.day_requests where satisfied_at is null"
            " and reason <> 'variance' and business_date in (select business_date from ledger.days)"
        ).fetchall()
        connection.commit()
        waiting = sorted(day for (day,) in found)
        self.chance.shuffle(waiting)
        return waiting

    def post(self, connection: psycopg.Connection[Any], wanted: list[date]) -> None:
        """Posts these days, one after the other."""
        for number, day in enumerate(wanted):
            with connection.transaction():
                run(connection, "operations/begin_day", day=day, run_id=str(number))
                post_day(connection, day)
                run(connection, "operations/finish_day", day=day, run_id=str(number))

    @contextmanager
    def _bank(self, disturbance: Disturbance | None) -> Iterator[LocalBank]:
        def note(instant: datetime) -> None:
            clock.set_clock(self.home, instant)

        arranged: dict[str, Any] = {"inbox": self.home / "inbox", "note_clock": note}
        (self.home / "inbox" / "arrivals").mkdir(parents=True)
        if disturbance is None:
            with running(self.world, **arranged) as bank:
                yield bank
        elif not disturbance.by_webhook:
            with running(self.world, faults=disturbance.faults, **arranged) as bank:
                yield bank
        else:
            with serving(self.database, self.home, column_webhook_secret=SecretStr(WEBHOOK_SECRET)) as service:
                url = str(service.base_url).rstrip("/") + COLUMN
                with running(self.world, faults=disturbance.faults, webhook=url, **arranged) as bank:
                    yield bank


def days() -> list[date]:
    """The days of a life, in order."""
    return [FIRST + timedelta(days=number) for number in range(DAYS + AFTER)]
