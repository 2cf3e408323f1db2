"""`payments up` starts everything, tells where it is, and stops everything it started."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from payments_pipeline.edge import free_port
from payments_pipeline.postgres.lease import stop_for_all
from payments_pipeline.postgres.server import Server

pytestmark = pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks processes up in /proc")

# The demo world has tests of its own; here it would only take time.
_PAYMENTS = """
import sys, types
demo = types.ModuleType("payments_pipeline.demo")
demo.load_demo_if_empty = lambda settings, database, supervisor: print("demo world asked for")
sys.modules["payments_pipeline.demo"] = demo
from payments_pipeline.cli import main
main()
"""


@pytest.fixture
def home(open_folder: Path) -> Iterator[Path]:
    home = open_folder / "our home"
    yield home
    stop_for_all(home / "postgres")


@pytest.fixture
def environ(home: Path) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PAYMENTS_")}
    ports = {f"PAYMENTS_{name}_PORT": str(free_port()) for name in ("DAGSTER", "WEBHOOK", "BANK")}
    return inherited | ports | {"PAYMENTS_HOME": str(home), "PYTHONUNBUFFERED": "1"}


@contextmanager
def up(environ: dict[str, str], output: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A running `payments up`, which is made to end with the block if it has not ended before."""
    with output.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", _PAYMENTS, "up"], env=environ, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=60)


def wait_until_said(output: Path, text: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 180
    while text not in output.read_text():
        assert process.poll() is None, output.read_text()
        assert time.monotonic() < deadline, output.read_text()
        time.sleep(0.2)


def processes_of(home: Path) -> dict[int, str]:
    """The living processes that were given this home, but for ourselves."""
    wanted = f"PAYMENTS_HOME={home}\0".encode()
    found = {}
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdecimal() and wanted in (folder / "environ").read_bytes():
                found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
    return found


def test_everything_starts_answers_and_is_stopped_by_one_interrupt(
    home: Path, environ: dict[str, str], tmp_path: Path
) -> None:
    output = tmp_path / "output"
    address = f"http://127.0.0.1:{environ['PAYMENTS_DAGSTER_PORT']}"
    with up(environ, output) as process:
        wait_until_said(output, "Ctrl-C stops it all.", process)
        assert "demo world asked for" in output.read_text()
        assert address in output.read_text()
        with urllib.request.urlopen(f"{address}/server_info", timeout=30) as answer:
            assert json.load(answer)["dagster_version"]
        with psycopg.connect(Server(home / "postgres").url("dagster")) as connection:
            assert connection.execute("select to_regclass('public.event_logs') is not null").fetchone() == (True,)

        second = subprocess.run(
            [sys.executable, "-c", _PAYMENTS, "up"],
            env=environ,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert second.returncode == 1
        assert f"running already (process {process.pid}, {address})" in second.stderr

        assert any("dagster-daemon" in command for command in processes_of(home).values())
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0
    assert processes_of(home) == {}
    assert Server(home / "postgres").postmaster_pid() is None


def test_when_one_program_dies_it_is_named_and_the_rest_is_stopped(
    home: Path, environ: dict[str, str], tmp_path: Path
) -> None:
    output = tmp_path / "output"
    with up(environ, output) as process:
        wait_until_said(output, "Ctrl-C stops it all.", process)
        (daemon,) = (pid for pid, command in processes_of(home).items() if "dagster-daemon run" in command)
        os.kill(daemon, signal.SIGKILL)
        assert process.wait(timeout=60) == 1
    assert "error: dagster-daemon ended by SIGKILL" in output.read_text()
    assert str(home / "logs" / "dagster-daemon.log") in output.read_text()
    assert processes_of(home) == {}
    assert Server(home / "postgres").postmaster_pid() is None


def test_a_taken_port_is_told_before_anything_is_started(home: Path, environ: dict[str, str], tmp_path: Path) -> None:
    output = tmp_path / "output"
    with (
        closing(socket.create_server(("127.0.0.1", int(environ["PAYMENTS_DAGSTER_PORT"])))),
        up(environ, output) as process,
    ):
        assert process.wait(timeout=60) == 1
    assert "is taken by another program" in output.read_text()
    assert not (home / "postgres").exists()
