"""What becomes of words that a small world does not speak: recalls, notices of change, and garbled loans."""

from collections import Counter
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import orjson
import pytest

from payments_pipeline.column.local.lives import lives_of
from payments_pipeline.column.local.snapshots import counterparty_ids, texts
from payments_pipeline.column.local.words import WORD, Words
from payments_pipeline.world.days import CHANNELS, Days, day_number
from payments_pipeline.world.deliveries import EVENTS, RETURN_CODES, Account
from payments_pipeline.world.identifiers import account_number_ids, return_ids, transfer_ids

NEW_YORK = ZoneInfo("America/New_York")
DAYS = Days.of(date(2026, 6, 29), date(2026, 7, 20))


def test_a_recall_of_a_wire_is_asked_for_approved_and_done() -> None:
    events = _told(
        _word("wire", "completed", date(2026, 7, 1)), _word("wire", "recalled", date(2026, 7, 6), return_code="FRAD")
    )
    told = sorted((event["data"]["updated_at"], event["type"].removeprefix("wire.")) for event in events)
    assert [word for _, word in told] == [
        "incoming_transfer.completed",
        "incoming_return_request.initiated",
        "incoming_return_request.approved",
        "outgoing_transfer.initiated",
        "incoming_return_request.completed",
        "outgoing_transfer.completed",
    ]
    wire, *_ = events
    asked, approved, done = (event for event in events if "request" in event["type"])
    sent, back = (event for event in events if "outgoing" in event["type"])
    for event in (asked, approved, done):
        assert event["data"]["original_transfer_id"] == wire["data"]["id"] != event["data"]["id"]
        assert event["data"]["return_request_reason"] == "FRAD"
        assert event["data"]["id"] == asked["data"]["id"]
    assert [event["data"]["completed_at"] is None for event in (asked, approved, done)] == [True, True, False]
    assert [event["data"]["return_transfer_id"] for event in (asked, approved, done)] == [
        None,
        None,
        back["data"]["id"],
    ]
    assert back["data"]["id"] == return_ids("wire", np.array([7]))[0].as_py() != wire["data"]["id"]
    assert (back["data"]["is_incoming"], back["data"]["amount"]) == (False, wire["data"]["amount"])
    assert (sent["data"]["id"], sent["data"]["completed_at"]) == (back["data"]["id"], None)
    assert sent["data"]["initiated_at"] == back["data"]["initiated_at"] < back["data"]["completed_at"]


def test_an_instant_payment_goes_back_by_a_transfer_that_names_it() -> None:
    came, went = _told(
        _word("realtime", "completed", date(2026, 7, 1)), _word("realtime", "returned", date(2026, 7, 6))
    )
    assert [event["type"] for event in (came, went)] == [
        f"realtime.{way}_transfer.completed" for way in ("incoming", "outgoing")
    ]
    assert came["data"]["return_pair_transfer_id"] is None
    assert (
        went["data"]["return_pair_transfer_id"]
        == came["data"]["id"]
        == transfer_ids("realtime", np.array([7]))[0].as_py()
    )
    assert went["data"]["id"] == return_ids("realtime", np.array([7]))[0].as_py() != came["data"]["id"]
    assert (came["data"]["is_incoming"], went["data"]["is_incoming"]) == (True, False)
    assert (went["data"]["amount"], _day(went["data"]["completed_at"])) == (came["data"]["amount"], date(2026, 7, 6))


def test_some_collections_bring_a_notice_of_change_on_the_next_bank_day() -> None:
    words = [
        _word("ach", "settled", date(2026, 7, 2), identity=number, is_automatic=True) for number in range(1, 2_001)
    ]
    events = _told(*words)
    notices = [event["data"] for event in events if event["type"] == "ach.outgoing_transfer.noc"]
    assert 2 <= len(notices) <= 20
    for data in notices:
        notice = data["notification_of_changes"]
        assert notice["code"] in {"C01", "C02", "C03", "C05"}
        assert notice["corrected_data"].strip()
        assert notice["created_at"].startswith("2026-07-03")
        assert (data["type"], data["status"], data["completed_at"]) == ("DEBIT", "SETTLED", None)
        assert data["counterparty_id"] == counterparty_ids(np.array([3]))[0].as_py()
    assert all(
        event["data"]["notification_of_changes"] is None for event in events if not event["type"].endswith("noc")
    )


