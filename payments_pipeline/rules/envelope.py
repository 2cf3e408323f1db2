r"""The envelope `loanserve.payments.v1`: one shape for every word about a payment, whoever said it.

Also the key under which we recognise a payment that is told twice. The key is a hash of what the payment is (method,
reference, value date, amount, loan), so a repeat finds its original without asking who delivered it or when.

Trimming and folding touch ASCII only. What a database makes of other letters depends on its locale, and the same
payment must have the same key on every server; in PostgreSQL that is `lower(btrim(reference, E' \t\n\r\f\x0b') collate
"C")`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

SCHEMA: Final = "loanserve.payments.v1"
METHODS: Final = ("ach", "wire", "realtime", "check", "card", "paypal", "venmo", "book")
"""The rails by which money moves."""

_BLANKS = " \t\n\r\f\v"
_TO_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
_TO_UPPER = {lower: upper for upper, lower in _TO_LOWER.items()}


def normalised_reference(reference: str) -> str:
    """The reference without surrounding blanks, in lower case."""
    return reference.strip(_BLANKS).translate(_TO_LOWER)


def normalised_loan(loan: str) -> str:
    """The loan reference without surrounding blanks, in upper case."""
    return loan.strip(_BLANKS).translate(_TO_UPPER)


def idempotency_key(method: str, reference: str, value_date: date, amount_cents: int, loan: str) -> bytes:
    """The 32 bytes that stand for a payment: the same tuple always gives them, any other tuple gives others."""
    told = (method.translate(_TO_LOWER), normalised_reference(reference), value_date.isoformat(), str(amount_cents))
    return hashlib.sha256("|".join((*told, normalised_loan(loan))).encode()).digest()


def envelope_faults(envelope: Mapping[str, Any]) -> list[str]:
    """Everything that is wrong with an envelope; an empty list means that it is one.

    Each fault names the field, what was expected and what was found. Faults of the tuple hide a wrong key, since the
    key of a payment that is not well described means nothing.
    """
    faults = list(_shape_faults(envelope, _ENVELOPE, ""))
    return faults or list(_agreement_faults(envelope))


def _agreement_faults(envelope: Mapping[str, Any]) -> Iterator[str]:
    """Fields that are well formed, each by itself, and contradict each other."""
    payment, channel = envelope["payment"], envelope["source"]["channel"]
    if payment["method"] != channel:
        yield _fault("payment.method", f"the source's channel, {channel!r}", payment["method"])
    key = idempotency_key(
        payment["method"],
        payment["reference"],
        date.fromisoformat(payment["value_date"]),
        payment["amount_cents"],
        envelope["borrower"]["loan_id"],
    ).hex()
    if envelope["idempotency_key"] != key:
        yield _fault("idempotency_key", f"the key of this payment, {key!r}", envelope["idempotency_key"])


def _fault(field: str, expected: str, found: object) -> str:
    return f"{field}: expected {expected}, found {found!r:.80}"


# The shape is a table: per field what is expected in words, a test, and whether it may be absent. A nested table stands
# for an object, a list of one table for a list of objects.

_Test = Callable[[Any], bool]
_Field = tuple[str, _Test, bool]
_Table = dict[str, "_Field | _Table | list[_Table]"]


def _shape_faults(value: Any, table: _Table, path: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield _fault(path.rstrip(".") or "envelope", "an object", value)
        return
    for name in value:
        if name not in table:
            yield f"{path}{name}: expected no such field in {SCHEMA}"
    for name, expected in table.items():
        yield from _field_faults(value, name, expected, f"{path}{name}")


def _field_faults(parent: Mapping[str, Any], name: str, expected: Any, path: str) -> Iterator[str]:
    match expected:
        case dict():
            if name in parent:
                yield from _shape_faults(parent[name], expected, f"{path}.")
            elif name not in _OPTIONAL_OBJECTS:
                yield f"{path}: expected an object, found none"
        case [element]:
            if not isinstance(parent.get(name), list):
                yield _fault(path, "a list", parent.get(name))
                return
            for index, item in enumerate(parent[name]):
                yield from _shape_faults(item, element, f"{path}[{index}].")
        case (words, test, optional):
            if name in parent:
                if not test(parent[name]):
                    yield _fault(path, words, parent[name])
            elif not optional:
                yield f"{path}: expected {words}, found none"


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip(_BLANKS))


def _is_loan(value: Any) -> bool:
    # A bar separates the parts of the key: in a reference it is harmless, at the end it would make two tuples one.
    return _is_text(value) and "|" not in value


def _is_ours(value: Any) -> bool:
    return bool(value == SCHEMA)


def _is_dollars(value: Any) -> bool:
    return bool(value == "USD")


def _is_method(value: Any) -> bool:
    return isinstance(value, str) and value in METHODS


def _is_cents(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_sha256(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value) is not None


def _is_uuid(value: Any) -> bool:
    try:
        return isinstance(value, str) and str(UUID(value)) == value.lower()
    except ValueError:
        return False


def _is_date(value: Any) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _is_instant(value: Any) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).utcoffset() is not None
    except ValueError:
        return False


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


def _is_ids(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(text, str) for text in value.values())


def _is_object(value: Any) -> bool:
    return isinstance(value, Mapping)


_TEXT: _Field = ("some text", _is_text, False)
_TEXT_OR_NONE: _Field = ("some text", _is_text, True)
_METHOD: _Field = (f"one of {', '.join(METHODS)}", _is_method, False)
_SHA256: _Field = ("a sha256 in 64 lower-case hex digits", _is_sha256, False)
_UUID: _Field = ("a UUID", _is_uuid, False)

_OPTIONAL_OBJECTS: Final = frozenset({"risk", "external"})
_ENVELOPE: Final[_Table] = {
    "schema": (repr(SCHEMA), _is_ours, False),
    "message_id": _UUID,
    "correlation_id": _UUID,
    "idempotency_key": _SHA256,
    "occurred_at": ("an ISO 8601 instant with its offset", _is_instant, False),
    "source": {"channel": _METHOD, "provider": _TEXT, "batch_id": _TEXT_OR_NONE},
    "borrower": {
        "loan_id": ("the loan's reference, without '|'", _is_loan, False),
        "name": _TEXT_OR_NONE,
        "external_ids": ("ids by the name of who gave them", _is_ids, True),
    },
    "payment": {
        "amount_cents": ("a whole number of cents above 0", _is_cents, False),
        "currency": ("'USD'", _is_dollars, False),
        "method": _METHOD,
        "value_date": ("a date as yyyy-mm-dd", _is_date, False),
        "reference": _TEXT,
        "details": ("an object", _is_object, True),
    },
    "artifacts": [{"type": _TEXT, "uri": _TEXT, "hash": _SHA256}],
    "risk": {"flags": ("a list of texts", _is_texts, True), "score": ("a number", _is_number, True)},
    "external": {"column_transfer_id": _TEXT_OR_NONE, "column_event_id": _TEXT_OR_NONE, "psp_id": _TEXT_OR_NONE},
}
