import orjson
import pytest

from payments_pipeline.column.events import EventError, read_event

EVENT = {
    "id": "evnt_1vEdMiZ5pmkmrKZfNZ8LeqF2KFP",
    "created_at": "2021-07-12T23:05:36.949787176Z",
    "type": "ach.outgoing_transfer.completed",
    "data": {"id": "acht_28LtyrWQ7d5CZTXOjKEwVJrnlTa", "amount": 10_000, "receiver_name": "Zoë \\u0000 / \U0001f3e0"},
}


def test_an_event_has_one_text_however_it_is_spaced_and_escaped() -> None:
    spaced = orjson.dumps(EVENT, option=orjson.OPT_INDENT_2)
    escaped = orjson.dumps(EVENT).replace("ë".encode(), b"\\u00eb").replace(b"/", b"\\/")
    assert read_event(spaced) == read_event(escaped) == read_event(EVENT)
    assert read_event(spaced).text == orjson.dumps(EVENT).decode()


def test_the_fields_by_which_an_event_is_found_are_read_from_it() -> None:
    event = read_event(orjson.dumps(EVENT))
    assert (event.id, event.type, event.created_at, event.object_id) == (
        EVENT["id"], "ach.outgoing_transfer.completed", "2021-07-12T23:05:36.949787176Z",
        "acht_28LtyrWQ7d5CZTXOjKEwVJrnlTa",
    )  # fmt: skip


def test_what_a_sparse_event_leaves_out_is_empty() -> None:
    event = read_event({"id": "1", "data": {"type": "swift.outgoing_transfer.returned", "amount": 1}})
    assert (event.type, event.created_at, event.object_id) == ("swift.outgoing_transfer.returned", "", "")
    assert read_event({"id": "1", "data": {"type": "CREDIT"}}).type == ""
    assert read_event({"id": "1", "data": None, "type": 7, "created_at": ["x"]}).type == ""


def test_an_event_with_a_nul_is_kept_without_it_and_only_then() -> None:
    event = read_event(rb'{"id":"1","data":{"id":"a","memo":"x\u0000y \\u0000"}}')
    assert event.text == '{"id":"1","data":{"id":"a","memo":"x\ufffdy \\\\u0000"}}'
    assert read_event(event.text) == event


@pytest.mark.parametrize("half", [rb"\ud83d", rb"\ude00", rb"\ud83d\ud83d", b"\xff", b"\xf0\x9f"])
def test_a_character_that_was_cut_in_two_costs_that_character_and_not_the_event(half: bytes) -> None:
    whole = rb"x\ud83d\ude00 \\ud83d \""
    event = read_event(b'{"id":"1","data":{"memo":"' + whole + half + b'","amount":7}}')
    assert event.data["amount"] == 7
    assert event.data["memo"].rstrip("\ufffd") == 'x\U0001f600 \\ud83d "'
    assert read_event(event.text) == event


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'{"id":1}',
        b'{"id":""}',
        b'{"type":"x"}',
        b'{"id":"\xff"}',
        b'{"id":"1","data":{"id":"a\\u0000"',
        rb'{"id":"\ud83d"}',
        b'{"id":"1"',
        b'{"id":"1","amount":NaN}',
        b"[" * 100_000,
        orjson.dumps({"id": "x" * 256}),
    ],
    ids=range(13),
)
def test_what_is_no_event_is_refused_without_quoting_it(body: bytes) -> None:
    with pytest.raises(EventError) as refused:
        read_event(body)
    assert not body or body.decode("utf-8", "replace") not in str(refused.value)


def test_an_event_never_shows_its_text() -> None:
    assert "receiver_name" not in repr(read_event(EVENT))
