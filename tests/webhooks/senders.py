"""Senders for the tests: a running service, and bodies signed as processors and the bank sign them."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
import uvicorn
from pydantic import SecretStr

from payments_pipeline import clock
from payments_pipeline.column.signature import sign
from payments_pipeline.postgres.connect import Database
from payments_pipeline.settings import Settings
from payments_pipeline.webhooks.service import create_service

SECRET: Final = "a secret of processors"
COLUMN_SECRET: Final = "a secret of the bank"
TOKEN: Final = "a token for questions"
NOW: Final = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
PAYMENTS: Final = "/api/v1/payments/webhook"
COLUMN: Final = "/api/column/webhook"
READER: Final = {"authorization": f"Bearer {TOKEN}"}

GOOD: Final[dict[str, Any]] = {
    "reference_number": "Auth-0001",
    "loan_account_number": "LN0000000042",
    "cif": "CIF000000042",
    "amount": 1000.50,
    "payment_date": "2026-03-02T15:04:05Z",
    "payment_channel": "card",
    "metadata": {"transaction_id": "TXN-001"},
}


def body(**changes: Any) -> bytes:
    """A message in order, but for these changes; a field that is `...` is left out."""
    return json.dumps({name: value for name, value in (GOOD | changes).items() if value is not ...}).encode()


def event(event_id: str = "evnt_1", kind: str = "identity.created", **data: Any) -> bytes:
    """A message of the bank."""
    return json.dumps(
        {"id": event_id, "created_at": "2026-03-02T15:04:05.123456789Z", "type": kind, "data": {"id": "x_1"} | data}
    ).encode()


def settings_of(home: Path, **changes: Any) -> Settings:
    """Settings with all secrets."""
    secrets = {
        "webhook_secret": SecretStr(SECRET),
        "column_webhook_secret": SecretStr(COLUMN_SECRET),
        "webhook_token": SecretStr(TOKEN),
    }
    return Settings.model_validate({"home": home} | secrets | changes)


@contextmanager
def serving(database: Database, home: Path, **changes: Any) -> Iterator[httpx.Client]:
    """The service over real HTTP, in a world whose clock stands at `NOW`; a client of it."""
    clock.set_clock(home, NOW)
    config = uvicorn.Config(
        create_service(settings_of(home, **changes), database), log_level="warning", proxy_headers=False
    )
    server = uvicorn.Server(config)
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the service did not start"
        time.sleep(0.005)
    try:
        with httpx.Client(
            base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=20, trust_env=False
        ) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(timeout=20)
        listener.close()


def signed(content: bytes, secret: str = SECRET) -> dict[str, str]:
    """The headers of a processor's message."""
    return {"x-signature": f"sha256={sign(secret, content)}", "content-type": "application/json"}


def post(client: httpx.Client, content: bytes, path: str = PAYMENTS, **headers: str) -> httpx.Response:
    """Send a processor's message; the answer."""
    given = signed(content) | {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(path, content=content, headers=given)


def post_event(client: httpx.Client, content: bytes, secret: str = COLUMN_SECRET) -> httpx.Response:
    """Send a message of the bank; the answer."""
    return client.post(COLUMN, content=content, headers={"column-signature": sign(secret, content)})
