"""The body of a processor's webhook: what it must hold, and what it says about a payment.

The rules are those of a row in a delivered file (`ingestion/schema.py`), value by value instead of column by column,
since a sender waits for the answer. The border looks at each message once more when it is staged; a test holds the two
to the same verdicts.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from payments_pipeline.rules.calendar import business_date
from payments_pipeline.rules.envelope import METHODS, idempotency_key, normalised_loan, normalised_reference
from payments_pipeline.rules.settlement import RULES

EVENTS: Final = ("initiated", "settled", "completed", "captured", "returned", "recalled", "canceled")
WORDS_BACK: Final = ("returned", "recalled", "canceled")
"""Words after which the money is not ours. They come on another day than the payment, whose value date they must name."""

OLDEST_DAYS: Final = 400
NEWEST_DAYS: Final = 35
LARGEST_CENTS: Final = 10**11 - 1
LONGEST_METADATA: Final = 65_536
DEEPEST: Final = 32
"""Levels that metadata may be nested."""

EXPECTED: Final = {
    "reference_number": "expected a text of 1 to 255 characters that are not all blanks",
    "loan_account_number": "expected a text of 1 to 20 characters without '|'",
    "cif": "expected a text of 1 to 20 characters",
    "amount": "expected a number of dollars above 0 and below 1000000000, with at most two decimals, such as 1234.56",
    "currency": "expected USD, or no such field",
    "payment_date": (
        f"expected an instant with its zone, such as 2026-03-02T15:04:05Z, not over {OLDEST_DAYS} days ago and not over "
        "a day ahead"
    ),
    "payment_channel": f"expected one of {', '.join(METHODS)}",
    "event": f"expected one of {', '.join(EVENTS)}, or no such field",
    "value_date": (
        f"expected a date as yyyy-mm-dd, from {OLDEST_DAYS} days ago to {NEWEST_DAYS} days ahead; without it, the date "
        "in New York of payment_date"
    ),
    "provider": "expected a text of at most 100 characters, or no such field",
    "return_code": "expected at most 10 letters and digits, or no such field",
    "transfer_id": "expected a text of at most 255 characters, or no such field",
    "metadata": (
        f"expected an object of at most {LONGEST_METADATA} characters, nested at most {DEEPEST} deep, in which artifacts, "
        "if any, are a list of type, uri and hash (sha256), or no such field"
    ),
}
"""The fields of a body, and what each must hold."""

_BLANKS: Final = " \t\n\r\f\v"
_AMOUNT: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,2})?")
_INSTANT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:?[0-9]{2})"
)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_RETURN_CODE: Final = re.compile(r"[0-9A-Z]{1,10}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_LOAN: Final = re.compile(r"LN([0-9]{10})")
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")
_LONGEST_INTEGER: Final = 1000
_READY: Final = {channel: rule.ready_signal for channel, rule in RULES.items()}


class Fault(NamedTuple):
    """What is wrong with a body: the field, and what was expected of it. What was found may be personal."""

    field: str
    message: str


class PayloadError(Exception):
    """A body that is no word about a payment. `is_readable` tells whether it was a JSON object at all."""

    def __init__(self, faults: list[Fault], *, is_readable: bool) -> None:
        super().__init__("; ".join(f"{fault.field}: {fault.message}" for fault in faults))
        self.faults = faults
        self.is_readable = is_readable


@dataclass(frozen=True, slots=True)
class Word:
    """What a body says about a payment."""

    event: str
    channel: str
    loan_id: int
    """The loan quoted, by its number; 0 where that is none of ours by its form."""
    value_date: date
    key: bytes
    reference: str
    """Without surrounding blanks, in lower case, as the key looks at it."""
    texts: Mapping[str, str] = field(repr=False)
    """The fields as a delivered file would write them."""

    @property
    def payment_id(self) -> UUID:
        """The payment that it is about."""
        return UUID(bytes=self.key[:16])

    @property
    def word_id(self) -> UUID:
        """The id of what is said, in whatever bytes."""
        return UUID(bytes=hashlib.sha256(self.key + b"|" + self.event.encode()).digest()[:16])


def read_word(body: bytes, received_at: datetime, channel: str | None = None) -> Word:
    """What the body says, received then by way of the address of a channel; `PayloadError` names all that is wrong."""
    fields = _read_object(body)
    texts: dict[str, str] = {}
    faults = [
        Fault(_shown(name), "expected no such field; put it into metadata") for name in fields.keys() - EXPECTED.keys()
    ]
    for name, read in _READERS.items():
        text = read(fields[name]) if fields.get(name) is not None else _DEFAULTS.get(name)
        if text is None:
            faults.append(Fault(name, EXPECTED[name]))
        else:
            texts[name] = text
    faults += _channel_faults(texts, channel)
    if not faults:
        _complete(texts)
        faults += _time_faults(texts, received_at)
    if faults:
        raise PayloadError(sorted(faults), is_readable=True)
    return _word(texts)


# The body as JSON -----------------------------------------------------------------------------------------------------


class _Number(float):
    """A number with decimals, which remembers how it was written: money is never a rounded double."""

    __slots__ = ("text",)
    text: str


def _number(text: str) -> float:
    number = _Number(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError("too large a number")
    number.text = text
    return number


def _integer(text: str) -> int:
    if len(text) > _LONGEST_INTEGER:
        raise ValueError("too large a number")
    return int(text)


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; one that names something twice says two things, and readers differ in which they take."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name twice in one object")
    return found


_JSON: Final = json.JSONDecoder(
    parse_float=_number, parse_int=_integer, parse_constant=_refuse, object_pairs_hook=_once
)


def _read_object(body: bytes) -> dict[str, Any]:
    try:
        fields = _JSON.decode(body.decode())
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        fault = Fault("body", "expected one JSON object in UTF-8, in which each name stands once")
        raise PayloadError([fault], is_readable=False)
    return fields


def _shown(name: str) -> str:
    """The name of a field that somebody made up, as it can be told in an answer."""
    return name[:40].encode("ascii", "backslashreplace").decode("ascii")


# Values as a file would write them: a text, or None where the value is not what it must be -----------------------------


def _text(value: object, most: int) -> str | None:
    return value if isinstance(value, str) and len(value) <= most and _is_storable(value) else None


def _is_storable(text: str) -> bool:
    """PostgreSQL holds neither NUL nor half a surrogate pair, both of which JSON can spell."""
    return "\0" not in text and _SURROGATE.search(text) is None


def _reference(value: object) -> str | None:
    text = _text(value, 255)
    return text if text is not None and text.strip(_BLANKS) else None


def _loan(value: object) -> str | None:
    text = _trimmed(value, 20)
    return None if not text or "|" in text else normalised_loan(text)


def _cif(value: object) -> str | None:
    return _trimmed(value, 20) or None


def _trimmed(value: object, most: int) -> str | None:
    return _text(value.strip(_BLANKS), most) if isinstance(value, str) else None


def _amount(value: object) -> str | None:
    if isinstance(value, _Number):
        text = value.text
    elif isinstance(value, int) and not isinstance(value, bool):
        text = str(value)
    else:
        return None
    return text if _AMOUNT.fullmatch(text) and text.strip("0.") else None


def _currency(value: object) -> str | None:
    return "USD" if _trimmed(value, 3) == "USD" else None


def _one_of(words: tuple[str, ...], value: object) -> str | None:
    text = value.strip(_BLANKS).lower() if isinstance(value, str) else None
    return text if text in words else None


def _instant(value: object) -> str | None:
    text = _trimmed(value, 40)
    return text if text and _INSTANT.fullmatch(text) and _as_instant(text) else None


def _as_instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _date(value: object) -> str | None:
    text = _trimmed(value, 10)
    try:
        return date.fromisoformat(text).isoformat() if text and _DATE.fullmatch(text) else None
    except ValueError:
        return None


def _return_code(value: object) -> str | None:
    text = _trimmed(value, 10)
    return text.upper() if text is not None and _RETURN_CODE.fullmatch(text.upper()) and text.isascii() else None


def _metadata(value: object) -> str | None:
    if not isinstance(value, dict) or not all(map(_is_storable, _texts_within(value, 1))):
        return None
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    artifacts = value.get("artifacts", [])
    is_right = isinstance(artifacts, list) and all(map(_is_artifact, artifacts))
    return text if is_right and len(text) <= LONGEST_METADATA and r"\u0000" not in text else None


def _texts_within(value: object, depth: int) -> Iterator[str]:
    """Every text in it, names included; what is nested too deep shows as a text that cannot be stored."""
    if depth > DEEPEST + 1:
        yield "\0"
    elif isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _texts_within(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts_within(inner, depth + 1)


def _is_artifact(artifact: object) -> bool:
    return (
        isinstance(artifact, dict)
        and all(isinstance(artifact.get(name), str) and artifact[name].strip() for name in ("type", "uri", "hash"))
        and _SHA256.fullmatch(artifact["hash"]) is not None
    )


_READERS: Final = {
    "reference_number": _reference,
    "loan_account_number": _loan,
    "cif": _cif,
    "amount": _amount,
    "currency": _currency,
    "payment_date": _instant,
    "payment_channel": lambda value: _one_of(METHODS, value),
    "event": lambda value: _one_of(EVENTS, value),
    "value_date": _date,
    "provider": lambda value: _trimmed(value, 100),
    "return_code": _return_code,
    "transfer_id": lambda value: _trimmed(value, 255),
    "metadata": _metadata,
}
_DEFAULTS: Final = {
    "currency": "USD",
    "payment_channel": "",
    "event": "",
    "value_date": "",
    "provider": "",
    "return_code": "",
    "transfer_id": "",
    "metadata": "",
}
"""What stands for a field that may be left out; `_complete` fills in what follows from the others."""


# The fields together --------------------------------------------------------------------------------------------------


def _channel_faults(texts: dict[str, str], channel: str | None) -> Iterator[Fault]:
    """The channel comes with the address, with the body, or with both if they agree."""
    told = texts.get("payment_channel")
    if told is None:
        return
    if channel is not None and told not in ("", channel):
        yield Fault("payment_channel", f"expected {channel}, as the address says, or no such field")
    elif not (told or channel):
        yield Fault("payment_channel", EXPECTED["payment_channel"])
    else:
        texts["payment_channel"] = told or channel or ""


def _complete(texts: dict[str, str]) -> None:
    texts["event"] = texts["event"] or _READY[texts["payment_channel"]]
    if not texts["value_date"] and texts["event"] not in WORDS_BACK:
        made_at = datetime.fromisoformat(texts["payment_date"])
        texts["value_date"] = business_date(made_at).isoformat()


def _time_faults(texts: dict[str, str], received_at: datetime) -> Iterator[Fault]:
    ahead = datetime.fromisoformat(texts["payment_date"]) - received_at
    if not timedelta(days=-OLDEST_DAYS - 1) < ahead <= timedelta(days=1):
        yield Fault("payment_date", EXPECTED["payment_date"])
        return
    if not texts["value_date"]:
        yield Fault("value_date", f"expected the value date of the payment that was {texts['event']}, as yyyy-mm-dd")
        return
    days = (date.fromisoformat(texts["value_date"]) - business_date(received_at)).days
    if not -OLDEST_DAYS <= days <= NEWEST_DAYS:
        yield Fault("value_date", EXPECTED["value_date"])


def _word(texts: dict[str, str]) -> Word:
    whole, _, decimals = texts["amount"].partition(".")
    value_date = date.fromisoformat(texts["value_date"])
    loan = texts["loan_account_number"]
    ours = _LOAN.fullmatch(loan)
    return Word(
        event=texts["event"],
        channel=texts["payment_channel"],
        loan_id=int(ours[1]) if ours else 0,
        value_date=value_date,
        key=idempotency_key(
            texts["payment_channel"],
            texts["reference_number"],
            value_date,
            int(whole) * 100 + int(f"{decimals:0<2}"),
            loan,
        ),
        reference=normalised_reference(texts["reference_number"]),
        texts=texts,
    )
