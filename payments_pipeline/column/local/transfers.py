"""Transfers that are made while the local bank runs: each goes through its life as the bank's clock moves.

The events of a life are put into the timeline at once, at the instants at which they will happen; the clock brings them
to light. Calling a transfer off takes back what had not happened yet.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

import orjson

from payments_pipeline.column import ids
from payments_pipeline.column.local import objects
from payments_pipeline.column.local.objects import Json, instant, nanoseconds
from payments_pipeline.column.local.timeline import LiveEvent, Timeline
from payments_pipeline.rules.calendar import NEW_YORK, add_bank_days, is_bank_day, next_bank_day

RETURN_BY_NAME: Final = {
    "RETURN_NSF": "R01",
    "RETURN_ACCOUNT_CLOSED": "R02",
    "RETURN_STOP_PAYMENT": "R08",
    "RETURN_UNAUTH": "R10",
}
"""Receivers of the sandbox whose bank returns what is sent to them."""

REVERSAL_REASONS: Final = frozenset(
    {
        "duplicated_entry", "incorrect_amount", "incorrect_receiver_account", "debit_earlier_than_intended",
        "credit_later_than_intended",
    }
)  # fmt: skip

_MAX_ENTRY_DESCRIPTION: Final = 10
_MAX_DISCRETIONARY: Final = 20
_SETTLES_AT: Final = time(8, 30)
_WIRES_UNTIL: Final = time(18, 45)
_WIRES_FROM: Final = time(9)
"""Between which the bank sends wires on its days, by the clocks of New York."""
_FIRST_CHECK: Final = 1_000
_MAX_CENTS: Final = 10**11


class RefusedError(Exception):
    """A request that the bank refuses, with what the answer says."""

    def __init__(self, status: int, code: str, message: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(code)
        self.status = status
        self.body: Json = {
            "code": code,
            "details": dict(details or {}),
            "documentation_url": "https://www.column.com/docs/errors",
            "message": message,
            "type": "request_validation_error" if status < 404 else "resource_error",
        }


def invalid(field: str, message: str) -> RefusedError:
    """A request with a field that is missing or wrong."""
    return RefusedError(400, "invalid_request", message, {field: "invalid"})


def not_found(resource_id: str) -> RefusedError:
    """There is no such thing."""
    return RefusedError(404, "resource_not_found", "The resource was not found.", {"id": resource_id})


class Transfers:
    """Makes transfers and their events."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._made = 0

    # What the API asks for.

    def create(self, body: Json, idempotency_key: str) -> Json:
        """Sends or collects money."""
        _check_new(body)
        receiver = str(body.get("receiver_name") or _inline(body, "name"))
        transfer = objects.ach_transfer(
            type=str(body["type"]).upper(),
            amount=int(body["amount"]),
            description=str(body.get("description", "")),
            idempotency_key=idempotency_key,
            account_number_id=str(body.get("account_number_id") or objects.DEFAULT_ACCOUNT_NUMBER_ID),
            counterparty_id=str(body.get("counterparty_id") or self._id("cpty", "inline counterparty")),
            company_entry_description=str(body.get("company_entry_description", "")),
            company_discretionary_data=str(body.get("company_discretionary_data", "")),
            company_id=str(body.get("company_id") or objects.COMPANY_ID),
            company_name=str(body.get("company_name") or objects.COMPANY_NAME),
            receiver_name=receiver,
            receiver_id=str(body.get("receiver_id", "")),
            entry_class_code=str(body["entry_class_code"]).upper(),
            payment_related_info=str(body.get("payment_related_info", "")),
            same_day=bool(body.get("same_day", False)),
            allow_overdraft=bool(body.get("allow_overdraft", False)),
        )
        return self._send(transfer, _effective_day(body, self._today()), RETURN_BY_NAME.get(receiver))

    def reverse(self, transfer_id: str, body: Json, idempotency_key: str) -> Json:
        """Takes back a transfer that was sent in error: a new one in the other direction."""
        if body.get("reason") not in REVERSAL_REASONS:
            raise invalid("reason", "The reason is not one of a reversal.")
        original = self._ach(transfer_id)
        if original["is_incoming"] or original["status"] not in {"SUBMITTED", "SETTLED", "COMPLETED"}:
            raise RefusedError(400, "reversal_not_allowed", "Only what was sent can be reversed.", {"id": transfer_id})
        reversed_type = "DEBIT" if original["type"] == "CREDIT" else "CREDIT"
        kept = ("account_number_id", "counterparty_id", "company_id", "company_name", "receiver_name", "receiver_id",
                "entry_class_code", "amount")  # fmt: skip
        transfer = objects.ach_transfer(
            **{name: original[name] for name in kept},
            type=reversed_type,
            description=f"reverse {transfer_id}",
            idempotency_key=idempotency_key,
            company_entry_description="REVERSAL",
            payment_related_info=str(body["reason"]),
            reversal_pair_transfer_id=transfer_id,
        )
        return self._send(transfer, next_bank_day(self._today() + timedelta(days=1)), None)

    def return_incoming(self, transfer_id: str, body: Json) -> Json:
        """Sends an incoming transfer back."""
        code = body.get("return_code")
        if not isinstance(code, str) or not code.startswith("R"):
            raise invalid("return_code", "A return needs its code.")
        transfer = self._ach(transfer_id)
        if not transfer["is_incoming"] or transfer["status"] == "RETURNED":
            raise RefusedError(400, "return_not_allowed", "This transfer cannot be returned.", {"id": transfer_id})
        self._timeline.drop(transfer_id)
        self._return(transfer, self._now(), code)
        return self._ach(transfer_id)

    def cancel(self, transfer_id: str) -> Json:
        """Calls off what was not submitted yet."""
        transfer = self._ach(transfer_id)
        if transfer["status"] != "INITIATED":
            raise RefusedError(400, "cancellation_not_allowed", "It is too late to cancel.", {"id": transfer_id})
        self._timeline.drop(transfer_id)
        now = self._now()
        self._tell("ach.outgoing_transfer.canceled", now, transfer | _reached("cancelled_at", now, "CANCELED"))
        return self._ach(transfer_id)

    def send_wire(self, body: Json, idempotency_key: str) -> Json:
        """Sends a wire, as soon as the Fed takes wires."""
        _check_money(body, "amount")
        if not body.get("counterparty_id"):
            raise invalid("counterparty_id", "A counterparty is required.")
        now = self._now()
        transfer = objects.wire_transfer(
            id=self._id("wire", body),
            amount=body["amount"],
            is_incoming=False,
            idempotency_key=idempotency_key,
            account_number_id=str(body.get("account_number_id") or objects.DEFAULT_ACCOUNT_NUMBER_ID),
            counterparty_id=str(body["counterparty_id"]),
            description=str(body.get("description", "")),
            allow_overdraft=bool(body.get("allow_overdraft", False)),
            originator_name=objects.COMPANY_NAME,
            beneficiary_name="",
            created_at=_text(now),
        ) | _reached("initiated_at", now, "initiated")
        self._tell("wire.outgoing_transfer.initiated", now, transfer)
        self._complete_wire(transfer, self._fed_takes_wires_at() + timedelta(minutes=1))
        return transfer

    def deposit_check(self, body: Json, idempotency_key: str) -> Json:
        """Hands in a check: it is on its way within the hour, and settles on the next bank day."""
        _check_money(body, "deposited_amount")
        for name in ("image_front", "image_back", "micr_line"):
            if not body.get(name):
                raise invalid(name, "A deposited check needs both its images and its MICR line.")
        now = self._now()
        transfer = objects.check_transfer(
            id=self._id("chkt", body),
            deposited_amount=body["deposited_amount"],
            idempotency_key=idempotency_key,
            account_number_id=str(body.get("account_number_id") or objects.DEFAULT_ACCOUNT_NUMBER_ID),
            description=str(body.get("description", "")),
            micr_line=body["micr_line"],
            front_image=str(body["image_front"]),
            back_image=str(body["image_back"]),
            created_at=_text(now),
        ) | _reached("initiated_at", now, "initiated")
        self._tell("check.outgoing_debit.initiated", now, transfer)
        deposited_at = now + timedelta(hours=1)
        deposited = transfer | _reached("deposited_at", deposited_at, "deposited")
        self._tell("check.outgoing_debit.deposited", deposited_at, deposited)
        self._settle_check("check.outgoing_debit.settled", deposited, _next_morning(deposited_at))
        return transfer

    def issue_check(self, body: Json, idempotency_key: str) -> Json:
        """Issues a check; it stays issued until its payee deposits it."""
        _check_money(body, "positive_pay_amount")
        if not body.get("payee_name"):
            raise invalid("payee_name", "A check needs its payee.")
        now = self._now()
        transfer = objects.check_transfer(
            id=self._id("chkt", body),
            positive_pay_amount=body["positive_pay_amount"],
            check_number=_FIRST_CHECK + self._made,
            idempotency_key=idempotency_key,
            account_number_id=str(body.get("account_number_id") or objects.DEFAULT_ACCOUNT_NUMBER_ID),
            description=str(body.get("description", "")),
            payee_name=str(body["payee_name"]),
            allow_overdraft=bool(body.get("allow_overdraft", False)),
            created_at=_text(now),
        ) | _reached("initiated_at", now, "initiated")
        self._tell("check.incoming_debit.initiated", now, transfer)
        issued = transfer | _reached("issued_at", now, "issued")
        self._tell("check.incoming_debit.issued", now, issued)
        return issued

    # What the sandbox plays.

    def receive_ach(self, body: Json, transfer_type: str) -> None:
        """Somebody sends to us, or collects from us; it settles within the hour."""
        now = self._now()
        transfer = objects.ach_transfer(
            type=transfer_type,
            **_received(body),
            id=self._id("acht", body),
            is_incoming=True,
            created_at=_text(now),
            description="received SANDBOX transfer",
            company_name="SANDBOX",
            company_entry_description="SANDBOX",
            receiver_name=objects.COMPANY_NAME,
            entry_class_code="PPD",
            odfi_routing_number=objects.PAYER_ROUTING_NUMBER,
            effective_on=objects.effective_on(now.astimezone(NEW_YORK).date()),
        )
        scheduled = transfer | {"updated_at": _text(now), "status": "SCHEDULED"}
        self._tell("ach.incoming_transfer.scheduled", now, scheduled)
        self._settle(scheduled, now + timedelta(hours=1))

    def receive_wire(self, body: Json) -> None:
        """Somebody wires to us."""
        stamps = dict.fromkeys(("created_at", "updated_at", "initiated_at", "completed_at"), _text(self._now()))
        transfer = objects.wire_transfer(**_received(body), **stamps, id=self._id("wire", body), status="completed")
        self._tell("wire.incoming_transfer.completed", self._now(), transfer)

    def receive_international_wire(self, body: Json) -> None:
        """Somebody wires to us from abroad."""
        stamps = dict.fromkeys(("created_at", "updated_at", "initiated_at", "completed_at"), _text(self._now()))
        transfer = objects.wire_transfer(**_received(body), **stamps, id=self._id("swift", body), status="completed")
        self._tell("swift.incoming_transfer.completed", self._now(), transfer)

    def receive_realtime(self, body: Json) -> None:
        """Somebody pays us at once."""
        names = ("created_at", "updated_at", "initiated_at", "pending_at", "accepted_at", "completed_at")
        stamps = dict.fromkeys(names, _text(self._now()))
        transfer = objects.realtime_transfer(
            **_received(body), **stamps, id=self._id("rttr", body), status="COMPLETED", end_to_end_id=f"E2E{self._made}"
        )
        self._tell("realtime.incoming_transfer.completed", self._now(), transfer)

    def settle(self, transfer_id: str) -> None:
        """Settles an ACH transfer at once."""
        transfer = self._called_on(self._ach(transfer_id), {"INITIATED", "SUBMITTED", "SCHEDULED"})
        self._settle(transfer, self._now())

    def settle_wire(self, transfer_id: str) -> None:
        """Completes a wire of ours at once, whatever the hours of the Fed."""
        self._complete_wire(self._called_on(self._known("wire", transfer_id), {"initiated", "submitted"}), self._now())

    def settle_check_deposit(self, transfer_id: str) -> None:
        """Settles a check that we handed in and that is on its way."""
        transfer = self._called_on(self._known("chkt", transfer_id), {"deposited"})
        self._settle_check("check.outgoing_debit.settled", transfer, self._now())

    def deposit_issued_check(self, transfer_id: str) -> None:
        """The payee of a check of ours deposits it; it settles on the next bank day."""
        transfer = self._called_on(self._known("chkt", transfer_id), {"issued"})
        now = self._now()
        deposited = transfer | _reached("pending_deposit_at", now, "pending_deposit")
        deposited["deposited_amount"] = transfer["positive_pay_amount"]
        self._tell("check.incoming_debit.pending_deposit", now, deposited)
        self._settle_check("check.incoming_debit.settled", deposited, _next_morning(now))

    def tell(self, event_type: str, data: Json, created_at: datetime | None) -> Json:
        """Puts any event into the timeline, as the bank makes it now or at another instant."""
        return self._tell(event_type, created_at or self._now(), data)

    # The life of a transfer.

    def _send(self, transfer: Json, effective: date, return_code: str | None) -> Json:
        now = self._now()
        transfer |= {
            "id": self._id("acht", transfer),
            "created_at": _text(now),
            "effective_on": objects.effective_on(effective),
        } | _reached("initiated_at", now, "INITIATED")
        submitted_at = now + timedelta(hours=1)
        self._tell("ach.outgoing_transfer.initiated", now, transfer)
        submitted = transfer | _reached("submitted_at", submitted_at, "SUBMITTED")
        submitted["trace_number"] = f"1211453{self._made:08}"
        self._tell("ach.outgoing_transfer.submitted", submitted_at, submitted)
        settled_at = max(submitted_at + timedelta(minutes=1), datetime.combine(effective, _SETTLES_AT, NEW_YORK))
        self._settle(submitted, settled_at, return_code)
        return transfer

    def _settle(self, transfer: Json, settled_at: datetime, return_code: str | None = None) -> None:
        settled = transfer | _reached("settled_at", settled_at, "SETTLED")
        self._tell(f"{_family(transfer)}.settled", settled_at, settled)
        day = settled_at.astimezone(NEW_YORK).date()
        if return_code:
            returned_on = add_bank_days(day, 1)
            self._return(settled, datetime.combine(returned_on, time(9), NEW_YORK), return_code)
        else:
            completed_at = datetime.combine(add_bank_days(day, 2), time(8, 45), NEW_YORK)
            self._tell(f"{_family(transfer)}.completed", completed_at,
                       settled | _reached("completed_at", completed_at, "COMPLETED"))  # fmt: skip

    def _return(self, transfer: Json, returned_at: datetime, code: str) -> None:
        at = _text(returned_at)
        detail = {"created_at": at, "updated_at": at, "status": "COMPLETED", "return_code": code, "description": "",
                  "addenda": ""}  # fmt: skip
        returned = transfer | _reached("returned_at", returned_at, "RETURNED")
        returned["return_details"] = [*transfer["return_details"], detail]
        self._tell(f"{_family(transfer)}.returned", returned_at, returned)

    def _complete_wire(self, transfer: Json, at: datetime) -> None:
        if transfer["status"] == "initiated":
            transfer = transfer | _reached("submitted_at", at, "submitted")
            self._tell("wire.outgoing_transfer.submitted", at, transfer)
        completed = transfer | _reached("completed_at", at, "completed")
        completed["imad"] = f"{at.astimezone(NEW_YORK):%Y%m%d}MMQFMP31{self._made:06}"
        self._tell("wire.outgoing_transfer.completed", at, completed)

    def _fed_takes_wires_at(self) -> datetime:
        now = self._now().astimezone(NEW_YORK)
        if is_bank_day(now.date()) and now.time() < _WIRES_UNTIL:
            return now
        later = now.date() + timedelta(days=1) if is_bank_day(now.date()) else now.date()
        return datetime.combine(next_bank_day(later), _WIRES_FROM, NEW_YORK)

    def _settle_check(self, event_type: str, transfer: Json, at: datetime) -> None:
        self._tell(event_type, at, transfer | _reached("settled_at", at, "settled"))

    def _called_on(self, transfer: Json, statuses: set[str]) -> Json:
        """The transfer, which must be in one of these states: what was to happen to it by itself does not."""
        if transfer["status"] not in statuses:
            raise RefusedError(
                400, "settlement_not_allowed", "This transfer cannot be settled.", {"id": transfer["id"]}
            )
        self._timeline.drop(transfer["id"])
        return transfer

    def _tell(self, event_type: str, at: datetime, data: Json) -> Json:
        self._made += 1
        created = nanoseconds(at) + self._made
        event = {
            "id": ids.make("evnt", at, f"{event_type} {data.get('id')} {self._made}"),
            "created_at": instant(created),
            "type": event_type,
            "data": data,
        }
        # The decimals keep the order of what happens in one instant; the clock itself must be behind none of them.
        if at == self._now():
            self._timeline.now = max(self._timeline.now, created)
        self._timeline.add(
            LiveEvent(created, str(event["id"]), event_type, str(data.get("id", "")), orjson.dumps(event))
        )
        return event

    def _ach(self, transfer_id: str) -> Json:
        return self._known("acht", transfer_id)

    def _known(self, prefix: str, transfer_id: str) -> Json:
        state = self._timeline.state_of(transfer_id) if transfer_id.startswith(f"{prefix}_") else None
        if state is None:
            raise not_found(transfer_id)
        transfer: Json = orjson.loads(state)
        return transfer

    def _id(self, prefix: str, content: object) -> str:
        self._made += 1
        return ids.make(prefix, self._now(), f"{prefix} {self._made} {content!r}")

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._timeline.now // 1_000_000_000, UTC)

    def _today(self) -> date:
        return self._now().astimezone(NEW_YORK).date()


