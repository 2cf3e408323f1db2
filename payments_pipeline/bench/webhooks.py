"""What the webhook service acknowledges, beside a bare reply by the same server.

The service runs as one worker, held to one core where the system lets us; this process sends. Two questions: how long
does an answer take at a steady rate, and how many come in a second when nobody waits. Every message is another one, and
signed; limits count and each is committed before its answer. What was acknowledged is counted in the database afterwards.
"""

import asyncio
import itertools
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast

import httpx
import orjson
import uvloop
from rich.console import Console
from rich.table import Table

from payments_pipeline.bench.databases import scratch
from payments_pipeline.bench.processes import cpu_seconds
from payments_pipeline.column.signature import sign
from payments_pipeline.edge import free_port
from payments_pipeline.errors import PaymentsError
from payments_pipeline.paths import PROJECT_ROOT, make_open_folder
from payments_pipeline.postgres.connect import Database, open_database
from payments_pipeline.postgres.migrate import migrate
from payments_pipeline.settings import Settings
from payments_pipeline.supervise import Child, Supervisor, answers_at

RATE: Final = 1_000
CONNECTIONS: Final = 64
WARM_UP_SECONDS: Final = 3.0

_SECRET: Final = "a secret for measuring alone"  # noqa: S105 - of a service that lives as long as the measurement
_DATABASE: Final = "bench_webhooks"
_SERVICE: Final = "payments_pipeline.webhooks.service:from_settings"
_BARE: Final = "payments_pipeline.bench.webhooks:bare"
_START_SECONDS: Final = 60
_PATH: Final = "/api/v1/payments/webhook/card"

console = Console()


