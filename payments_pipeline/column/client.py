"""What we ask of the bank: its events, its transfers, its reports, its webhooks.

The same client talks to the real bank and to the local server; the two settings `PAYMENTS_COLUMN_URL` and
`PAYMENTS_COLUMN_API_KEY` decide which.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import IO, Any, Final, Literal, Self
from urllib.parse import quote

import httpx
from pydantic import SecretStr

from payments_pipeline.column.connection import ColumnError, Connection, Json
from payments_pipeline.column.events import RawEvent, Unreadable, read_event, read_listed

__all__ = ["ColumnClient", "ColumnError", "Page", "RawEvent", "ReportType"]

PAGE_SIZE: Final = 100
"""The most that the bank gives in a page."""

ReportType = Literal["bank_account_summary", "bank_account_transaction", "bank_account_daily_statement"]
ReportFormat = Literal["csv", "json", "bai2"]

_IN_MEMORY_BYTES: Final = 4 << 20
_REPORT_PATIENCE_SECONDS: Final = 300.0
_REPORT_PAUSES: Final = (0.1, 0.5, 1.0, 2.0, 5.0)
_READY_REPORT: Final = "completed"


@dataclass(frozen=True, slots=True)
class Page:
    """A page of events, newest first."""

    items: Sequence[RawEvent]
    has_more: bool
    """Whether there are more in the direction that was asked for."""
    unreadable: Sequence[Unreadable] = ()
    """What stands among the events and is none."""


class ColumnClient:
    """The bank's API. Every call raises `ColumnError` and nothing else when the bank does not do as asked."""

    def __init__(
        self,
        url: str,
        api_key: SecretStr | str,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        **options: Any,
    ) -> None:
        """`options` are those of `Connection`: timeout, attempts, patience_seconds, requests_per_second."""
        self._sleep = sleep
        self._monotonic = monotonic
        self._connection = Connection(url, api_key, transport=transport, sleep=sleep, monotonic=monotonic, **options)

    def __repr__(self) -> str:
        return f"ColumnClient({self._connection!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._connection.close()

    # Anything by its path.

    def get(self, path: str, **params: Any) -> Json:
        """One object."""
        return _object(path, self._connection.request("GET", path, params=params))

    def post(self, path: str, body: Json | None = None, *, idempotency_key: str | None = None) -> Json:
        """Create or do something. With an idempotency key it is done once, however often it is asked for."""
        answer = self._connection.request("POST", path, body=body or {}, idempotency_key=idempotency_key)
        return _object(path, answer)

    def patch(self, path: str, body: Json) -> Json:
        """Change an object."""
        return _object(path, self._connection.request("PATCH", path, body=body))

    def delete(self, path: str) -> Json:
        """Remove an object."""
        return _object(path, self._connection.request("DELETE", path))

    def list(self, path: str, key: str, **params: Any) -> Iterator[Json]:
        """All objects of a list, newest first, page after page; `key` is the name of the list in a page."""
        limit = params.pop("limit", PAGE_SIZE)
        before: str | None = None
        while True:
            answer = self.get(path, limit=limit, **params, starting_after=before)
            items = _items(path, answer, key)
            yield from items
            if not answer.get("has_more"):
                return
            last = _id_of(path, items)
            if last == before:
                raise _stalled(path)
            before = last

    # Events.

    def events(
        self,
        *,
        after: str | None = None,
        before: str | None = None,
        created_gte: datetime | None = None,
        created_gt: datetime | None = None,
        created_lte: datetime | None = None,
        created_lt: datetime | None = None,
        types: Sequence[str] = (),
        object_ids: Sequence[str] = (),
        limit: int = PAGE_SIZE,
    ) -> Page:
        """A page of events, newest first.

        `after` is an event id: the page holds those next newer than it (the bank's `ending_before`), so walking forward
        means asking again with the newest of each page. `before` gives those next older (`starting_after`). Without
        either the page holds the newest of all.
        """
        params = {
            "ending_before": after,
            "starting_after": before,
            "created.gte": created_gte,
            "created.gt": created_gt,
            "created.lte": created_lte,
            "created.lt": created_lt,
            "types": list(types),
            "object_ids": list(object_ids),
            "limit": limit,
        }
        answer = _object("/events", self._connection.request("GET", "/events", params=params))
        events, unreadable = read_listed(_list("/events", answer, "events"))
        return Page(events, bool(answer.get("has_more")), unreadable)

    def event(self, event_id: str) -> RawEvent:
        """One event."""
        return read_event(self.get(f"/events/{_segment(event_id)}"))

    # Transfers by ACH.

    def create_ach_transfer(self, body: Json, *, idempotency_key: str) -> Json:
        """Send or collect money: `type` is CREDIT or DEBIT, `entry_class_code` is required."""
        return self.post("/transfers/ach", body, idempotency_key=idempotency_key)

    def ach_transfers(self) -> Iterator[Json]:
        """All of them as they stand, newest first."""
        return self.list("/transfers/ach", "transfers")

    def ach_transfer(self, transfer_id: str) -> Json:
        """The transfer as it stands."""
        return self.get(f"/transfers/ach/{_segment(transfer_id)}")

    def reverse_ach_transfer(self, transfer_id: str, reason: str, *, idempotency_key: str) -> Json:
        """Take back a transfer that was sent in error; the answer is the reversing transfer."""
        path = f"/transfers/ach/{_segment(transfer_id)}/reverse"
        return self.post(path, {"reason": reason}, idempotency_key=idempotency_key)

    def return_ach_transfer(self, transfer_id: str, return_code: str, *, idempotency_key: str) -> Json:
        """Send back an incoming transfer."""
        path = f"/transfers/ach/{_segment(transfer_id)}/return"
        return self.post(path, {"return_code": return_code}, idempotency_key=idempotency_key)

    def cancel_ach_transfer(self, transfer_id: str) -> Json:
        """Call off a transfer that was not yet submitted. The bank refuses to do it twice, so asking again is safe."""
        path = f"/transfers/ach/{_segment(transfer_id)}/cancel"
        return self.post(path, idempotency_key=f"cancel {transfer_id}")

    # Webhook endpoints.

    def webhook_endpoints(self) -> Iterator[Json]:
        """Where the bank delivers events to; only the endpoint that was created first gets an event of a type."""
        return self.list("/webhook-endpoints", "webhook_endpoints")

    def create_webhook_endpoint(self, url: str, enabled_events: Sequence[str], description: str = "") -> Json:
        """A new endpoint. The answer holds its secret: keep it, and do not log the answer."""
        return self.post(
            "/webhook-endpoints", {"url": url, "enabled_events": [*enabled_events], "description": description}
        )

    def update_webhook_endpoint(self, endpoint_id: str, changes: Mapping[str, Any]) -> Json:
        """Change address, types, description or `is_disabled`."""
        return self.patch(f"/webhook-endpoints/{_segment(endpoint_id)}", dict(changes))

    def delete_webhook_endpoint(self, endpoint_id: str) -> Json:
        """Remove an endpoint."""
        return self.delete(f"/webhook-endpoints/{_segment(endpoint_id)}")

    def verify_webhook_endpoint(self, endpoint_id: str, event_type: str) -> Json:
        """Have a test event of that type sent to the endpoint."""
        return self.post(f"/webhook-endpoints/{_segment(endpoint_id)}/verify", {"event_type": event_type})

    # Reports.

    @contextmanager
    def report(
        self,
        report_type: ReportType,
        from_date: date,
        to_date: date,
        *,
        time_zone: str = "America/New_York",
        report_format: ReportFormat = "csv",
        patience_seconds: float = _REPORT_PATIENCE_SECONDS,
    ) -> Iterator[IO[bytes]]:
        """The document of a report, whole and open for reading: asked for, waited for, fetched.

        It streams into a file without a name, so that memory stays bounded and nobody reads half a document.
        """
        document_id = self._document_of(
            {"type": report_type, "from_date": str(from_date), "to_date": str(to_date), "time_zone": time_zone},
            report_format,
            patience_seconds,
        )
        with SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as document:

            def restart() -> None:
                document.seek(0)
                document.truncate()

            url = _text_of(f"/documents/{document_id}", self.get(f"/documents/{_segment(document_id)}"), "url")
            self._connection.download(url, document.write, restart)
            document.seek(0)
            yield document

    def _document_of(self, wanted: Json, report_format: ReportFormat, patience_seconds: float) -> str:
        started = self._monotonic()
        # no idempotency key: it would give the report of an unfinished day again when the day is over
        report = _object(
            "/reporting", self._connection.request("POST", "/reporting", body=wanted, is_harmless_twice=True)
        )
        path = f"/reporting/{_segment(_text_of('/reporting', report, 'id'))}"
        for attempt in range(1_000_000):
            if str(report.get("status")).lower() == _READY_REPORT:
                return _text_of(path, report, f"{report_format}_document_id")
            pause = _REPORT_PAUSES[min(attempt, len(_REPORT_PAUSES) - 1)]
            if self._monotonic() - started + pause > patience_seconds:
                break
            self._sleep(pause)
            report = self.get(path)
        raise ColumnError(
            f"The bank has not made the report {wanted['type']} of {wanted['from_date']} to {wanted['to_date']}"
            f" in {patience_seconds:.0f} s.",
            "Ask for it later; the bank keeps making it.",
            is_retryable=True,
        )

    # The sandbox.

    def simulate(self, what: str, body: Json) -> Json:
        """Have the sandbox play what others do, such as `receive-ach-credit`. Refused with a live key."""
        if not self._connection.is_test:
            raise ColumnError(
                "Simulations are refused: the key is not one of the sandbox.",
                "Use a key that begins with test_. Nothing was sent.",
            )
        return self.post(f"/simulate/{what}", body)


