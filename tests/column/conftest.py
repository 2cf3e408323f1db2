"""A small noisy world, and local banks that play it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from payments_pipeline.column.client import ColumnClient
from payments_pipeline.column.local.control import LocalBank
from payments_pipeline.column.local.running import running
from payments_pipeline.world import World
from tests.conftest import WorldOf

WORLD = World(loans=450, seed=14, first_day=date(2026, 6, 29), days=12, noise=5)
END = datetime(2026, 7, 12, tzinfo=UTC)
"""When all of the world has happened."""

OpenBank = Callable[..., LocalBank]


@pytest.fixture(scope="session")
def world_dir(world_of: WorldOf) -> Path:
    return world_of(WORLD)


@pytest.fixture
def open_bank(world_dir: Path) -> Iterator[OpenBank]:
    """Opens local banks of the world, and closes them after the test."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(running(world_dir, **options))


@pytest.fixture
def bank(open_bank: OpenBank) -> LocalBank:
    """A bank at the end of its world."""
    opened = open_bank()
    opened.move_clock(END)
    return opened


@pytest.fixture
def client(bank: LocalBank) -> Iterator[ColumnClient]:
    with bank.client(sleep=lambda _: None) as opened:
        yield opened


def walked_back(client: ColumnClient, **filters: Any) -> list[str]:
    """The ids of all events, newest first, page by page from the newest."""
    ids: list[str] = []
    page = client.events(**filters)
    while True:
        ids += [event.id for event in page.items]
        if not page.has_more:
            return ids
        page = client.events(before=page.items[-1].id, **filters)


def walked_forward(client: ColumnClient, after: str, **filters: Any) -> list[str]:
    """The ids of the events after one, oldest first, page by page from there."""
    ids: list[str] = []
    page = client.events(after=after, **filters)
    while True:
        ids += [event.id for event in reversed(page.items)]
        if not page.has_more:
            return ids
        page = client.events(after=page.items[0].id, **filters)
