"""Runs the local bank: in this process beside others, as tests do, or as a process of its own."""

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

import uvicorn

from payments_pipeline.column.local.bank import Bank, Customer
from payments_pipeline.column.local.control import API_KEY, WEBHOOK_SECRET, LocalBank, LocalBankError
from payments_pipeline.column.local.faults import Faults, parse_faults
from payments_pipeline.column.local.server import Api
from payments_pipeline.ports import port_refused

_STARTS_WITHIN_SECONDS: Final = 60


@contextmanager
def running(
    world_dir: Path,
    *,
    faults: Faults | str = "",
    webhook: str | Sequence[str] = (),
    processors_url: str | None = None,
    processors_secret: str | None = None,
    inbox: Path | None = None,
    note_clock: Callable[[datetime], None] | None = None,
    now: datetime | None = None,
    port: int = 0,
    at_once: int = 16,
) -> Iterator[LocalBank]:
    """A local bank of a world in a thread of this process, on a port of loopback that is free."""
    customer = Customer(
        API_KEY,
        WEBHOOK_SECRET,
        (webhook,) if isinstance(webhook, str) else webhook,
        processors_url,
        processors_secret,
        inbox,
        note_clock,
        at_once,
    )
    bank = Bank(world_dir, customer, parse_faults(faults) if isinstance(faults, str) else faults, now)
    with listening(port) as (address, listener):
        server = uvicorn.Server(configuration(bank))
        thread = threading.Thread(target=server.run, args=([listener],), name="local bank", daemon=True)
        thread.start()
        try:
            _wait_until_started(server, thread)
            yield LocalBank(address)
        finally:
            server.should_exit = True
            thread.join(_STARTS_WITHIN_SECONDS)


def serve(bank: Bank, listener: socket.socket) -> None:
    """Serves until it is told to stop by a signal."""
    uvicorn.Server(configuration(bank)).run([listener])


def configuration(bank: Bank) -> uvicorn.Config:
    """How uvicorn runs the bank: quietly, since the bank breaks off answers on purpose."""
    return uvicorn.Config(
        Api(bank),
        log_level="critical",
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=1,
    )


@contextmanager
def listening(port: int) -> Iterator[tuple[str, socket.socket]]:
    """A socket on loopback, and its address."""
    # Named as TCP: only then does the event loop send small answers without waiting for the acknowledgement of the last.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError as error:
            raise port_refused(error, port, "127.0.0.1") from None
        listener.listen(1_024)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", listener


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    waited = threading.Event()
    for _ in range(_STARTS_WITHIN_SECONDS * 200):
        if server.started or not thread.is_alive():
            break
        waited.wait(0.005)
    if not server.started:
        raise LocalBankError("The local bank did not start.", "Look at what it printed; report it if it is unclear.")
