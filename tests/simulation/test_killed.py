"""A process that polls is killed at random moments; what it stored and where it stopped always agree."""

import multiprocessing
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from payments_pipeline.column.local.control import LocalBank
from payments_pipeline.column.local.running import running
from payments_pipeline.ingestion import poll
from payments_pipeline.postgres.connect import Database
from payments_pipeline.world.generation import generate
from payments_pipeline.world.parameters import World
from tests.simulation.house import FIRST, House

KILLS = 8
END = datetime(2026, 7, 6, 12, tzinfo=UTC)


def poll_in_small_steps(database: Database, bank: LocalBank, begun: Connection) -> None:
    """Ten events a page and a transaction a page, so that there is much to be killed in."""
    poll._PAGES_IN_CHUNK = 1  # type: ignore[misc]
    client = bank.client()
    client.events = partial(client.events, limit=10)  # type: ignore[method-assign]
    with database.connect() as connection:
        begun.send("polling")
        poll.poll_events(connection, client, received_at=END, since=FIRST)


def test_a_poller_killed_at_any_moment_neither_loses_nor_doubles_an_event(
    tmp_path: Path, build_house: Callable[[Path, int], House]
) -> None:
    generate(World(loans=400, seed=7, first_day=FIRST, days=7), tmp_path / "world")
    house = build_house(tmp_path / "world", 7)
    chance = random.Random(7)
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload([__name__])
    with running(tmp_path / "world") as bank:
        bank.move_clock(END)
        with bank.client() as client:
            told = sorted(item["id"] for item in client.list("/events", "events"))
        stored: list[str] = []
        for kill in [*[True] * KILLS, False]:
            heard, begun = processes.Pipe(duplex=False)
            poller = processes.Process(target=poll_in_small_steps, args=(house.database, bank, begun))
            poller.start()
            begun.close()
            with heard:
                assert heard.recv() == "polling"
                if kill:
                    time.sleep(chance.uniform(0.0, 0.3))
                    poller.kill()
            poller.join()
            assert poller.exitcode == (-9 if kill else 0)
            before, stored = stored, house.events()
            assert set(before) <= set(stored)
    assert len(told) > 300
    assert stored == told
