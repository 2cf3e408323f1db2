"""What a processor's message must hold, and that the border says the same of it."""

import json
from datetime import timedelta
from typing import Any

import pyarrow as arrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payments_pipeline.formats import webhook_payload
from payments_pipeline.formats.webhook_payload import PayloadError, Word, read_word
from payments_pipeline.ingestion import schema
from payments_pipeline.rules.calendar import business_date
from payments_pipeline.rules.envelope import idempotency_key
from tests.webhooks.senders import GOOD, NOW, body


def faults(content: bytes, channel: str | None = None) -> list[str]:
    """The fields at fault; none if the message is in order."""
    try:
        read_word(content, NOW, channel)
    except PayloadError as error:
        return [fault.field for fault in error.faults]
    return []


def border_faults(word: Word) -> list[str]:
    """What the border would find wrong with the row that the message becomes."""
    texts = arrow.table({name: arrow.array([word.texts[name]], arrow.string()) for name in schema.HEADER})
    found = schema.faults(schema.read_values(texts), NOW, business_date(NOW))
    return list(found["column_name"].to_pylist())


def test_a_message_says_what_a_row_of_a_file_would() -> None:
    word = read_word(body(reference_number=" Auth-0001 ", loan_account_number="ln0000000042"), NOW)
    assert (word.event, word.channel, word.loan_id, word.reference) == ("captured", "card", 42, "auth-0001")
    key = idempotency_key("card", "Auth-0001", word.value_date, 100050, "LN0000000042")
    assert word.key == key
    assert word.payment_id.bytes == key[:16]
    assert border_faults(word) == []


def test_without_a_value_date_it_is_the_date_in_new_york() -> None:
    late = read_word(body(payment_date="2026-03-02T02:30:00Z"), NOW)
    assert late.value_date.isoformat() == "2026-03-01"
    assert read_word(body(value_date="2026-02-27"), NOW).value_date.isoformat() == "2026-02-27"


def test_a_return_must_name_the_value_date_of_its_payment() -> None:
    assert faults(body(event="returned")) == ["value_date"]
    returned = read_word(body(event="Returned", value_date="2026-02-27", return_code="r01"), NOW)
    paid = read_word(body(value_date="2026-02-27"), NOW)
    assert returned.payment_id == paid.payment_id
    assert returned.word_id != paid.word_id
    assert returned.texts["return_code"] == "R01"


def test_the_channel_may_come_with_the_address() -> None:
    assert read_word(body(payment_channel=...), NOW, "paypal").channel == "paypal"
    assert read_word(body(payment_channel=" Card "), NOW, "card").channel == "card"
    assert faults(body(payment_channel="card"), "paypal") == ["payment_channel"]
    assert faults(body(payment_channel=...)) == ["payment_channel"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("reference_number", ...),
        ("reference_number", ""),
        ("reference_number", "  \t"),
        ("reference_number", "x" * 256),
        ("reference_number", "a\0b"),
        ("reference_number", "\ud800"),
        ("reference_number", 17),
        ("reference_number", None),
        ("loan_account_number", "LN1|2"),
        ("loan_account_number", "L" * 21),
        ("loan_account_number", ["LN0000000042"]),
        ("cif", ...),
        ("cif", ""),
        ("amount", "1000.50"),
        ("amount", 0),
        ("amount", 0.001),
        ("amount", -5),
        ("amount", 1_000_000_000),
        ("amount", True),
        ("amount", 1e3),
        ("amount", {"cents": 5}),
        ("currency", "EUR"),
        ("payment_date", "2026-03-02"),
        ("payment_date", "2026-03-02T15:04:05"),
        ("payment_date", "2026-02-30T15:04:05Z"),
        ("payment_date", "2026-03-04T18:00:00Z"),
        ("payment_date", "2024-03-02T15:04:05Z"),
        ("payment_date", 1772463845),
        ("payment_channel", "cash"),
        ("event", "paid"),
        ("value_date", "2026-13-01"),
        ("value_date", "2026-06-30"),
        ("provider", "p" * 101),
        ("return_code", "R-01"),
        ("transfer_id", "t" * 256),
        ("metadata", []),
        ("metadata", {"note": "\0"}),
        ("metadata", {"note": "\udfff"}),
        ("metadata", {"note": "x" * 65_536}),
        ("metadata", {"artifacts": [{"type": "receipt", "uri": "u", "hash": "not hex"}]}),
        ("surplus", 1),
    ],
)
def test_what_is_wrong_is_named_by_its_field(field: str, value: Any) -> None:
    # 1e3 is a number to JSON, and none that money is written as
    content = body(**{field: value}).replace(b"1000.0", b"1e3")
    assert faults(content) == [field]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    assert faults(body(amount=0, cif=..., currency="EUR")) == ["amount", "cif", "currency"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b"17",
        b'"text"',
        body()[:-1],
        body() + b"}",
        b"\xef\xbb\xbf" + body(),
        body().decode().encode("utf-16"),
        b"\xff" + body(),
        body().replace(b"Auth", b"Auth\xe9"),
        body().replace(b"1000.5", b"NaN"),
        body().replace(b"1000.5", b"1e999"),
        body().replace(b'"cif"', b'"amount": 5, "cif"'),
        body().replace(b'{"transaction_id"', b'{"transaction_id": 1, "transaction_id"'),
        body(metadata=...)[:-1] + b', "metadata": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        body().replace(b"1000.5", b"9" * 5_000),
    ],
)
def test_what_is_no_json_object_is_refused_as_a_whole(content: bytes) -> None:
    assert faults(content) == ["body"]


def test_metadata_may_be_nested_but_not_without_end() -> None:
    def nested(levels: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for _ in range(levels - 1):
            found = {"deeper": found}
        return found

    assert faults(body(metadata=nested(webhook_payload.DEEPEST))) == []
    assert faults(body(metadata=nested(webhook_payload.DEEPEST + 2))) == ["metadata"]


def test_cents_are_read_from_the_text_of_a_number() -> None:
    for text, cents in (("0.29", 29), ("1.1", 110), ("4.35", 435), ("999999999.99", 99_999_999_999), ("7", 700)):
        word = read_word(body().replace(b"1000.5", text.encode()), NOW)
        assert word.key == idempotency_key("card", "auth-0001", word.value_date, cents, "LN0000000042")


def test_the_rules_are_those_of_a_delivered_file() -> None:
    assert webhook_payload.EVENTS == schema.EVENTS
    assert webhook_payload.EXPECTED.keys() == set(schema.HEADER)
    for name in ("OLDEST_DAYS", "NEWEST_DAYS", "LARGEST_CENTS", "LONGEST_METADATA"):
        assert getattr(webhook_payload, name) == getattr(schema, name)


_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=30),
    st.sampled_from(
        ["RETURNED", " card ", "2026-03-02", "2025-01-25T23:59:59-05:00", "usd", "LN0000000042", "\u212aook"]
    ),
    st.dictionaries(st.text(max_size=5), st.text(max_size=5) | st.integers(), max_size=3),
    st.datetimes(min_value=(NOW - timedelta(days=402)).replace(tzinfo=None)).map(lambda at: at.isoformat()[:23] + "Z"),
    st.dates().map(str),
    st.integers(1, 10**12).map(lambda cents: cents / 100),
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(webhook_payload.EXPECTED)), _VALUES, max_size=4))
def test_what_is_acknowledged_passes_the_border(changes: dict[str, Any]) -> None:
    content = json.dumps(GOOD | {"event": "captured"} | changes).encode()
    try:
        word = read_word(content, NOW)
    except PayloadError:
        return
    assert border_faults(word) == []