def _object(path: str, answer: object) -> Json:
    if not isinstance(answer, dict):
        raise _unexpected(path, "a JSON object")
    return answer


def _items(path: str, answer: Json, key: str) -> Sequence[Json]:
    """The objects of a page."""
    items = _list(path, answer, key)
    if not all(isinstance(item, dict) for item in items):
        raise _unexpected(path, f"one list of objects, {key}")
    return items


def _list(path: str, answer: Json, key: str) -> Sequence[Any]:
    """The list of a page: under its key, or the only list that there is."""
    lists = [answer[key]] if key in answer else [value for value in answer.values() if isinstance(value, list)]
    if len(lists) != 1 or not isinstance(lists[0], list):
        raise _unexpected(path, f"one list of objects, {key}")
    return lists[0]


def _id_of(path: str, items: Sequence[Json]) -> str:
    if not items:
        raise _stalled(path)
    return _text_of(path, items[-1], "id")


def _text_of(path: str, answer: Json, name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise _unexpected(path, f"a text {name}")
    return value


def _segment(given: str) -> str:
    """An id as a part of a path: nothing in it may lead elsewhere."""
    return quote(given, safe="")


def _unexpected(path: str, expected: str) -> ColumnError:
    return ColumnError(
        f"The bank's answer to {path} is not as documented: expected {expected}.",
        "Check PAYMENTS_COLUMN_URL; if it is the bank's, its API has changed and the client must follow.",
    )


def _stalled(path: str) -> ColumnError:
    return ColumnError(
        f"The bank's list {path} does not move on: it says that there is more and gives nothing new.",
        "Try again later; if it lasts, report it to the bank with the time of this message.",
        is_retryable=True,
    )