def _check_amount(body: Json, name: str) -> None:
    amount = body.get(name)
    if isinstance(amount, bool) or not isinstance(amount, int) or not 0 < amount < _MAX_CENTS:
        raise invalid(name, "The amount must be a positive number of cents.")


def _check_money(body: Json, name: str) -> None:
    """What every transfer of ours says: how much, and from or to which account."""
    _check_amount(body, name)
    if body.get("currency_code", "USD") != "USD":
        raise invalid("currency_code", "The currency must be USD.")
    if not (body.get("bank_account_id") or body.get("account_number_id")):
        raise invalid("bank_account_id", "A bank account or an account number is required.")


def _check_new(body: Json) -> None:
    _check_money(body, "amount")
    if str(body.get("type", "")).upper() not in {"CREDIT", "DEBIT"}:
        raise invalid("type", "The type must be CREDIT or DEBIT.")
    if not body.get("entry_class_code"):
        raise invalid("entry_class_code", "An entry class code is required.")
    if not (body.get("counterparty_id") or body.get("counterparty")):
        raise invalid("counterparty_id", "A counterparty is required.")
    if len(str(body.get("company_entry_description", ""))) > _MAX_ENTRY_DESCRIPTION:
        raise invalid("company_entry_description", "At most 10 characters.")
    if len(str(body.get("company_discretionary_data", ""))) > _MAX_DISCRETIONARY:
        raise invalid("company_discretionary_data", "At most 20 characters.")