@pytest.mark.parametrize(
    ("account", "quoted", "text"),
    [
        (Account.OUTSIDE_BOOK, 987_654_321, " LN0987654321"),
        (Account.LETTER_FOR_DIGIT, 123, " LNO000000123"),
        (Account.TOO_SHORT, 12, " LN000012"),
    ],
)
def test_a_garbled_loan_is_quoted_as_garbled_and_reaches_no_loans_number(
    account: Account, quoted: int, text: str
) -> None:
    word = _word("realtime", "completed", date(2026, 7, 1), account=account, quoted=quoted, loan_id=0)
    (event,) = _told(word)
    assert event["data"]["description"].endswith(text)
    of_the_stranger = account_number_ids(np.array([quoted]))[0].as_py()
    assert (event["data"]["account_number_id"] == of_the_stranger) == (account == Account.OUTSIDE_BOOK)


def test_the_window_of_a_return_is_two_bank_days_and_a_return_within_it_ends_the_life() -> None:
    kept = _told(_word("ach", "settled", date(2026, 7, 2)))
    assert [event["type"].rpartition(".")[2] for event in kept] == ["scheduled", "settled", "completed"]
    assert _day(kept[-1]["created_at"]) == date(2026, 7, 6)  # Friday the third is a bank day, the weekend is none
    returned = _told(
        _word("ach", "settled", date(2026, 7, 2)), _word("ach", "returned", date(2026, 7, 3), return_code="R10")
    )
    assert [event["type"].rpartition(".")[2] for event in returned] == ["scheduled", "settled", "returned"]
    later = _told(
        _word("ach", "settled", date(2026, 7, 2)), _word("ach", "returned", date(2026, 7, 14), return_code="R10")
    )
    assert [event["type"].rpartition(".")[2] for event in later] == ["scheduled", "settled", "completed", "returned"]
    assert later[-1]["data"]["completed_at"] < later[-1]["data"]["returned_at"]


def test_a_word_told_late_is_made_on_its_day_and_says_when_it_happened() -> None:
    late = _word("book", "completed", date(2026, 7, 2), arrival=date(2026, 7, 8))
    initiated, completed = _told(late)
    assert (_day(initiated["created_at"]), _day(completed["created_at"])) == (date(2026, 7, 2), date(2026, 7, 8))
    assert _day(completed["data"]["completed_at"]) == date(2026, 7, 2)


def test_what_the_bank_has_no_word_for_is_no_event() -> None:
    attempt = [_word("realtime", "initiated", date(2026, 7, 2)), _word("realtime", "canceled", date(2026, 7, 3))]
    assert _told(*attempt) == []
    called_off = [_word("ach", "initiated", date(2026, 7, 2)), _word("ach", "canceled", date(2026, 7, 3))]
    assert Counter(event["type"] for event in _told(*called_off)) == {
        "ach.outgoing_transfer.initiated": 1,
        "ach.outgoing_transfer.canceled": 1,
    }


def _told(*words: Words) -> list[dict[str, Any]]:
    """The events of the words, oldest first."""
    events = lives_of(np.concatenate(words), DAYS)
    ordered = events[np.argsort(events["created"], kind="stable")]
    return [orjson.loads(text) for text in texts(ordered).to_pylist()] if len(ordered) else []


def _word(channel: str, event: str, day: date, *, arrival: date | None = None, **values: Any) -> Words:
    """A word that is told on its day, at noon."""
    word = np.zeros(1, dtype=WORD)
    defaults = {"identity": 7, "loan_id": 3, "amount_cents": 125_000, "account": Account.OWN, "return_code": ""}
    for name, value in (defaults | values).items():
        word[name] = RETURN_CODES.index(value) if name == "return_code" else value
    word["channel"], word["event"] = CHANNELS.index(channel), EVENTS.index(event)
    word["arrival"] = day_number(arrival or day)
    word["value_date"] = day_number(day if event not in {"recalled", "returned"} else date(2026, 7, 1))
    word["occurred_at"] = int(datetime(day.year, day.month, day.day, 12, tzinfo=NEW_YORK).timestamp())
    return word


def _day(text: str) -> date:
    return datetime.fromisoformat(text[:19] + "+00:00").astimezone(NEW_YORK).date()
