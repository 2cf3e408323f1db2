"""Databases for the simulations: copies of one that has its reference data, since loading that takes longest."""

import itertools
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import psycopg
import pytest

from payments_pipeline.postgres.connect import Database
from payments_pipeline.postgres.migrate import migrate
from payments_pipeline.postgres.server import Server
from payments_pipeline.reference_data import load_reference_data
from tests.simulation.house import House

_numbers = itertools.count(1)


@cache
def _furnished(server: Server) -> str:
    name = "furnished_template"
    with psycopg.connect(server.url("postgres"), autocommit=True) as admin:
        admin.execute(f"create database {name}".encode())
    database = Database(server.url(name), dagster_name="dagster")
    migrate(database)
    with database.connect() as connection:
        load_reference_data(connection)
    return name


@pytest.fixture
def build_house(server: Server, tmp_path: Path) -> Iterator[Callable[[Path, int], House]]:
    """Makes a house of its own for a world; `seed` is for what chance decides in it."""
    with ExitStack() as stack:
        admin = stack.enter_context(psycopg.connect(server.url("postgres"), autocommit=True))

        def build(world: Path, seed: int) -> House:
            name = f"simulation_{next(_numbers)}"
            admin.execute(f"create database {name} template {_furnished(server)}".encode())
            stack.callback(admin.execute, f"drop database {name} with (force)".encode())
            home = tmp_path / name
            home.mkdir()
            return House(Database(server.url(name), dagster_name="dagster"), world, home, random.Random(seed))

        yield build
