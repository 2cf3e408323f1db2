"""A process that polls is killed at random moments; what it stored and where it stopped always agree."""

import random
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from payments_pipeline.column.local.running import running
from payments_pipeline.world.generation import generate
from payments_pipeline.world.parameters import World
from tests.simulation.house import FIRST, House

KILLS = 8
END = datetime(2026, 7, 6, 12, tzinfo=UTC)

# Ten events a page and a transaction a page, so that there is much to be killed in.
POLL = """
import sys
from datetime import date, datetime
from payments_pipeline.column.client import ColumnClient
from payments_pipeline.ingestion import poll
from payments_pipeline.postgres.connect import Database

url, bank, key, now, since = sys.argv[1:]
poll._PAGES_IN_CHUNK = 1
client = ColumnClient(bank, key)
ask = client.events
client.events = lambda **asked: ask(**asked | {"limit": 10})
with Database(url, dagster_name="dagster").connect() as connection:
    print("polling", flush=True)
    poll.poll_events(
        connection, client, received_at=datetime.fromisoformat(now), since=date.fromisoformat(since)
    )
"""


def test_a_poller_killed_at_any_moment_neither_loses_nor_doubles_an_event(
    tmp_path: Path, build_house: Callable[[Path, int], House]
) -> None:
    generate(World(loans=400, seed=7, first_day=FIRST, days=7), tmp_path / "world")
    house = build_house(tmp_path / "world", 7)
    chance = random.Random(7)
    with running(tmp_path / "world") as bank:
        bank.move_clock(END)
        with bank.client() as client:
            told = sorted(item["id"] for item in client.list("/events", "events"))
        stored: list[str] = []
        for kill in [*[True] * KILLS, False]:
            poller = subprocess.Popen(
                [sys.executable, "-c", POLL, house.url, bank.url, bank.api_key, END.isoformat(), FIRST.isoformat()],
                stdout=subprocess.PIPE,
            )
            assert poller.stdout is not None
            with poller.stdout:
                assert poller.stdout.readline() == b"polling\n"
                if kill:
                    time.sleep(chance.uniform(0.0, 0.3))
                    poller.kill()
                assert poller.wait(60) == (-9 if kill else 0)
            before, stored = stored, house.events()
            assert set(before) <= set(stored)
    assert len(told) > 300
    assert stored == told
