"""The text of events, whole columns at a time.

The form of each snapshot is the object of `objects.py`; what varies from one event to the next is put into it where a
mark stands, so that there is one description of an object, whoever writes it.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from payments_pipeline.column import ids
from payments_pipeline.column.local import objects
from payments_pipeline.column.local.lives import EVENT, KINDS, NUMBER, STAMPS, Events
from payments_pipeline.column.local.objects import Json
from payments_pipeline.world.deliveries import RETURN_CODES, Account
from payments_pipeline.world.draws import Flags, Int64s, scattered
from payments_pipeline.world.identifiers import account_number_ids, return_ids, transfer_ids
from payments_pipeline.world.portfolio import borrower_of, cifs, loan_numbers
from payments_pipeline.world.text import chosen, digits, integers, iso_instants, joined, prefixed
from payments_pipeline.world.text import ids as scattered_ids

Columns = Mapping[str, Any]
"""Of a form's fields those that vary, as columns of JSON."""

RETURN_REQUEST_PREFIX: Final = "wrrq_"
_RETURN_REQUEST_SALT: Final = 0xBA_1000
_COUNTERPARTY_SALT: Final = 0xBA_1010
_PAYER_SALT: Final = 0xBA_1020
_EVENT_SALT: Final = 0xBA_1030
_DEFAULT_NUMBER_SALT: Final = 0xBA_1040
_CHANGE_SALT: Final = 0xBA_1050
_NOTE_SALT: Final = 0xBA_1060
_BY_DEFAULT_NUMBER: Final = np.uint64(50)
"""One in so many is sent to the account's own number instead of the loan's, and quotes the loan in its text."""

_SECOND_NS: Final = 1_000_000_000
_REASONS: Final = {
    "R01": "Insufficient funds",
    "R02": "Account closed",
    "R03": "No account or unable to locate account",
    "R10": "Customer advises originator is not known or not authorized",
    "FRAD": "Fraudulent origination",
    "DUPL": "Duplicate payment",
}
_TRACE_STRIDE: Final = 834_597_113
_CHANGES: Final = ("C01", "C02", "C03", "C05")
_MARK: Final = "@@{}@@"


