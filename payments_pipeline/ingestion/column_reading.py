"""What the bank's events say: the fields that a rule names, read out of an event's JSON once.

Which field means what is data, `data/column_events.csv`, and stands in `ingestion.event_types`. This is the one place that
looks into an event, whether it was polled, came by webhook or is read again; the statements `sql/ingestion/column_*.sql`
get the texts it found, and never see JSON.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final, NamedTuple

import orjson
import psycopg

from payments_pipeline.column.events import MAX_NAME, Json, RawEvent
from payments_pipeline.postgres.run import query

COLUMNS: Final = (
    "event_id",
    "type",
    "object_id",
    "created_at",
    "created_on",
    "listed_as",
    "condition",
    "sender_id",
    "value_text",
    "valued_at",
    "instant_text",
    "happened_at",
    "amount_text",
    "amount_cents",
    "currency",
    "original_id",
    "account_number_id",
    "loans_named",
    "return_code",
    "return_transfer_id",
    "raw",
)
"""Of the table `arriving`, in the order in which a reading holds them; before them all stands the line."""

_NULL: Final = r"\N"
_UNDATED: Final = date(1970, 1, 1)
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
_YEARS: Final = (2000, 2099)
"""Between which an event can have been made: each day of theirs gets a partition."""
_ESCAPES: Final = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
_SAYS_NOTHING: Final = (None,) * 12
"""The columns from `value_text` to `return_transfer_id`."""

_INSTANT: Final = re.compile(
    "(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])[Tt ](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    "(?:[.][0-9]{1,12})?(?:[Zz]|[+-](?:0[0-9]|1[0-4]):?[0-5][0-9])"
)
_DAY_LENGTH: Final = len("2026-03-02")
_DAYS_OF_EVERY_MONTH: Final = "28"
_CENTS: Final = re.compile("[1-9][0-9]{0,10}")
_LEAST_TOO_MUCH: Final = 10**11
_CODE: Final = re.compile("[0-9A-Za-z]{1,10}")
_LOAN: Final = re.compile("(?<![A-Z0-9])LN[0-9]{10}(?![0-9])")
_LOAN_LENGTH: Final = len("LN0000000001")
_TEXTS: Final = (
    "description",
    "payment_related_info",
    "receiver_id",
    "company_discretionary_data",
    "beneficiary_reference",
    "originator_to_beneficiary_info",
    "originator_to_beneficiary_information",
    "beneficiary_name",
    "memo",
)
"""Where payers write the number of a loan."""
_CONTEST: Final = re.compile("R7[1-7]")
"""Codes by which a bank insists on its return."""
_CONTESTED: Final = "CONTESTED"
"""The code for that where it gives none of them."""
_RECALLED: Final = "RECALL"
"""The code of a recall for which the payer's bank gives none."""
_WENT_BACK: Final = frozenset({"returned", "recalled"})


class Reading(NamedTuple):
    """One event, read. Readings sort as the bank made them."""

    created_at: datetime
    """Long ago where the bank does not say it, or says what cannot be."""
    event_id: str
    day: date
    """Of `created_at`, by which known events are found."""
    digest: bytes
    """Hash of the text."""
    size_bytes: int
    fields: str
    """Its row of `arriving` between the line and the text, as COPY takes it."""
    text: str
    """The text, as COPY takes it."""

    @property
    def told_at(self) -> datetime | None:
        """When the bank made it, if it says so."""
        return self.created_at if self.created_at > _LONG_AGO else None

    def __repr__(self) -> str:
        """Without what names people and accounts."""
        return f"Reading({self.event_id!r})"


@dataclass(frozen=True, slots=True)
class _Rule:
    """A row of `ingestion.event_types`: what an event says if the condition holds."""

    condition: str
    holds: Callable[[Json], bool]
    """Whether the condition does."""
    signal: str | None
    receipt: str | None
    value_fields: tuple[str, ...]
    instant_fields: tuple[str, ...]
    amount_fields: tuple[str, ...]
    original_fields: tuple[str, ...]
    return_field: str | None


@dataclass(frozen=True, slots=True)
class _Listed:
    """The rules of a type, which may stand under the name of its family."""

    name: str
    rules: Sequence[_Rule]
    is_by_sender: bool
    """Whether it is the sender's account number that decides between them, which only the database can tell."""


