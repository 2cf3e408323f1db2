"""What the tests share: real PostgreSQL servers of their own, and databases on them that are quick to get."""

import base64
import itertools
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import psycopg
import pytest

from payments_pipeline.environment import apply_process_environment
from payments_pipeline.postgres.binaries import bundled_bin_dir
from payments_pipeline.postgres.connect import Database
from payments_pipeline.postgres.migrate import migrate
from payments_pipeline.postgres.server import Server
from payments_pipeline.reference_data import load_reference_data
from payments_pipeline.supervise import Supervisor
from tests.operations.books import books_on

if TYPE_CHECKING:
    from payments_pipeline.world import World

ServerKind = Literal["embedded", "debian"]
WorldOf = Callable[["World"], Path]

DEBIAN_BIN_DIRS = Path("/usr/lib/postgresql")

MEMORY = Path("/dev/shm")
"""A folder in memory, for servers that each hold hundreds of databases after another: a slow disk doubled what tests take."""

ROOM_FOR_SERVERS = 4 << 30

apply_process_environment()
# Started in the background we ignore it, and a run of Dagster makes SIGTERM the same: such a worker would outlive its tests.
signal.signal(signal.SIGINT, signal.default_int_handler)
# without one, whatever loads a book would make a key in the checkout's own state
os.environ.setdefault("PAYMENTS_PII_KEY", base64.b64encode(bytes(range(32))).decode())


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other accounts can enter, unlike pytest's own: a root user's server runs as another account."""
    with _open_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def start_server() -> Iterator[Callable[[ServerKind], Server]]:
    """Starts each kind of server once, when it is first asked for, and stops it in the end."""
    with ExitStack() as stack:

        @cache
        def start(kind: ServerKind) -> Server:
            folder = stack.enter_context(_open_folder(_place_of_servers()))
            server = Server(folder / "postgres", bin_dir_of(kind), fast_and_loose=True)
            stack.callback(server.stop)
            server.start()
            return server

        yield start


@pytest.fixture
def server_kind() -> ServerKind:
    """The server of a test: the embedded one, unless the test is parametrized with `server_kind`.

    `@pytest.mark.parametrize("server_kind", ["embedded", "debian"])` runs it on an external server too.
    """
    return "embedded"


@pytest.fixture
def server(server_kind: ServerKind, start_server: Callable[[ServerKind], Server]) -> Server:
    """A running server, shared by the tests of the session."""
    return start_server(server_kind)


@pytest.fixture
def empty_database(server: Server) -> Iterator[Database]:
    """A database with nothing in it, dropped after the test."""
    with new_database(server, template="template1") as database:
        yield database


@pytest.fixture
def database(server: Server) -> Iterator[Database]:
    """A freshly migrated database, dropped after the test."""
    with new_database(server, template=migrated_template(server)) as database:
        yield database


@pytest.fixture
def furnished(server: Server) -> Iterator[Database]:
    """A database that has its reference data too, dropped after the test."""
    with new_database(server, template=furnished_template(server)) as database:
        yield database


@pytest.fixture
def connection(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """The pipeline's connection to the database of the test."""
    with database.connect() as connection:
        yield connection


@pytest.fixture(scope="session")
def books(start_server: Callable[..., Server]) -> Database:
    """Books that have been kept for a week. Tests leave them as they found them."""
    return books_on(start_server("embedded"))


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    """Starts programs, and ends them with the test."""
    supervisor = Supervisor(tmp_path / "logs")
    yield supervisor
    supervisor.stop_all()


@pytest.fixture(scope="session")
def world_of(tmp_path_factory: pytest.TempPathFactory) -> WorldOf:
    """Makes a world, each once. Tests leave it as they found it."""
    from payments_pipeline.world import generate  # what some tests need should not cost each one's start

    @cache
    def made(world: "World") -> Path:
        folder = tmp_path_factory.mktemp("worlds") / "world"
        generate(world, folder)
        return folder

    return made


def bin_dir_of(kind: ServerKind) -> Path:
    """The programs of this kind of server; without them the test is skipped."""
    if kind == "embedded":
        return bundled_bin_dir()
    found = sorted(DEBIAN_BIN_DIRS.glob("*/bin"), key=lambda path: int(path.parent.name))
    if not found:
        pytest.skip(f"there is no PostgreSQL below {DEBIAN_BIN_DIRS} (Debian's package postgresql)")
    return found[-1]


@cache
def migrated_template(server: Server) -> str:
    name = "migrated_template"
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"create database {name}".encode())
    migrate(Database(server.url(name), dagster_name="dagster"))
    return name


@cache
def furnished_template(server: Server) -> str:
    """Loading the reference data takes longer than most tests: it is copied."""
    name = "furnished_template"
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"create database {name} template {migrated_template(server)}".encode())
    with Database(server.url(name), dagster_name="dagster").connect() as connection:
        load_reference_data(connection)
    return name


_numbers = itertools.count(1)


@contextmanager
def new_database(server: Server, template: str) -> Iterator[Database]:
    name = f"test_{next(_numbers)}"
    with psycopg.connect(server.url("postgres"), autocommit=True) as admin:
        admin.execute(f"create database {name} template {template}".encode())
        try:
            yield Database(server.url(name), dagster_name=f"{name}_dagster")
        finally:
            for made in (name, f"{name}_dagster"):
                admin.execute(f"drop database if exists {made} with (force)".encode())


def _place_of_servers() -> Path | None:
    has_room = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ROOM_FOR_SERVERS
    return MEMORY if has_room else None


@contextmanager
def _open_folder(place: Path | None = None) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="payments-test-", dir=place))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
