"""The service as it runs: a process with several workers, which may be killed at any moment."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
from pydantic import SecretStr

from payments_pipeline.clock import set_clock
from payments_pipeline.formats.webhook_payload import read_word
from payments_pipeline.postgres.connect import Database
from tests.ingestion.files import fetch
from tests.webhooks.senders import NOW, PAYMENTS, READER, body, post, settings_of


@contextmanager
def serving_apart(database: Database, home: Path, workers: int, **changes: object) -> Iterator[tuple[str, "Process"]]:
    """The service in a process group of its own; its address and process."""
    set_clock(home, NOW)
    settings = settings_of(home, database_url=SecretStr(database.url), **changes)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "payments_pipeline.cli",
            "webhooks",
            "serve",
            "--workers",
            str(workers),
            "--port",
            str(port),
        ],
        env=os.environ | settings.as_environ(),
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        address = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 60
        while not _answers(address):
            assert process.poll() is None, "the service did not start"
            assert time.monotonic() < deadline, "the service does not answer"
            time.sleep(0.1)
        yield address, process
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=30)
            finally:
                _kill(process)


Process = subprocess.Popen[bytes]


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/ready", timeout=2, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def _kill(process: Process) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait(timeout=30)


def test_workers_keep_one_limit_and_count_together(database: Database, tmp_path: Path) -> None:
    with (
        serving_apart(database, tmp_path, 2, webhook_client_limit=10**6) as (address, _),
        ThreadPoolExecutor(8) as pool,
    ):

        def send(n: int) -> int:
            with httpx.Client(base_url=address, timeout=20, trust_env=False) as client:  # any worker takes it
                return post(client, body(reference_number=f"r{n}")).status_code

        assert set(pool.map(send, range(60))) == {201}
        told = [
            httpx.get(f"{address}{PAYMENTS}/stats", headers=READER, trust_env=False).json()["data"]["since_start"]
            for _ in range(4)
        ]
    assert told == [{"webhook.created": 60}] * 4
    with database.connect("owner") as owner:
        assert fetch(owner, "select sum(requests) from ingestion.webhook_limits where scope = 'client'") == [(60,)]


def test_what_was_acknowledged_is_there_after_the_service_was_killed(database: Database, tmp_path: Path) -> None:
    acknowledged: list[str] = []
    with serving_apart(database, tmp_path, 1) as (address, process):

        def send(sender: int) -> None:
            with httpx.Client(base_url=address, timeout=20, trust_env=False) as client:
                for n in range(100_000):
                    content = body(reference_number=f"s{sender}n{n}")
                    try:
                        answer = post(client, content)
                    except httpx.TransportError:
                        return
                    assert answer.status_code == 201
                    acknowledged.append(str(read_word(content, NOW).payment_id))

        senders = [threading.Thread(target=send, args=(n,)) for n in range(8)]
        for sender in senders:
            sender.start()
        deadline = time.monotonic() + 60
        while len(acknowledged) < 100 and time.monotonic() < deadline:
            time.sleep(0.1)
        _kill(process)
        for sender in senders:
            sender.join(timeout=30)
    with database.connect() as connection:
        kept = {str(found) for (found,) in fetch(connection, "select payment_id from ingestion.webhook_queue")}
    assert len(acknowledged) > 50
    assert set(acknowledged) <= kept
