"""The embedded server comes up whatever was there before, and goes down without losing anything."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from payments_pipeline.errors import DatabaseError
from payments_pipeline.postgres import url as urls
from payments_pipeline.postgres.account import Account
from payments_pipeline.postgres.binaries import SYSTEM_DIR
from payments_pipeline.postgres.server import Server
from payments_pipeline.postgres.tuning import GB, MB, Machine, server_settings
from tests.conftest import ServerKind, bin_dir_of

BOTH_SERVERS = pytest.mark.parametrize("server_kind", ["embedded", "debian"])


@contextmanager
def running(server: Server) -> Iterator[Server]:
    try:
        server.start()
        yield server
    finally:
        server.stop()


def make_table(server: Server) -> None:
    with psycopg.connect(server.url()) as connection:
        connection.execute("create table kept as select n from generate_series(1, 1000) n")


def rows_kept(server: Server) -> int:
    with psycopg.connect(server.url()) as connection:
        (count,) = connection.execute("select count(*) from kept").fetchone() or (0,)
        return int(count)


def kill_postmaster(server: Server) -> None:
    pid = server.postmaster_pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


@BOTH_SERVERS
def test_a_server_starts_stops_and_starts_again_with_its_data(open_folder: Path, server_kind: ServerKind) -> None:
    server = Server(open_folder / "postgres", bin_dir_of(server_kind), fast_and_loose=True)
    with running(server):
        make_table(server)
        first_url = server.url()
    assert not server.is_ready()
    with running(server):
        assert rows_kept(server) == 1000
        assert server.url() == first_url


@BOTH_SERVERS
def test_a_killed_server_starts_again_at_once_with_all_that_was_committed(
    open_folder: Path, server_kind: ServerKind
) -> None:
    server = Server(open_folder / "postgres", bin_dir_of(server_kind), fast_and_loose=True)
    with running(server):
        make_table(server)
        kill_postmaster(server)
        server.start()
        assert rows_kept(server) == 1000


def test_a_server_killed_in_the_middle_of_a_query_starts_again(open_folder: Path) -> None:
    """Its last process holds the shared memory until it notices, and PostgreSQL refuses to start meanwhile."""
    server = Server(open_folder / "postgres", fast_and_loose=True)
    with running(server):
        make_table(server)
        busy = subprocess.Popen(
            [sys.executable, "-c", _BUSY_FOR_SECONDS, server.url()], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert busy.stdout is not None
        assert busy.stdout.readline() == b"busy\n"
        kill_postmaster(server)
        server.start()
        assert rows_kept(server) == 1000
        busy.kill()
        busy.communicate()


_BUSY_FOR_SECONDS = """
import sys, psycopg
connection = psycopg.connect(sys.argv[1])
print("busy", flush=True)
connection.execute("select count(*) from generate_series(1, 30000000)")
"""


@pytest.mark.parametrize("name", ['with spaces, o\'brien "$HOME" & ünïcode', "long" * 50])
def test_any_name_of_a_folder_will_do(open_folder: Path, name: str) -> None:
    server = Server(open_folder / name / "postgres", fast_and_loose=True)
    with running(server):
        make_table(server)
        assert rows_kept(server) == 1000


def test_what_a_killed_creation_left_behind_is_cleared_away(open_folder: Path) -> None:
    half_made = open_folder / "postgres" / ".initdb-half" / "data"
    half_made.mkdir(parents=True)
    (open_folder / "postgres").chmod(0o711)
    (half_made / "PG_VERSION").write_text("18\n")
    with running(Server(open_folder / "postgres", fast_and_loose=True)) as server:
        assert server.is_ready()
        assert not half_made.exists()


def test_a_process_number_that_now_belongs_to_another_program_does_not_keep_the_server_from_starting(
    open_folder: Path,
) -> None:
    server = Server(open_folder / "postgres", fast_and_loose=True)
    with running(server):
        make_table(server)
        pid_file = server.data_dir / "postmaster.pid"
        rest = pid_file.read_text().split("\n", 1)[1]
        kill_postmaster(server)
        _wait_until_gone(server)
        pid_file.write_text(f"{os.getpid()}\n{rest}")
        assert server.postmaster_pid() is None
        server.start()
        assert rows_kept(server) == 1000


def _wait_until_gone(server: Server) -> None:
    deadline = time.monotonic() + 30
    while server.postmaster_pid() is not None and time.monotonic() < deadline:
        time.sleep(0.05)


def test_a_running_server_is_known_by_whatever_way_its_folder_is_reached(open_folder: Path) -> None:
    (open_folder / "real").mkdir(mode=0o711)
    (open_folder / "link").symlink_to(open_folder / "real")
    with running(Server(open_folder / "real" / "postgres", fast_and_loose=True)) as server:
        same = Server(open_folder / "link" / "postgres", fast_and_loose=True)
        same.start()
        assert same.postmaster_pid() == server.postmaster_pid()
        assert same.url() == server.url()


def test_another_port_is_chosen_when_the_remembered_one_is_taken(open_folder: Path) -> None:
    server = Server(open_folder / "postgres", fast_and_loose=True)
    with running(server):
        make_table(server)
        taken = server.port
    assert taken is not None
    with closing(socket.socket()) as intruder:
        intruder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        intruder.bind(("127.0.0.1", taken))
        intruder.listen()
        with running(server):
            assert server.port != taken
            assert rows_kept(server) == 1000


def test_processes_that_start_at_the_same_time_share_one_server(open_folder: Path) -> None:
    root = open_folder / "postgres"
    starters = [
        subprocess.Popen([sys.executable, "-c", _START, str(root)], stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    told = {starter.communicate(timeout=120)[0] for starter in starters}
    try:
        assert [starter.returncode for starter in starters] == [0] * 4
        assert told == {f"{Server(root).postmaster_pid()}\n"}
    finally:
        Server(root).stop()


_START = """
import sys
from pathlib import Path
from payments_pipeline.postgres.server import Server
server = Server(Path(sys.argv[1]), fast_and_loose=True)
server.start()
print(server.postmaster_pid())
"""


def test_a_database_of_another_major_version_is_refused_by_name(open_folder: Path) -> None:
    server = Server(open_folder / "postgres", fast_and_loose=True)
    with running(server):
        pass
    (server.data_dir / "PG_VERSION").write_text("14\n")
    with pytest.raises(DatabaseError, match=r"made by PostgreSQL 14, the programs are \d+"):
        server.start()


def test_a_server_that_cannot_start_says_why(open_folder: Path) -> None:
    server = Server(open_folder / "postgres", fast_and_loose=True)
    with running(server):
        pass
    with (server.data_dir / "postgresql.conf").open("a") as configuration:
        configuration.write("no_such_setting = on\n")
    with pytest.raises(DatabaseError, match="no_such_setting") as refused:
        server.start()
    assert str(server.log_file) in refused.value.remedy


def test_the_password_is_asked_for(server: Server) -> None:
    address = urls.parse(server.url())
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(urls.compose(address | {"password": "wrong"}))


def test_the_log_of_the_server_quotes_no_row(server: Server) -> None:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("create temporary table people (name text primary key)")
        connection.execute("insert into people values ('Jane Doe')")
        for refused in ("insert into people values ('Jane Doe')", "select name::integer from people"):
            with pytest.raises(psycopg.Error, match="Jane Doe"):
                connection.execute(refused.encode())
    written = server.log_file.read_text(encoding="utf-8")
    assert "database system is ready" in written
    assert "Jane Doe" not in written


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run the server as another account")
def test_a_root_user_s_server_runs_as_an_unprivileged_account(server: Server) -> None:
    pid = server.postmaster_pid()
    assert pid is not None
    assert Path(f"/proc/{pid}").stat().st_uid == Account.for_server(server.data_dir).uid != 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server runs as an account that cannot enter root's folders")
def test_below_a_folder_that_is_closed_to_its_account_the_data_is_kept_elsewhere(open_folder: Path) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    server = Server(closed / "postgres", fast_and_loose=True)
    try:
        with running(server):
            make_table(server)
            assert server.data_dir.is_relative_to(SYSTEM_DIR)
            assert closed.stat().st_mode & 0o777 == 0o700
        with running(server):
            assert rows_kept(server) == 1000
    finally:
        shutil.rmtree(server.data_dir.parent)


def test_the_settings_fit_the_machine() -> None:
    large = server_settings(Machine(memory=64 * GB, shared_memory=32 * GB, disk=1000 * GB))
    small = server_settings(Machine(memory=1 * GB, shared_memory=64 * MB, disk=5 * GB))
    assert large["shared_buffers"] == "8192MB"
    assert large["max_wal_size"] == "16384MB"
    assert "dynamic_shared_memory_type" not in large
    assert small["shared_buffers"] == "256MB"
    assert small["work_mem"] == "10MB"
    assert small["max_wal_size"] == "1024MB"
    assert (large["wal_buffers"], small["wal_buffers"]) == ("256MB", "16MB")
    assert (large["min_wal_size"], small["min_wal_size"]) == ("4096MB", "256MB")
    assert small["dynamic_shared_memory_type"] == "mmap"


def test_only_tests_may_be_fast_and_loose() -> None:
    machine = Machine(memory=8 * GB, shared_memory=4 * GB, disk=100 * GB)
    assert (server_settings(machine)["fsync"], server_settings(machine)["synchronous_commit"]) == ("on", "on")
    assert server_settings(machine, fast_and_loose=True)["fsync"] == "off"