def _effective_day(body: Json, today: date) -> date:
    """The bank day of an entry: the one asked for, today's for a same-day one, else the next."""
    if wanted := body.get("effective_on"):
        try:
            return next_bank_day(max(date.fromisoformat(str(wanted)[:10]), today))
        except ValueError:
            raise invalid("effective_on", "Expected a day.") from None
    return next_bank_day(today if body.get("same_day") else today + timedelta(days=1))


def _received(body: Json) -> Json:
    """What the sandbox is told of a transfer to play."""
    _check_amount(body, "amount")
    if not isinstance(body.get("destination_account_number_id"), str):
        raise invalid("destination_account_number_id", "The destination is required.")
    return {"account_number_id": body["destination_account_number_id"], "amount": body["amount"]}


def _next_morning(at: datetime) -> datetime:
    """When what came in at that instant settles: on the morning of the next bank day."""
    return datetime.combine(add_bank_days(at.astimezone(NEW_YORK).date(), 1), _SETTLES_AT, NEW_YORK)


def _inline(body: Json, name: str) -> str:
    counterparty = body.get("counterparty")
    return str(counterparty.get(name, "")) if isinstance(counterparty, dict) else ""


def _family(transfer: Json) -> str:
    return "ach.incoming_transfer" if transfer["is_incoming"] else "ach.outgoing_transfer"


def _reached(stamp: str, at: datetime, status: str) -> Json:
    return {stamp: _text(at), "updated_at": _text(at), "status": status}


def _text(at: datetime) -> str:
    return instant(int(at.timestamp()) * 1_000_000_000)
