"""Databases for the simulations, as many as a test asks for."""

import itertools
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from payments_pipeline.postgres.connect import Database
from payments_pipeline.postgres.server import Server
from tests.conftest import furnished_template
from tests.simulation.house import House

_numbers = itertools.count(1)


@pytest.fixture
def build_house(server: Server, tmp_path: Path) -> Iterator[Callable[[Path, int], House]]:
    """Makes a house of its own for a world; `seed` is for what chance decides in it."""
    with ExitStack() as stack:
        admin = stack.enter_context(psycopg.connect(server.url("postgres"), autocommit=True))

        def build(world: Path, seed: int) -> House:
            name = f"simulation_{next(_numbers)}"
            admin.execute(f"create database {name} template {furnished_template(server)}".encode())
            stack.callback(admin.execute, f"drop database {name} with (force)".encode())
            home = tmp_path / name
            home.mkdir()
            return House(Database(server.url(name), dagster_name="dagster"), world, home, random.Random(seed))

        yield build