def event_ids(events: Events) -> npt.NDArray[np.uint8]:
    """The characters of each event's id behind its prefix."""
    what = events["identity"] * len(KINDS) + events["kind"]
    high, low = scattered(what, _EVENT_SALT), scattered(what, _EVENT_SALT + 1)
    return ids.digits_of(events["created"] // _SECOND_NS, high, low)


def object_ids(events: Events) -> npt.NDArray[np.uint8]:
    """The characters of the id of each event's object behind its prefix."""
    rows = _digits_of(transfer_ids("ach", events["identity"].copy()))  # they are the same on every rail
    is_return = _has_form(events, "wire_return") | _has_form(events, "realtime_return")
    rows[is_return] = _digits_of(return_ids("realtime", events["identity"][is_return]))  # on both, too
    for form, salt in (("recall", _RETURN_REQUEST_SALT), ("note", _NOTE_SALT)):
        which = _has_form(events, form)
        rows[which] = scattered_ids(events["identity"][which], salt)
    return rows


def _digits_of(named: pa.StringArray) -> npt.NDArray[np.uint8]:
    characters = np.frombuffer(named.buffers()[2] or b"", dtype=np.uint8)
    return characters.reshape(-1, len("acht_") + ids.LENGTH)[:, -ids.LENGTH :].copy()


def return_request_ids(identities: Int64s) -> pa.StringArray:
    """The id of the request to send a wire back."""
    return prefixed(RETURN_REQUEST_PREFIX, scattered_ids(identities.copy(), _RETURN_REQUEST_SALT))


def counterparty_ids(loan_ids: Int64s) -> pa.StringArray:
    """The id of the account from which a loan's payments are collected."""
    return prefixed("cpty_", scattered_ids(loan_ids.copy(), _COUNTERPARTY_SALT))


def texts(events: Events) -> pa.StringArray:
    """Each event as compact JSON."""
    written, order = [], []
    for form, write in _FORMS.items():
        rows = np.flatnonzero(_has_form(events, form))
        if len(rows):
            written.append(_filled(form, events[rows], write(events[rows])))
            order.append(rows)
    back = np.argsort(np.concatenate(order))
    return pa.concat_arrays(written).take(pa.array(back))


def _has_form(events: Events, form: str) -> Flags:
    return np.isin(events["kind"], [number for number, kind in enumerate(KINDS) if kind.form == form])


def _filled(form: str, events: Events, columns: Columns) -> pa.StringArray:
    """The form with a column in place of each of its marks."""
    values = dict(columns) | {
        "event_id": joined('"', prefixed("evnt_", event_ids(events)), '"'),
        "event_created_at": _instants(events["created"]),
        "event_type": chosen([f'"{kind.type}"' for kind in KINDS], events["kind"]),
    }
    parts: list[Any] = []
    for place, text in enumerate(_templates()[form]):
        parts.append(values[text] if place % 2 else text)
    return joined(*parts)


def _template(form: Json, marked: tuple[str, ...]) -> tuple[str, ...]:
    """The JSON of an event around an object of this form: text, name of a column, text, name..., text."""
    data = form | {name: _MARK.format(name) for name in marked}
    unknown = data.keys() - form.keys()
    if unknown:
        raise ValueError(f"the form has no {sorted(unknown)}")
    event = {
        "id": _MARK.format("event_id"),
        "created_at": _MARK.format("event_created_at"),
        "type": _MARK.format("event_type"),
        "data": data,
    }
    begin, end = (f'"{part}' if place == 0 else f'{part}"' for place, part in enumerate(_MARK.split("{}")))
    text = orjson.dumps(event).decode("utf-8")
    return tuple(piece for part in text.split(begin) for piece in part.split(end, 1))


def _ach(events: Events) -> Columns:
    is_incoming = events["kind"] >= NUMBER["ach.incoming_transfer.scheduled"]
    stamps = {f"{stamp}_at": _seconds(events[stamp]) for stamp in STAMPS if stamp != "initiated"}
    created = _seconds(events["initiated"])
    loan, quotes = events["loan_id"].copy(), _quotes(events)
    trace = prefixed("09100", digits(events["identity"] * _TRACE_STRIDE % 10**10, 10))
    incoming = pa.array(is_incoming)
    return stamps | {
        "id": _quoted(transfer_ids("ach", events["identity"].copy())),
        "created_at": created,
        "updated_at": _seconds(_latest(events)),
        "initiated_at": pc.if_else(incoming, "null", created),
        "status": _statuses(events),
        "type": pc.if_else(incoming, '"CREDIT"', '"DEBIT"'),
        "account_number_id": _account_number_ids(events),
        "counterparty_id": pc.if_else(incoming, '""', _quoted(counterparty_ids(loan))),
        "amount": integers(events["amount_cents"].copy()),
        "description": pc.if_else(
            incoming,
            joined('"received BILLPAY transfer', quotes, " (trace #: ", trace, ')"'),
            joined('"mortgage payment', quotes, '"'),
        ),
        "effective_on": _effective_on(events["value_date"].astype(np.int64)),
        "company_entry_description": pc.if_else(incoming, '"BILLPAY"', f'"{objects.ENTRY_DESCRIPTION}"'),
        "company_id": pc.if_else(incoming, '"1910000190"', f'"{objects.COMPANY_ID}"'),
        "company_name": pc.if_else(incoming, '"ONLINE BILLPAY"', f'"{objects.COMPANY_NAME}"'),
        "receiver_name": pc.if_else(incoming, f'"{objects.COMPANY_NAME}"', _quoted(cifs(borrower_of(loan)))),
        "entry_class_code": pc.if_else(incoming, '"WEB"', '"PPD"'),
        "is_incoming": pc.if_else(incoming, "true", "false"),
        "trace_number": _quoted(trace),
        "odfi_routing_number": pc.if_else(incoming, f'"{objects.PAYER_ROUTING_NUMBER}"', f'"{objects.ROUTING_NUMBER}"'),
        "return_details": _return_details(events),
        "notification_of_changes": _notices(events),
    }


def _wire(events: Events) -> Columns:
    quotes = _quotes(events)
    imad = digits(events["identity"] % 10**6, 6)
    completed = _milliseconds(events["completed"], events["identity"])
    return {
        "id": _quoted(transfer_ids("wire", events["identity"].copy())),
        **dict.fromkeys(("created_at", "updated_at", "initiated_at", "completed_at"), completed),
        "account_number_id": _account_number_ids(events),
        "amount": integers(events["amount_cents"].copy()),
        "description": joined('"MORTGAGE PAYMENT', quotes, '"'),
        "status": _statuses(events),
        "imad": joined('"', prefixed("20260105MMQFMP31", imad), '"'),
        "originator_name": _quoted(cifs(borrower_of(events["loan_id"].copy()))),
        "originator_to_beneficiary_information": joined('"MORTGAGE PAYMENT', quotes, '"'),
    }


def _wire_return(events: Events) -> Columns:
    """The wire by which money goes back; that it does, the request alone says."""
    initiated = _seconds(events["submitted"])
    return {
        **_wire(events),
        "id": _quoted(return_ids("wire", events["identity"].copy())),
        **dict.fromkeys(("created_at", "initiated_at"), initiated),
        "updated_at": _seconds(_latest(events)),
        "completed_at": _seconds(events["completed"]),
        "description": _constant('"RETURN"', events),
        "is_incoming": _constant("false", events),
        "imad": _constant('""', events),
        "originator_name": _constant(f'"{objects.COMPANY_NAME}"', events),
        "originator_to_beneficiary_information": _constant('""', events),
    }


def _recall(events: Events) -> Columns:
    returned_by = _quoted(return_ids("wire", events["identity"].copy()))
    return {
        "id": _quoted(return_request_ids(events["identity"])),
        "created_at": _seconds(events["initiated"]),
        "updated_at": _seconds(_latest(events)),
        "approved_at": _seconds(events["submitted"]),
        "completed_at": _seconds(events["completed"]),
        "original_transfer_id": _quoted(transfer_ids("wire", events["identity"].copy())),
        "return_transfer_id": pc.if_else(pa.array(events["completed"] > 0), returned_by, "null"),
        "status": _statuses(events),
        "return_request_reason": _quoted(chosen(RETURN_CODES, events["return_code"])),
    }


def _realtime(events: Events) -> Columns:
    completed = _seconds(events["completed"])
    stamps = ("created_at", "updated_at", "initiated_at", "pending_at", "accepted_at", "completed_at")
    return {
        "id": _quoted(transfer_ids("realtime", events["identity"].copy())),
        **dict.fromkeys(stamps, completed),
        "account_number_id": _account_number_ids(events),
        "amount": integers(events["amount_cents"].copy()),
        "description": joined('"mortgage', _quotes(events), '"'),
        "status": _statuses(events),
        "end_to_end_id": joined('"E2E', integers(events["identity"].copy()), '"'),
    }


def _realtime_return(events: Events) -> Columns:
    """The transfer by which an instant payment goes back, from the account number that it came to."""
    return {
        **_realtime(events),
        "id": _quoted(return_ids("realtime", events["identity"].copy())),
        "description": _constant('"return"', events),
        "end_to_end_id": joined('"E2ER', integers(events["identity"].copy()), '"'),
        "is_incoming": _constant("false", events),
        "return_pair_transfer_id": _quoted(transfer_ids("realtime", events["identity"].copy())),
    }


def _book(events: Events) -> Columns:
    payer = prefixed("bacc_", scattered_ids(events["loan_id"].copy(), _PAYER_SALT))
    return {
        "id": _quoted(transfer_ids("book", events["identity"].copy())),
        "created_at": _seconds(events["initiated"]),
        "updated_at": _seconds(_latest(events)),
        "completed_at": _seconds(events["completed"]),
        "cancelled_at": _seconds(events["cancelled"]),
        "sender_bank_account_id": _quoted(payer),
        "sender_account_number_id": _quoted(
            prefixed("acno_", scattered_ids(events["loan_id"].copy(), _PAYER_SALT + 8))
        ),
        "receiver_account_number_id": _account_number_ids(events),
        "amount": integers(events["amount_cents"].copy()),
        "description": joined('"mortgage', _quotes(events), '"'),
        "status": _statuses(events),
    }


def _note(events: Events) -> Columns:
    at = _seconds(events["completed"])
    return {
        "id": _quoted(prefixed("note_", scattered_ids(events["identity"].copy(), _NOTE_SALT))),
        "created_at": at,
        "updated_at": at,
        "status": _statuses(events),
    }


def _account_number_ids(events: Events) -> Any:
    """The loan's own number; the account's where the payer used that or garbled the loan; a stranger's where the loan
    is not in the book.
    """
    own = account_number_ids(np.where(events["account"] == Account.OUTSIDE_BOOK, events["quoted"], events["loan_id"]))
    return _quoted(pc.if_else(pa.array(_by_default_number(events)), objects.DEFAULT_ACCOUNT_NUMBER_ID, own))


def _by_default_number(events: Events) -> Flags:
    is_garbled = (events["account"] != Account.OWN) & (events["account"] != Account.OUTSIDE_BOOK)
    drawn: Flags = scattered(events["identity"].copy(), _DEFAULT_NUMBER_SALT) % _BY_DEFAULT_NUMBER == 0
    is_own = events["account"] == Account.OWN
    return np.asarray(is_garbled | (is_own & drawn))


def _quotes(events: Events) -> Any:
    """The loan number as the payer wrote it, after a blank; nothing where the account number says it all."""
    is_own = events["account"] == Account.OWN
    ways = [
        joined(" ", loan_numbers(events["loan_id"].copy())),
        joined(" ", loan_numbers(events["quoted"].copy())),
        joined(" LNO", prefixed("", digits(events["quoted"].copy(), 9))),
        joined(" LN0", prefixed("", digits(events["quoted"].copy(), 5))),
    ]
    quoted = pc.choose(pa.array(events["account"].astype(np.int8)), *ways)
    return pc.if_else(pa.array(is_own & ~_by_default_number(events)), "", quoted)


def _return_details(events: Events) -> Any:
    """One return with its code, once the transfer is returned."""
    codes = chosen(RETURN_CODES, events["return_code"])
    reasons = chosen([_REASONS.get(code or "", "") for code in RETURN_CODES], events["return_code"])
    at = _seconds(events["returned"])
    detail = joined(
        '[{"created_at":', at, ',"updated_at":', at, ',"status":"COMPLETED","return_code":"', codes,
        '","description":"', reasons, '","addenda":""}]',
    )  # fmt: skip
    return pc.if_else(pa.array(events["returned"] > 0), detail, "[]")


def _notices(events: Events) -> Any:
    """What the payer's bank asks us to correct, with the corrected data where the code has any."""
    is_notice = events["kind"] == NUMBER["ach.outgoing_transfer.noc"]
    if not is_notice.any():
        return _constant("null", events)
    drawn = scattered(events["loan_id"].copy(), _CHANGE_SALT)
    number = (drawn % np.uint64(len(_CHANGES))).astype(np.uint8)
    account = prefixed("", digits((drawn % np.uint64(10**10)).astype(np.int64), 10))
    routing = objects.PAYER_ROUTING_NUMBER
    corrected = pc.choose(
        pa.array(number.astype(np.int8)), account, _constant(routing, events), joined(routing, account, by="   "),
        _constant("27", events),
    )  # fmt: skip
    at = _instants(events["created"])
    notice = joined(
        '{"code":"', chosen(_CHANGES, number), '","corrected_data":"', corrected, '","created_at":', at, "}"
    )
    return pc.if_else(pa.array(is_notice), notice, "null")


def _statuses(events: Events) -> pa.StringArray:
    return chosen([f'"{kind.status}"' for kind in KINDS], events["kind"])


def _latest(events: Events) -> Int64s:
    latest: Int64s = np.maximum.reduce([events[stamp] for stamp in STAMPS])
    return latest


def _effective_on(days: Int64s) -> Any:
    """Midnight in California of each day. There are few days: each is written once."""
    found, place = np.unique(days, return_inverse=True)
    written = [f'"{objects.effective_on(day)}"' for day in found.astype("datetime64[D]").tolist()]
    return chosen(written, place)


def _seconds(seconds: Int64s) -> Any:
    """Instants as JSON, null where there is none."""
    present = seconds > 0
    written = joined('"', iso_instants(seconds[present]), '"')
    if present.all():
        return written
    place = np.cumsum(present) - 1
    return written.take(pa.array(place, mask=~present)).fill_null("null")


def _milliseconds(seconds: Int64s, identity: Int64s) -> Any:
    """Instants with three decimals, as the bank writes those of wires."""
    decimals = prefixed(".", digits(identity % 1_000, 3))
    return joined('"', pc.utf8_slice_codeunits(iso_instants(seconds.copy()), 0, 19), decimals, 'Z"')


def _instants(nanoseconds: Int64s) -> Any:
    seconds, nanos = np.divmod(nanoseconds, _SECOND_NS)
    whole = iso_instants(seconds)
    exact = joined(pc.utf8_slice_codeunits(whole, 0, 19), prefixed(".", digits(nanos, 9)), "Z")
    return joined('"', pc.if_else(pa.array(nanos == 0), whole, exact), '"')


def _quoted(values: Any) -> Any:
    return joined('"', values, '"')


def _constant(text: str, events: Events) -> pa.StringArray:
    return chosen([text], np.zeros(len(events), dtype=np.uint8))


_FORMS: Final[Mapping[str, Callable[[Events], Columns]]] = {
    "ach": _ach,
    "wire": _wire,
    "wire_return": _wire_return,
    "recall": _recall,
    "realtime": _realtime,
    "realtime_return": _realtime_return,
    "book": _book,
    "note": _note,
}


@cache
def _templates() -> dict[str, tuple[str, ...]]:
    """What of each form varies is what its function writes; asked of a world without events."""
    nothing = np.zeros(1, dtype=EVENT)
    forms = {
        "ach": objects.ach_transfer(),
        "wire": objects.wire_transfer(),
        "wire_return": objects.wire_transfer(),
        "recall": objects.return_request(),
        "realtime": objects.realtime_transfer(),
        "realtime_return": objects.realtime_transfer(),
        "book": objects.book_transfer(),
        "note": objects.note(),
    }
    return {form: _template(empty, tuple(_FORMS[form](nothing))) for form, empty in forms.items()}