class EventRules:
    """What each type of the bank's events says of a payment, as the database holds it."""

    def __init__(self, rows: Iterable[dict[str, Any]], version: str) -> None:
        """`version` names the rows, so that what was read by other rules is never stored."""
        self.version = version
        rules: dict[str, list[_Rule]] = {}
        for row in rows:
            rules.setdefault(row["type"], []).append(_rule(row))
        self._listed = {name: _listed(name, given) for name, given in rules.items()}
        self._families = sorted((name[:-1] for name in rules if name.endswith(".*")), key=len, reverse=True)
        self._met: dict[str, _Listed | None] = {}

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._listed)

    def read(self, event: RawEvent) -> Reading:
        """What the event says."""
        data = event.data
        name = condition = sender = None
        says: Sequence[str | None] = _SAYS_NOTHING
        if (listed := self._listed_for(event.type)) is not None:
            name = listed.name
            if listed.is_by_sender:
                sender = _text(data, "sender_account_number_id")
            for rule in listed.rules:
                if rule.holds(data):
                    condition = rule.condition
                    if rule.signal is not None:
                        says = _words(rule, data)
                    break
        instant = instant_of(event.created_at)
        made, day = (instant.isoformat(), instant.date()) if instant else ("", _UNDATED)
        made_on = made[:_DAY_LENGTH] or day.isoformat()
        told = (event.id, event.type, event.object_id or None, made or None, made_on, name, condition, sender, *says)
        text = event.text
        raw = text.encode()
        if "\\" in text:
            # JSON writes what COPY would take for its own with a backslash: where there is none, nothing is to be escaped
            told, text = tuple([_escaped(one) for one in told]), text.replace("\\", r"\\")
        fields = "\t".join([_NULL if one is None else one for one in told])
        return Reading(instant or _LONG_AGO, event.id, day, hashlib.sha256(raw).digest(), len(raw), fields, text)

    def _listed_for(self, event_type: str) -> _Listed | None:
        """The rules under the type's own name, or else under the narrowest family to which it belongs."""
        try:
            return self._met[event_type]
        except KeyError:
            family = next((name for name in self._families if event_type.startswith(name)), "")
            self._met[event_type] = self._listed.get(event_type) or self._listed.get(f"{family}*")
            return self._met[event_type]


def load_rules(connection: psycopg.Connection[Any]) -> EventRules:
    """The rules as they are now, in a transaction (or within the caller's)."""
    with connection.transaction():
        (now,) = query(connection, "ingestion/column_rules_version")
        return EventRules(query(connection, "ingestion/column_rules"), now["version"] or "")


def instant_of(text: str) -> datetime | None:
    """When the bank made an event, by its own account; None where it says nothing that can be."""
    try:
        instant = datetime.fromisoformat(text)
        return instant.astimezone(UTC) if instant.tzinfo and _YEARS[0] <= instant.year <= _YEARS[1] else None
    except (ValueError, OverflowError):
        return None


def _rule(row: dict[str, Any]) -> _Rule:
    value, instant, amount, original = (
        tuple(filter(None, (row[name] or "").split("|")))
        for name in ("value_fields", "instant_fields", "amount_fields", "original_fields")
    )
    return _Rule(
        row["condition"],
        _HOLDS[row["condition"]],
        row["signal"],
        row["receipt"],
        value,
        instant,
        amount,
        original,
        row["return_field"],
    )


def _listed(name: str, rules: Sequence[_Rule]) -> _Listed:
    return _Listed(name, rules, any(rule.condition == "to_us" for rule in rules))


def _always(_: Json) -> bool:
    return True


def _never(_: Json) -> bool:
    return False


def _is_debit(data: Json) -> bool:
    return (_text(data, "type") or "").upper() == "DEBIT"


def _is_credit(data: Json) -> bool:
    return (_text(data, "type") or "").upper() == "CREDIT"


def _has_pair(data: Json) -> bool:
    return _text(data, "return_pair_transfer_id") is not None


def _has_no_pair(data: Json) -> bool:
    return _text(data, "return_pair_transfer_id") is None


def _is_recleared(data: Json) -> bool:
    return _text(data, "recleared_at") is not None


def _is_not_recleared(data: Json) -> bool:
    return _text(data, "recleared_at") is None


