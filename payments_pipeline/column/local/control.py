"""The controls of a local bank that runs somewhere: its clock and its faults.

Apart from the bank itself, so that whoever only speaks to it need not load it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import httpx
from pydantic import SecretStr

from payments_pipeline.column.client import ColumnClient
from payments_pipeline.column.connection import Json
from payments_pipeline.errors import PaymentsError

API_KEY: Final = "test_the_local_bank_knows_no_other"
WEBHOOK_SECRET: Final = "whsec_of_the_local_bank"  # noqa: S105 - of a bank that holds no money

_CONTROL_TIMEOUT_SECONDS: Final = 3_600.0


class LocalBankError(PaymentsError):
    """The local bank refused an order, or is not there."""


@dataclass(frozen=True, slots=True)
class LocalBank:
    """A local bank that runs somewhere: where it is, and its controls."""

    url: str
    api_key: str = field(default=API_KEY, repr=False)
    webhook_secret: str = field(default=WEBHOOK_SECRET, repr=False)

    def client(self, **options: Any) -> ColumnClient:
        """A client of this bank."""
        return ColumnClient(self.url, SecretStr(self.api_key), **options)

    def status(self) -> Json:
        """How the bank stands."""
        return self._control("GET", "/local/status")

    def move_clock(self, now: datetime) -> Json:
        """Moves its clock forward; returns when all that falls due was delivered or tried."""
        return self._control("POST", "/local/clock", {"now": now.isoformat()})

    def set_faults(self, specification: str) -> None:
        """Puts faults in force, as described in `faults.py`; none with an empty specification."""
        self._control("POST", "/local/faults", {"set": specification})

    def fault_next(self, kind: str, **details: Any) -> None:
        """Has the next request meet a fault: status, retry_after, seconds, path, method and times are details."""
        self._control("POST", "/local/faults", {"next": [{"kind": kind, **details}]})

    def withhold(
        self, *, event_ids: Sequence[str] = (), object_ids: Sequence[str] = (), until: datetime | None = None
    ) -> int:
        """Keeps events out of the lists until its clock passes that instant; returns how many."""
        wanted: Json = {"event_ids": [*event_ids], "object_ids": [*object_ids]}
        wanted |= {"until": until.isoformat()} if until else {}
        return int(self._control("POST", "/local/faults", {"withhold": [wanted]})["withheld"])

    def tell(self, event_type: str, data: Json, created_at: datetime | None = None) -> Json:
        """Has it make an event of any type, with any snapshot; webhooks go out at once."""
        body: Json = {"type": event_type, "data": data}
        body |= {"created_at": created_at.isoformat()} if created_at else {}
        return self._control("POST", "/local/events", body)

    def _control(self, method: str, path: str, body: Json | None = None) -> Json:
        try:
            response = httpx.request(
                method, self.url + path, json=body, auth=("", self.api_key), timeout=_CONTROL_TIMEOUT_SECONDS,
                trust_env=False,
            )  # fmt: skip
        except httpx.TransportError:
            raise LocalBankError(
                f"There is no local bank at {self.url}.", "Start one with `payments bank serve`."
            ) from None
        if not response.is_success:
            raise LocalBankError(
                f"The local bank refused {method} {path} with status {response.status_code}: {_reason(response)}.",
                "Correct the order. A status of 401 means that it was opened with another key.",
            )
        answer: Json = response.json()
        return answer


def _reason(response: httpx.Response) -> str:
    try:
        return str(response.json().get("message") or response.json().get("code") or "no reason given")
    except ValueError:
        return "no reason given"
