"""The local bank itself: its books, its clock, and what happens when the clock moves."""

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from payments_pipeline.column import ids
from payments_pipeline.column.local import objects
from payments_pipeline.column.local.deliveries import ALL_EVENTS, Deliveries, Endpoint
from payments_pipeline.column.local.directory import account_numbers, counterparties, counterparty
from payments_pipeline.column.local.faults import RATES, FaultBook, Faults, parse_faults
from payments_pipeline.column.local.objects import Json, instant, nanoseconds
from payments_pipeline.column.local.others import OtherSources
from payments_pipeline.column.local.reports import Report, Statements, check_report, document_id, make_report
from payments_pipeline.column.local.spool import spool_of
from payments_pipeline.column.local.timeline import Timeline
from payments_pipeline.column.local.transfers import RefusedError, Transfers, invalid, not_found
from payments_pipeline.column.signature import sign
from payments_pipeline.world.days import instant as new_york_instant
from payments_pipeline.world.manifest import read_manifest

SECOND_NS: Final = 1_000_000_000
_FOREVER: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Customer:
    """How the bank's customer is reached, and what it knows."""

    api_key: str
    webhook_secret: str = ""
    webhook_urls: Sequence[str] = ()
    """Endpoints for events of all types, there from the beginning."""
    processors_url: str | None = None
    """The generic webhook service; without it card, PayPal and Venmo payments come as files."""
    processors_secret: str | None = None
    inbox: Path | None = None
    note_clock: Callable[[datetime], None] | None = None
    """Told where the clock stands, whenever it moves."""
    at_once: int = 16
    """Webhooks in flight at the same time."""

    def __repr__(self) -> str:
        return f"Customer({len(self.webhook_urls)} webhooks)"


