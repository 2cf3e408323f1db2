"""The embedded server runs as long as somebody uses it."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from payments_pipeline.postgres.lease import stop_for_all
from payments_pipeline.postgres.server import Server

_USE_UNTIL_INPUT_ENDS = """
import sys
from pathlib import Path
from payments_pipeline.postgres import lease
getattr(lease, sys.argv[2])(Path(sys.argv[1]))
print("using", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def root(open_folder: Path) -> Iterator[Path]:
    yield open_folder / "postgres"
    stop_for_all(open_folder / "postgres")


@contextmanager
def user(root: Path, function: str = "use_embedded_server") -> Iterator["subprocess.Popen[str]"]:
    """Another process that uses the server until the block ends."""
    command = [sys.executable, "-c", _USE_UNTIL_INPUT_ENDS, str(root), function]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "using\n"
        yield process
        process.communicate(timeout=60)


def test_the_last_user_s_end_stops_the_server(root: Path) -> None:
    with user(root):
        with user(root):
            assert Server(root).is_ready()
        assert Server(root).is_ready()
    assert Server(root).postmaster_pid() is None


def test_a_killed_user_s_server_serves_the_next_one_and_ends_with_it(root: Path) -> None:
    with user(root) as process:
        before = Server(root).postmaster_pid()
        process.send_signal(signal.SIGKILL)
    assert Server(root).postmaster_pid() == before
    with user(root):
        assert Server(root).postmaster_pid() == before
    assert Server(root).postmaster_pid() is None


def test_a_server_that_was_stopped_under_its_user_is_started_anew_when_asked_for(root: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from payments_pipeline.postgres.lease import *; root = Path(sys.argv[1]);"
        "use_embedded_server(root); stop_for_all(root); print(use_embedded_server(root).is_ready())"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(root)], capture_output=True, text=True, timeout=120, check=True
    )
    assert ran.stdout == "True\n"


def test_a_server_that_is_to_keep_running_outlives_its_users_until_it_is_stopped(root: Path) -> None:
    with user(root, "keep_running"):
        pass
    with user(root):
        pass
    assert Server(root).is_ready()
    assert stop_for_all(root)
    assert Server(root).postmaster_pid() is None
    assert not stop_for_all(root)
