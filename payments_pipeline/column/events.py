"""Events as the bank tells them: the text that is kept, and the few fields by which it is found again.

The text of an event is what the bank said, value by value and in its order, written without the blanks between. So one
event has one text, whether it came in a page or alone in a webhook, and its hash tells whether it is the same one.
"""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import orjson

from payments_pipeline.column.parsing import parse
from payments_pipeline.errors import PaymentsError

Json = dict[str, Any]

MAX_NAME: Final = 255
"""Longer ids and types are no ids and types, and would not fit into an index."""

_NUL: Final = "\x00"
_ESCAPED_NUL: Final = b"\\u0000"
_REPLACEMENT: Final = "\ufffd"


class EventError(PaymentsError):
    """Something was delivered as an event and is none."""


class RawEvent(NamedTuple):
    """One event. Fields that the bank left out are empty; only the id is always there."""

    id: str
    type: str
    created_at: str
    """As written: RFC 3339, UTC, with up to nine decimals."""
    object_id: str
    """Of the transfer, account or other object that `data` is a snapshot of."""
    text: str
    """The event itself; names people and accounts, so it is never shown."""
    data: Json
    """The snapshot in it, parsed; empty where there is none."""

    def __repr__(self) -> str:
        """Without the event itself."""
        return f"RawEvent({self.id!r}, {self.type!r}, {self.created_at!r}, {self.object_id!r})"


class Unreadable(NamedTuple):
    """Something that the bank lists as an event, and that is none."""

    text: str
    """Itself, or its plain fields where it is nested too deeply; may name people and accounts, so it is never shown."""
    fault: str
    place: str
    """Where it stands in the list."""

    def __repr__(self) -> str:
        """Without what it says."""
        return f"Unreadable({self.fault!r}, {self.place!r})"


def read_listed(items: Iterable[object]) -> tuple[list[RawEvent], list[Unreadable]]:
    """The events of a page, and what in it cannot be read: one bad item must not keep back the events around it."""
    events: list[RawEvent] = []
    refused: list[tuple[int, str, str]] = []
    for item in items:
        try:
            if not isinstance(item, dict):
                raise _no_event("it is not a JSON object")
            events.append(read_event(item))
        except EventError as error:
            refused.append((max(0, len(events) - 1), _kept(item), error.message))
    return events, [
        Unreadable(text, fault, f"next to the event {events[nearest].id}" if events else "alone on its page")
        for nearest, text, fault in refused
    ]


def read_event(given: bytes | bytearray | memoryview | str | Json) -> RawEvent:
    """The event in a webhook's body, or one that was already parsed out of a page.

    Raises `EventError` where there is none. What is missing besides the id is left empty: unknown and sparse events are
    kept and looked at by people, so they must get through here.
    """
    event = given if isinstance(given, dict) else _parsed(given)
    event_id = event.get("id")
    if not isinstance(event_id, str) or not event_id or len(event_id) > MAX_NAME or _REPLACEMENT in event_id:
        raise _no_event(f"its id is not a text of 1 to {MAX_NAME} whole characters")
    text = _text(event)
    if _ESCAPED_NUL in text and (mended := _without_nul(event)) != event:
        # PostgreSQL has no NUL in text or jsonb. Refusing the event would stop every page that holds it.
        event, text = mended, _text(mended)
    data = event.get("data")
    data = data if isinstance(data, dict) else {}
    return RawEvent(
        event["id"],
        _type(event, data),
        _name(event.get("created_at")),
        _name(data.get("id")),
        text.decode("utf-8"),
        data,
    )


def _parsed(body: bytes | bytearray | memoryview | str) -> Json:
    try:
        event = parse(body)
    except orjson.JSONDecodeError:
        raise _no_event("it is not JSON in UTF-8") from None  # the error quotes the body
    if not isinstance(event, dict):
        raise _no_event("it is not a JSON object")
    return event


def _text(event: object) -> bytes:
    try:
        return orjson.dumps(event)
    except (TypeError, ValueError):
        raise _no_event("it is nested too deeply, or holds what JSON cannot") from None


def _kept(item: object) -> str:
    """What was listed and is no event, as text. Of one that is nested too deeply, the fields by which to ask for it."""
    try:
        return _text(item).decode("utf-8")
    except EventError:
        fields = item.items() if isinstance(item, dict) else ()
        return _text({name: value for name, value in fields if not isinstance(value, dict | list)}).decode("utf-8")


def _type(event: Json, data: Json) -> str:
    """The type of the event; some senders put it into the snapshot, where plain objects have a type of another kind."""
    if given := _name(event.get("type")):
        return given
    inner = _name(data.get("type"))
    return inner if "." in inner else ""


def _name(value: object) -> str:
    return value if isinstance(value, str) and len(value) <= MAX_NAME else ""


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace(_NUL, _REPLACEMENT)
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(inner) for key, inner in value.items()}
    return [_without_nul(inner) for inner in value] if isinstance(value, list) else value


def _no_event(reason: str) -> EventError:
    return EventError(
        f"This is no event of the bank: {reason}.",
        "Look at what was delivered; if the bank sent it, ask it to send the event again.",
    )