_HOLDS: Final[dict[str, Callable[[Json], bool]]] = {
    "any": _always,
    "debit": _is_debit,
    "credit": _is_credit,
    "pair": _has_pair,
    "no_pair": _has_no_pair,
    "recleared": _is_recleared,
    "not_recleared": _is_not_recleared,
    # whose the sender is, the database finds out; until then money to us is supposed, and read as what that says
    "to_us": _always,
    "from_us": _never,
}


def _words(rule: _Rule, data: Json) -> list[str | None]:
    """The columns from `value_text` to `return_transfer_id`."""
    value_text = _first(data, rule.value_fields)
    instant_text = _first(data, rule.instant_fields)
    amount = next((data[name] for name in rule.amount_fields if data.get(name) is not None), None)
    cents = _cents(amount)
    original = _name(_first(data, rule.original_fields)) if rule.original_fields else None
    returned_by = _name(_text(data, rule.return_field)) if rule.return_field else None
    return [
        value_text,
        value_text and _instant(f"{value_text}T12:00:00Z" if len(value_text) == _DAY_LENGTH else value_text),
        instant_text,
        instant_text and _instant(instant_text),
        None if cents else _written(amount),
        cents,
        _written(data.get("currency_code")),
        original,
        _text(data, "receiver_account_number_id") or _text(data, "account_number_id"),
        _loans_named(data),
        _return_code(rule, data) if rule.signal in _WENT_BACK else None,
        returned_by,
    ]


def _name(text: str | None) -> str | None:
    """The id of an object, unless it is longer than any can be."""
    return text if text and len(text) <= MAX_NAME else None


def _escaped(text: str | None) -> str | None:
    return text and text.translate(_ESCAPES)


def _written(value: object) -> str | None:
    """A value of JSON as text; null is none."""
    if value is None or isinstance(value, str):
        return value
    return orjson.dumps(value).decode()


def _text(data: Json, name: str) -> str | None:
    """The text of a field; an empty one is none."""
    value = data.get(name)
    return value or None if isinstance(value, str) else _written(value)


def _first(data: Json, names: tuple[str, ...]) -> str | None:
    """The text of the first of these fields that has one."""
    for name in names:
        if (value := data.get(name)) is not None and value != "":
            return value if isinstance(value, str) else _written(value)
    return None


def _instant(text: str) -> str | None:
    """The instant, if PostgreSQL will read it as one: a single bad one would stop all that come with it."""
    if not _INSTANT.fullmatch(text):
        return None
    if text[8:10] > _DAYS_OF_EVERY_MONTH:
        try:
            date.fromisoformat(text[:_DAY_LENGTH])
        except ValueError:
            return None
    return text.upper()


def _cents(amount: object) -> str | None:
    """Whole cents; an amount in quotes is one too."""
    if isinstance(amount, int) and not isinstance(amount, bool):
        return str(amount) if 0 < amount < _LEAST_TOO_MUCH else None
    return amount if isinstance(amount, str) and _CENTS.fullmatch(amount) else None


def _loans_named(data: Json) -> str | None:
    """Numbers of loans in the texts, with commas between."""
    found: set[str] = set()
    for name in _TEXTS:
        if (text := data.get(name)) and (not isinstance(text, str) or len(text) >= _LOAN_LENGTH):
            found.update(_LOAN.findall((_written(text) or "").upper()))
    return ",".join(sorted(found)) or None


def _return_code(rule: _Rule, data: Json) -> str | None:
    """Why the money went back.

    An ACH return tells its history: the first receipt went back for the first reason, the second for that of the contest,
    and never for the first reason once more, since it is the same return.
    """
    details = data.get("return_details")
    if isinstance(details, list):
        told = [one for one in details if isinstance(one, dict)]
        told.sort(key=lambda one: _text(one, "created_at") or "~")
        codes = [_text(one, "return_code") for one in told]
        code = codes[0] if codes else None
        if rule.receipt == "again":
            code = next((one for one in reversed(codes) if one and _CONTEST.fullmatch(one.upper())), _CONTESTED)
    else:
        code = _first(data, ("return_code", "return_reason", "return_request_reason", "reason"))
    if code and _CODE.fullmatch(code):
        return code.upper()
    return _RECALLED if rule.signal == "recalled" else None