class Bank:
    """Everything that the server answers from."""

    def __init__(self, world_dir: Path, customer: Customer, faults: Faults, now: datetime | None = None) -> None:
        """Opens the bank of a world, at the midnight before its first day unless its clock stood elsewhere."""
        manifest = read_manifest(world_dir)
        start = now or new_york_instant(manifest.first_day, 0)
        spool = spool_of(world_dir)
        self.customer = customer
        self.first_day, self.last_day = manifest.first_day, manifest.last_day
        self.faults = FaultBook(faults)
        self.timeline = Timeline(spool, nanoseconds(start))
        self.transfers = Transfers(self.timeline)
        self.deliveries = Deliveries(self.timeline, self.faults, at_once=customer.at_once)
        self.account_numbers = account_numbers(manifest.world.loans)
        self.counterparties = counterparties(manifest.world.loans)
        self.reports: dict[str, Report] = {}
        self.requests = 0
        self._others = OtherSources(
            world_dir, customer.inbox, customer.processors_url, customer.processors_secret, customer.at_once
        )
        self._statements = Statements(world_dir, spool.collected)
        self._folder = tempfile.TemporaryDirectory(prefix="local-bank-")
        self._documents: dict[str, Path] = {}
        self._moving = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._made = 0
        self.set_faults(faults)
        for url in customer.webhook_urls:
            self.add_endpoint({"url": url, "enabled_events": [ALL_EVENTS]})
        self._note_clock()

    async def close(self) -> None:
        """Closes connections and throws documents away."""
        for task in self._tasks:
            task.cancel()
        await self.deliveries.close()
        await self._others.close()
        self._folder.cleanup()

    @property
    def now(self) -> datetime:
        """Where the clock stands, to the second."""
        return datetime.fromtimestamp(self.timeline.now // SECOND_NS, UTC)

    # The clock.

    async def move_clock(self, until: datetime) -> Json:
        """Moves the clock forward and plays what happens on the way; returns when all was delivered or tried.

        The clock jumps first and deliveries follow, so what is received bears the instant that was moved to.
        """
        async with self._moving:
            before = self.timeline.now
            if nanoseconds(until) < before - before % SECOND_NS:
                raise invalid("now", "A clock moves forward only.")
            self.timeline.now = max(before, nanoseconds(until))
            self._note_clock()
            delivered, arrived = await asyncio.gather(
                self.deliveries.deliver(before, self.timeline.now),
                self._others.play(datetime.fromtimestamp(before / SECOND_NS, UTC), until),
            )
        return {"now": instant(self.timeline.now), "webhooks": asdict(delivered), "others": asdict(arrived)}

    async def deliver_what_just_happened(self, before: int) -> None:
        """Delivers the events of something that was asked for, without moving the clock."""
        if self.deliveries.endpoints and self.timeline.now > before:
            await self.deliveries.deliver(before, self.timeline.now)

    def _note_clock(self) -> None:
        if self.customer.note_clock:
            self.customer.note_clock(self.now)

    # Faults.

    def set_faults(self, faults: Faults | str) -> None:
        """Puts faults in force."""
        faults = parse_faults(faults) if isinstance(faults, str) else faults
        self.faults.set(faults)
        self.timeline.withhold_share(faults.withhold, int(faults.withhold_seconds * SECOND_NS), faults.seed)

    def withhold(self, event_ids: Sequence[str], object_ids: Sequence[str], until: datetime | None) -> int:
        """Keeps events, named or about named objects, out of the lists until then; returns how many."""
        of_objects = [
            self.timeline.spool.event_id(index)
            for one in object_ids
            for index in self.timeline.spool.of_object(one).tolist()
        ]
        named = [*event_ids, *of_objects]
        for event_id in named:
            self.timeline.withhold(event_id, nanoseconds(until) if until else _FOREVER)
        return len(named)

    # Webhook endpoints.

    def add_endpoint(self, body: Json) -> Endpoint:
        """A new endpoint."""
        url, events = body.get("url"), body.get("enabled_events")
        if not isinstance(url, str) or not url.startswith(("http://", "https://")):
            raise invalid("url", "The address must be one of HTTP.")
        if not isinstance(events, list) or not events or not all(isinstance(one, str) for one in events):
            raise invalid("enabled_events", "At least one type of event is required.")
        endpoint_id = self.new_id("whep", url)
        secret = self.customer.webhook_secret or sign(self.customer.api_key, endpoint_id.encode("ascii"))
        made = instant(self.timeline.now)
        endpoint = Endpoint(endpoint_id, url, secret, events, str(body.get("description", "")), made, made)
        self.deliveries.endpoints.append(endpoint)
        return endpoint

    def endpoint(self, endpoint_id: str) -> Endpoint:
        """The endpoint of an id."""
        for one in self.deliveries.endpoints:
            if one.id == endpoint_id:
                return one
        raise not_found(endpoint_id)

    # Reports.

    def order_report(self, body: Json) -> Report:
        """Takes an order for a report, which is made while the customer waits or does other things."""
        days = {}
        for name in ("from_date", "to_date"):
            try:
                days[name] = date.fromisoformat(str(body.get(name)))
            except ValueError:
                raise invalid(name, "Expected a day.") from None
        zone = str(body.get("time_zone") or "America/Los_Angeles")
        try:
            check_report(str(body.get("type")), days["from_date"], days["to_date"], zone)
        except ValueError as error:
            raise invalid(str(error), "There is no such report.") from None
        report = Report(
            self.new_id("rprt", repr(body)),
            str(body["type"]),
            days["from_date"],
            days["to_date"],
            zone,
            self.timeline.now,
        )
        self.reports[report.id] = report
        task = asyncio.create_task(self._make_report(report))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return report

    async def _make_report(self, report: Report) -> None:
        folder = Path(self._folder.name)
        await asyncio.to_thread(make_report, self._statements, report, folder, self.timeline.now // SECOND_NS)
        self._documents |= {document_id(report.id, form): path for form, path in report.documents.items()}
        report.is_completed = True

    def document(self, wanted: str) -> Path:
        """The file of a document."""
        if wanted not in self._documents:
            raise not_found(wanted)
        return self._documents[wanted]

    def document_signature(self, wanted: str) -> str:
        """What makes an address of a document as good as a key."""
        return sign(self.customer.api_key, f"document {wanted}".encode())

    # The account.

    def bank_account(self) -> Json:
        """Our account with what is available on it."""
        return objects.bank_account(self._statements.balance(self.timeline.now // SECOND_NS + 1))

    def add_account_number(self, body: Json) -> Json:
        """A new number for the account."""
        if body.get("bank_account_id") not in {None, objects.BANK_ACCOUNT_ID}:
            raise RefusedError(404, "bank_account_not_found", "The bank account was not found.")
        made_id = self.new_id("acno", repr(body))
        made = objects.account_number(made_id, f"2568{self._made:011}", str(body.get("description", "")))
        made["created_at"] = instant(self.timeline.now)
        self.account_numbers.add(made)
        return made

    def add_counterparty(self, body: Json) -> Json:
        """A new account at another bank."""
        for name in ("account_number", "routing_number"):
            if not isinstance(body.get(name), str) or not body[name]:
                raise invalid(name, "A counterparty has an account number and a routing number.")
        now = instant(self.timeline.now)
        known = {name: value for name, value in body.items() if name in counterparty("")}
        made = counterparty(self.new_id("cpty", repr(body))) | known
        made |= {"id": made["id"], "created_at": now, "updated_at": now}
        self.counterparties.add(made)
        return made

    def new_id(self, prefix: str, content: str) -> str:
        """An id for something that is made now."""
        self._made += 1
        return ids.make(prefix, self.now, f"{prefix} {self._made} {content}")

    def status(self) -> dict[str, Any]:
        """How the bank stands, without anything secret."""
        timeline = self.timeline
        visible = len(timeline.spool) - timeline.spool.newer_than(timeline.now)
        return {
            "now": instant(timeline.now),
            "first_day": str(self.first_day),
            "last_day": str(self.last_day),
            "events": {"in_world": len(timeline.spool), "made": visible},
            "requests": self.requests,
            "faults": {name: share for name in RATES if (share := getattr(self.faults.faults, name))},
            "struck": dict(self.faults.struck),
            "webhook_endpoints": len(self.deliveries.endpoints),
            "webhooks": asdict(self.deliveries.total),
        }
