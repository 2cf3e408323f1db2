"""The account that the embedded server runs as, when root starts it."""

import os
import pwd
import shutil
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from payments_pipeline.postgres import account
from payments_pipeline.postgres.account import Account

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root makes an account")


@pytest.fixture
def name(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A name that nobody has, to make an account of and to take away again."""
    name = f"payments-{os.getpid()}"
    monkeypatch.setattr(account, "SERVER_ACCOUNT", name)
    yield name
    subprocess.run(
        [shutil.which("userdel", path="/usr/sbin:/sbin") or "userdel", name], capture_output=True, check=False
    )


def test_servers_that_start_at_once_on_a_new_machine_run_as_one_account(name: str, tmp_path: Path) -> None:
    """`useradd` run twice at once gives the second a number of its own, under the same name, in place of the first."""
    at_once = threading.Barrier(8)

    def start(_: int) -> Account:
        at_once.wait()
        return Account.for_server(tmp_path / "data")

    with ThreadPoolExecutor(8) as starts:
        accounts = set(starts.map(start, range(8)))

    assert {each.uid for each in accounts} == {pwd.getpwnam(name).pw_uid}
