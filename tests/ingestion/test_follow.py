import traceback
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
import pytest
from pydantic import SecretStr

from payments_pipeline import clock
from payments_pipeline.bank import Bank
from payments_pipeline.column.local.control import WEBHOOK_SECRET, LocalBank
from payments_pipeline.column.local.running import running
from payments_pipeline.ingestion import sensors
from payments_pipeline.ingestion.follow import BankUnreachableError, follow_the_bank
from payments_pipeline.ingestion.sensors import bank_events
from payments_pipeline.operations.sensors import late_arrivals
from payments_pipeline.postgres.connect import Database
from payments_pipeline.resources import Platform
from payments_pipeline.world.parameters import World
from tests.conftest import WorldOf
from tests.ingestion.events import add_loans, load_event_types
from tests.webhooks.senders import COLUMN, serving

FIRST = date(2026, 6, 29)
EVENING = datetime(2026, 7, 1, 3, tzinfo=UTC)


@pytest.fixture(scope="module")
def world(world_of: WorldOf) -> Path:
    return world_of(World(loans=100, seed=3, first_day=FIRST, days=3))


@pytest.fixture
def connection(database: Database) -> Iterator[psycopg.Connection[Any]]:
    with database.connect("owner") as owner:
        load_event_types(owner)
        add_loans(owner, *range(1, 101))
    with database.connect() as connection:
        yield connection


def stored(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute("select count(*) from ingestion.bank_events").fetchone()
    connection.commit()
    assert row is not None
    return int(row[0])


def test_what_comes_by_webhook_is_taken_up_while_the_bank_cannot_be_read(
    connection: psycopg.Connection[Any], database: Database, world: Path, tmp_path: Path
) -> None:
    with (
        serving(database, tmp_path, column_webhook_secret=SecretStr(WEBHOOK_SECRET)) as service,
        running(world, webhook=str(service.base_url).rstrip("/") + COLUMN) as bank,
        bank.client(attempts=2, sleep=lambda seconds: None) as client,
    ):
        clock.set_clock(tmp_path, EVENING)
        bank.move_clock(EVENING)
        told = bank.status()["webhooks"]["taken"]
        bank.set_faults("5xx=1")
        with pytest.raises(BankUnreachableError, match="since 2026-07-01 03:00 UTC, once"):
            follow_the_bank(connection, client, received_at=EVENING, since=FIRST)
        assert stored(connection) == told > 10
        assert connection.execute("select count(*) > 10 from ingestion.payment_ingestions").fetchone() == (True,)
        later = EVENING + timedelta(hours=2)
        with pytest.raises(BankUnreachableError, match="since 2026-07-01 03:00 UTC, 2 times in a row"):
            follow_the_bank(connection, client, received_at=later, since=FIRST)
        bank.set_faults("")
        healed = follow_the_bank(connection, client, received_at=later, since=FIRST)
        assert (healed.polled.received >= told, healed.polled.new) == (True, 0)


@pytest.fixture
def bank(world: Path) -> Iterator[LocalBank]:
    with running(world) as bank:
        bank.move_clock(EVENING)
        yield bank


def tick(platform: Platform, instance: dg.DagsterInstance) -> Any:
    with dg.build_sensor_context(instance=instance, resources={"platform": platform}) as context:
        return bank_events(context)


def test_the_sensor_asks_for_exactly_the_days_that_the_events_touch(
    connection: psycopg.Connection[Any],
    database: Database,
    bank: LocalBank,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock.set_clock(tmp_path, EVENING + timedelta(days=9))
    platform = Platform(database, tmp_path, tmp_path / "inbox", Bank(bank.url, SecretStr(bank.api_key)))
    with dg.DagsterInstance.ephemeral() as instance:
        told = tick(platform, instance).skip_message
        connection.commit()
        with dg.build_sensor_context(instance=instance, resources={"platform": platform}) as context:
            result = late_arrivals(context)
        assert isinstance(result, dg.SensorResult)
        requested = {request.partition_key for request in result.run_requests or ()}
        assert all(f"{day}" in told for day in requested)
        touched = connection.execute(
            "select distinct effective_on from ingestion.payment_ingestions union"
            " select happened_on from ingestion.payment_ingestions where signal in ('returned', 'recalled')"
        ).fetchall()
        connection.commit()
        assert requested == {day.isoformat() for (day,) in touched}
        assert len(requested) > 1
        monkeypatch.setattr(sensors, "MAX_SECONDS", 0.5)
        bank.set_faults("5xx=1")
        with pytest.raises(dg.Failure, match="the bank could not be read since"):
            tick(platform, instance)
        bank.set_faults("")
        tick(platform, instance)
    assert connection.execute("select failures from ingestion.cursors where source = 'column'").fetchone() == (0,)


def test_what_fails_a_tick_is_told_without_the_rows_that_it_is_about(
    connection: psycopg.Connection[Any], database: Database, bank: LocalBank, tmp_path: Path
) -> None:
    clock.set_clock(tmp_path, EVENING)
    with database.connect("owner") as owner:
        owner.execute("alter table ingestion.batches add check (source <> 'column')")
    platform = Platform(database, tmp_path, tmp_path / "inbox", Bank(bank.url, SecretStr(bank.api_key)))
    with dg.DagsterInstance.ephemeral() as instance, pytest.raises(dg.Failure) as failed:
        tick(platform, instance)
    told = "".join(traceback.format_exception(failed.value))
    assert "violates check constraint" in told
    assert "Failing row contains" not in told


def test_without_a_bank_the_sensor_says_how_to_connect_one(
    connection: psycopg.Connection[Any], database: Database, tmp_path: Path
) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        result = tick(Platform(database, tmp_path, tmp_path / "inbox"), instance)
    assert isinstance(result, dg.SkipReason)
    assert result.skip_message is not None
    assert "PAYMENTS_COLUMN_URL" in result.skip_message