async def bare(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """An application that reads a body and answers, and does nothing else."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-type", b"application/json"), (b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 201, "headers": headers})
    await send({"type": "http.response.body", "body": b"{}"})


def measure_webhooks(settings: Settings, seconds: float) -> None:
    """Measures the service and the bare reply, and prints both."""
    table = Table("", "asked /s", "answered /s", "p50 ms", "p99 ms", "worst ms", "worker's CPU", title="Webhooks")
    with _database(settings) as database:
        environ = _environ(settings, database)
        for name, application in (("service", _SERVICE), ("bare reply", _BARE)):
            with _running(name, application, environ) as (port, running):
                for rate in (RATE, None):
                    _told(uvloop.run(_load(port, rate, WARM_UP_SECONDS)))
                    used = cpu_seconds(running.process.pid)
                    run = _told(uvloop.run(_load(port, rate, seconds)))
                    share = (cpu_seconds(running.process.pid) - used) / run.seconds
                    asked = "all it takes" if rate is None else f"{rate:,}"
                    table.add_row(
                        name,
                        asked,
                        f"{run.answered / run.seconds:,.0f}",
                        *(f"{run.latency(part) * 1000:.1f}" for part in (0.5, 0.99, 1.0)),
                        f"{share:.0%}",
                    )
        with database.connect("owner") as connection:
            ((stored, groups),) = connection.execute(
                b"select count(*), count(distinct received_at) from ingestion.webhook_queue"
            ).fetchall()
    console.print(table)
    console.print(f"{stored:,} messages are in the queue, stored by {groups:,} commits", highlight=False)


# The sender -------------------------------------------------------------------------------------------------------------


@dataclass
class Run:
    """What came of sending."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    refused: int = 0

    @property
    def answered(self) -> int:
        """Requests that were acknowledged."""
        return len(self.latencies)

    def latency(self, part: float) -> float:
        """The time within which this part of the requests was answered."""
        return sorted(self.latencies)[min(int(part * len(self.latencies)), len(self.latencies) - 1)]


class Connection(asyncio.Protocol):
    """A kept connection, on which one request is under way at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[int] | None = None
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # noqa: D102
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own is no subclass

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: D102
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError("the service hung up"))

    def data_received(self, data: bytes) -> None:  # noqa: D102
        self._read += data
        head, separator, rest = self._read.partition(b"\r\n\r\n")
        if separator and len(rest) >= _content_length(head):
            self._read = b""
            assert self._answer is not None
            self._answer.set_result(int(head[9:12]))

    async def ask(self, request: bytes) -> int:
        """Send a request; the status of its answer."""
        self._answer = asyncio.get_running_loop().create_future()
        assert self._transport is not None
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        """Hang up."""
        assert self._transport is not None
        self._transport.close()


def _content_length(head: bytes) -> int:
    return int(head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])


async def _load(port: int, rate: int | None, seconds: float) -> Run:
    """Sends for so long: at a rate, or as fast as answers come.

    At a rate, the time of an answer counts from when the request was due, not from when a connection was free to send
    it: a service that stalls would otherwise keep the very requests from being measured that it kept waiting.
    """
    loop = asyncio.get_running_loop()
    connections = [(await loop.create_connection(Connection, "127.0.0.1", port))[1] for _ in range(CONNECTIONS)]
    run = Run()
    requests = _requests()
    began = time.perf_counter()
    due = (began + number / rate for number in itertools.count()) if rate else iter(time.perf_counter, None)

    async def send_on(connection: Connection) -> None:
        for at in due:
            if at - began >= seconds:
                return
            if (early := at - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            status = await connection.ask(next(requests))
            if status == httpx.codes.CREATED:
                run.latencies.append(time.perf_counter() - at)
            else:
                run.refused += 1

    try:
        await asyncio.gather(*map(send_on, connections))
    finally:
        for connection in connections:
            connection.close()
    run.seconds = time.perf_counter() - began
    return run


_numbers: Final = itertools.count(time.time_ns())


def _requests() -> Iterator[bytes]:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    for number in _numbers:
        body = orjson.dumps(
            {
                "reference_number": f"Auth{number}",
                "loan_account_number": f"LN{number % 10**10:010}",
                "cif": f"CIF{number % 10**9:09}",
                "amount": round(number % 500_000 / 100 + 1, 2),
                "payment_date": now,
                "provider": "card_processor",
                "metadata": {"entry": "keyed"},
            }
        )
        head = (
            f"POST {_PATH} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
            f"x-signature: sha256={sign(_SECRET, body)}\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        yield head.encode() + body


def _told(run: Run) -> Run:
    if run.refused or not run.answered:
        raise PaymentsError(
            f"{run.refused} of {run.refused + run.answered} requests were not acknowledged",
            "see what the service says in bench/webhooks/logs of PAYMENTS_HOME; a machine that is busy with other things "
            "cannot be measured.",
        )
    return run


# The service ------------------------------------------------------------------------------------------------------------


@contextmanager
def _database(settings: Settings) -> Iterator[Database]:
    """A migrated database with nothing in it, dropped afterwards."""
    with scratch(open_database(settings), _DATABASE) as database:
        migrate(database)
        yield database


def _environ(settings: Settings, database: Database) -> dict[str, str]:
    home = settings.home / "bench" / "webhooks"  # without the clock that a demo world may have set
    make_open_folder(settings.home)
    home.mkdir(parents=True, exist_ok=True)
    return settings.as_environ() | {
        "PAYMENTS_HOME": str(home),
        "PAYMENTS_DATABASE_URL": database.url,
        "PAYMENTS_WEBHOOK_SECRET": _SECRET,
        "PAYMENTS_WEBHOOK_ALLOW": "127.0.0.0/8",
        "PAYMENTS_WEBHOOK_CLIENT_LIMIT": "100000000",
        "PAYMENTS_WEBHOOK_CHANNEL_LIMIT": "100000000",
    }


@contextmanager
def _running(name: str, application: str, environ: dict[str, str]) -> Iterator[tuple[int, Child]]:
    """The application, as one worker on one core; its port and process."""
    port = free_port()
    factory = ["--factory"] if application == _SERVICE else []
    command = [sys.executable, "-m", "uvicorn", application, *factory, "--port", str(port), "--log-level", "warning"]
    supervisor = Supervisor(Path(environ["PAYMENTS_HOME"]) / "logs")
    try:
        running = supervisor.start(
            name, [*command, "--no-access-log", "--no-proxy-headers"], cwd=PROJECT_ROOT, environ=os.environ | environ
        )
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(running.process.pid, {max(os.sched_getaffinity(0))})
        supervisor.wait_until(lambda: answers_at(f"http://127.0.0.1:{port}/ready"), running, _START_SECONDS)
        yield port, running
    finally:
        supervisor.stop_all()
