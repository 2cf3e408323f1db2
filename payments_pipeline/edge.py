"""What stands between the platform and the outside: the webhook service and, where no real bank is connected, the local one.

Both are programs of their own, in `payments up` and in the demo alike: what they bring comes over HTTP.
"""

import os
import secrets
import socket
import sys
from contextlib import closing
from datetime import datetime, time
from pathlib import Path
from typing import Final

from payments_pipeline import clock
from payments_pipeline.bank import LOCAL_ADDRESS, Bank, bank_of, inbox_of, played_until
from payments_pipeline.column.local.control import LocalBank, LocalBankError
from payments_pipeline.paths import PROJECT_ROOT
from payments_pipeline.ports import port_refused
from payments_pipeline.rules.calendar import NEW_YORK
from payments_pipeline.settings import PREFIX, Settings
from payments_pipeline.supervise import Supervisor, answers_at

_ANSWER_SECONDS: Final = 120
_SECRETS: Final = tuple(PREFIX + name for name in ("COLUMN_WEBHOOK_SECRET", "WEBHOOK_SECRET", "WEBHOOK_TOKEN"))


def start_edge(supervisor: Supervisor, settings: Settings, world: Path | None) -> Bank | None:
    """Start the webhook service, and the local bank with a world if there is one; returns the bank once both answer.

    For a world, secrets that nobody has set are made for this start: only the two programs need to agree on them.
    """
    for kind in ("arrivals", "bank", "statements"):
        (inbox_of(settings) / kind).mkdir(parents=True, exist_ok=True)
    environ = os.environ | settings.as_environ()
    if world is not None:
        # the bank goes on from there; without this note the home would count as one that plays no world
        clock.set_clock(settings.home, played_until(settings.home) or _midnight_before(world))
        environ |= {name: secrets.token_urlsafe(32) for name in _SECRETS if not environ.get(name)}
    payments = [Path(sys.executable).parent / "payments"]
    webhooks = f"http://{LOCAL_ADDRESS}:{settings.webhook_port}"
    service = supervisor.start(
        "webhooks",
        [*payments, "webhooks", "serve", "--host", LOCAL_ADDRESS, "--port", str(settings.webhook_port)],
        cwd=PROJECT_ROOT,
        environ=environ,
    )
    supervisor.wait_until(lambda: answers_at(f"{webhooks}/ready"), service, _ANSWER_SECONDS)
    if world is None:
        return bank_of(settings)
    options: list[str | Path] = [
        "--world", world, "--port", str(settings.bank_port), "--inbox", inbox_of(settings),
        "--webhook-url", f"{webhooks}/api/column/webhook", "--processors-url", webhooks,
    ]  # fmt: skip
    opening = supervisor.start("bank", [*payments, "bank", "serve", *options], cwd=PROJECT_ROOT, environ=environ)
    address = f"http://{LOCAL_ADDRESS}:{settings.bank_port}"
    supervisor.wait_until(lambda: is_open(LocalBank(address)), opening, _ANSWER_SECONDS)
    return bank_of(settings)


def _midnight_before(world: Path) -> datetime:
    """Where a world begins that was never played."""
    from payments_pipeline.world import read_manifest  # what only a demo has should not cost everyone's start

    return datetime.combine(read_manifest(world).first_day, time(), NEW_YORK)


def require_free_port(port: int, setting: str | None = None, host: str = LOCAL_ADDRESS) -> None:
    """Say so if another program has the port, or it cannot be opened at this address; without a setting, --port names it."""
    with closing(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise port_refused(error, port, host, f"{PREFIX}{setting}=" if setting else "--port ") from None


def free_port() -> int:
    """A port that nobody has at the moment."""
    with closing(socket.socket()) as probe:
        probe.bind((LOCAL_ADDRESS, 0))
        return int(probe.getsockname()[1])


def is_open(bank: LocalBank) -> bool:
    """Whether the local bank answers."""
    try:
        bank.status()
    except LocalBankError:
        return False
    return True
