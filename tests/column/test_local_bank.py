"""What the local bank makes of a world, and how it behaves as its clock moves."""

import io
import shutil
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import numpy as np
import orjson
import pandas as pd
import pytest

from payments_pipeline.column.client import ColumnClient, ColumnError
from payments_pipeline.column.events import RawEvent, read_event
from payments_pipeline.column.local.control import API_KEY, WEBHOOK_SECRET, LocalBank, LocalBankError
from payments_pipeline.column.local.running import running
from payments_pipeline.column.local.spool import spool_of
from payments_pipeline.column.signature import verify
from payments_pipeline.world import World, generate
from payments_pipeline.world.identifiers import account_number_ids, return_ids, transfer_ids
from tests.column.conftest import END, WORLD, OpenBank, walked_back, walked_forward
from tests.column.receiver import receiving

NEW_YORK = ZoneInfo("America/New_York")
PACIFIC = ZoneInfo("America/Los_Angeles")
RAILS = ("ach", "wire", "realtime", "book")
REPEATS = ("duplicate", "recased_duplicate", "malformed")

# The event types that speak each word of the world, by rail.
SPOKEN = {
    ("ach", "settled"): {"ach.outgoing_transfer.settled", "ach.incoming_transfer.settled"},
    ("ach", "returned"): {"ach.outgoing_transfer.returned", "ach.incoming_transfer.returned"},
    ("ach", "canceled"): {"ach.outgoing_transfer.canceled"},
    ("wire", "completed"): {"wire.incoming_transfer.completed"},
    ("wire", "recalled"): {"wire.incoming_return_request.completed"},
    ("realtime", "completed"): {"realtime.incoming_transfer.completed"},
    ("realtime", "returned"): {"realtime.outgoing_transfer.completed"},
    ("book", "completed"): {"book.transfer.completed"},
    ("book", "canceled"): {"book.transfer.canceled"},
}
DEBIT = {
    "type": "DEBIT", "amount": 99_00, "entry_class_code": "PPD", "bank_account_id": "bacc_1", "counterparty_id": "cpty_1",
}  # fmt: skip


@pytest.fixture(scope="module")
def told(world_dir: Path) -> list[tuple[RawEvent, dict[str, Any]]]:
    """All events of the world, oldest first, with their snapshots."""
    spool = spool_of(world_dir)
    events = [read_event(spool.text(index)) for index in range(len(spool) - 1, -1, -1)]
    return [(event, orjson.loads(event.text)["data"]) for event in events]


@pytest.fixture(scope="module")
def truth(world_dir: Path) -> pd.DataFrame:
    """The words of the world that the bank has to speak."""
    items = pd.read_parquet(world_dir / "truth" / "items.parquet")
    words = items[items["channel"].isin(RAILS) & ~items["truth"].isin(REPEATS)]
    return words.assign(
        transfer_id=[transfer_ids(word.channel, np.array([word.identity]))[0].as_py() for word in _rows(words)]
    )


# The world in events.


def test_every_word_of_the_world_is_one_event_made_on_the_day_on_which_it_arrives(
    told: list[tuple[RawEvent, dict[str, Any]]], truth: pd.DataFrame
) -> None:
    spoken = Counter(
        (
            data.get("original_transfer_id") or data.get("return_pair_transfer_id") or event.object_id,
            event.type,
            _new_york_day(event.created_at),
        )
        for event, data in told
    )
    for word in _rows(truth):
        types = SPOKEN.get((word.channel, word.event), set())
        if types:
            assert sum(spoken[word.transfer_id, one, word.arrival_day] for one in types) == 1, word
    words = {one for types in SPOKEN.values() for one in types}
    assert sum(count for (_, kind, _), count in spoken.items() if kind in words) == sum(
        bool(SPOKEN.get((word.channel, word.event))) for word in _rows(truth)
    )


def test_the_world_has_every_kind_of_trouble(told: list[tuple[RawEvent, dict[str, Any]]], truth: pd.DataFrame) -> None:
    assert set(truth["truth"]) >= {"late", "missed", "return", "initiated", "unknown_loan", "canceled", "payment"}
    types = Counter(event.type for event, _ in told)
    assert types["reporting.bank_account_transaction.completed"] == WORLD.days
    assert types["identity.created"] == types["account.overdrafted"] == types["ledger.statement_language.changed"] == 1


def test_snapshots_say_amount_value_date_and_when_it_truly_happened(
    told: list[tuple[RawEvent, dict[str, Any]]], truth: pd.DataFrame
) -> None:
    words = {(word.transfer_id, word.event): word for word in _rows(truth)}
    for event, data in told:
        if event.type.endswith("_transfer.settled"):
            word = words[event.object_id, "settled"]
            assert data["amount"] == word.amount_cents
            assert _day(data["effective_on"], PACIFIC) == _new_york_day(data["settled_at"]) == word.value_date
            assert data["effective_on"].endswith("T07:00:00Z")
            assert data["status"] == "SETTLED"
        elif event.type in {"wire.incoming_transfer.completed", "realtime.incoming_transfer.completed"}:
            word = words[event.object_id, "completed"]
            assert (data["amount"], _new_york_day(data["completed_at"])) == (word.amount_cents, word.value_date)
        elif event.type.endswith("_transfer.returned"):
            word = words[event.object_id, "returned"]
            assert [one["return_code"] for one in data["return_details"]] == [word.return_code]
            assert data["settled_at"] < data["returned_at"]
        elif event.type == "wire.incoming_return_request.completed":
            assert data["return_request_reason"] == words[data["original_transfer_id"], "recalled"].return_code
        elif event.type == "realtime.outgoing_transfer.completed":
            word = words[data["return_pair_transfer_id"], "returned"]
            assert (data["amount"], event.object_id) == (
                word.amount_cents,
                return_ids("realtime", np.array([word.identity]))[0].as_py(),
            )


def test_the_account_number_is_that_of_the_loan_and_never_of_another(
    told: list[tuple[RawEvent, dict[str, Any]]], truth: pd.DataFrame
) -> None:
    loans = {word.transfer_id: word.loan_id for word in _rows(truth)}
    numbers = np.arange(1, WORLD.loans + 1, dtype=np.int64)
    loan_of = dict(zip(account_number_ids(numbers).to_pylist(), numbers.tolist(), strict=True))
    by_number = by_text = unknown = 0
    for event, data in told:
        loan = loans.get(event.object_id)
        if loan is None or "amount" not in data:
            continue
        number = data.get("receiver_account_number_id") or data["account_number_id"]
        if number in loan_of:
            assert loan_of[number] == loan
            by_number += 1
        elif loan:
            assert f" LN{loan:010}" in data["description"]
            by_text += 1
        else:
            assert " LN" in data["description"]
            unknown += 1
    assert by_number > 20 * by_text > 0 < unknown


def test_a_life_is_told_in_its_order_unless_a_word_came_late(told: list[tuple[RawEvent, dict[str, Any]]]) -> None:
    lives: dict[str, list[str]] = {}
    for event, data in told:
        if event.object_id.startswith("acht_"):
            is_on_time = data["settled_at"] is None or event.created_at[:10] == data["updated_at"][:10]
            lives.setdefault(event.object_id, []).append(event.type.rpartition(".")[2] if is_on_time else "late")
    whole = [life for life in lives.values() if "late" not in life]
    ends = Counter(tuple(life) for life in whole)
    assert ends["initiated", "submitted", "settled", "completed"] > 50
    assert ends["scheduled", "settled", "completed"] > 20
    order = ["initiated", "scheduled", "submitted", "settled", "noc", "completed", "returned", "canceled"]
    backwards = [life for life in whole if life != sorted(life, key=order.index)]
    assert all(life.index("returned") < life.index("settled") for life in backwards)


def test_events_are_newest_first_with_ids_of_their_second(told: list[tuple[RawEvent, dict[str, Any]]]) -> None:
    instants = [_nanoseconds(event.created_at) for event, _ in told]
    assert instants == sorted(instants)
    assert len({event.id for event, _ in told}) == len(told)
    seconds = [event.id[:9] for event, _ in told]
    assert seconds == sorted(seconds)
    assert 0.05 < sum("." not in event.created_at for event, _ in told) / len(told) < 0.25


def test_statuses_are_written_in_several_cases(told: list[tuple[RawEvent, dict[str, Any]]]) -> None:
    statuses = {data["status"] for _, data in told}
    assert {"COMPLETED", "completed", "SCHEDULED", "INITIATED"} <= statuses


def test_a_world_made_anew_is_written_anew(tmp_path: Path, world_dir: Path) -> None:
    folder = tmp_path / "world"
    generate(World(loans=60, days=4), folder)
    first = spool_of(folder)
    again = spool_of(folder)
    assert (first.folder / "events").stat().st_ino == (again.folder / "events").stat().st_ino
    shutil.rmtree(folder)
    generate(World(loans=60, days=4, seed=2), folder)
    other = spool_of(folder)
    assert bytes(other.slice(0, len(other))) != bytes(first.slice(0, len(first)))


# The clock.


def test_nothing_is_seen_before_the_clock_has_passed_it(
    open_bank: OpenBank, told: list[tuple[RawEvent, dict[str, Any]]]
) -> None:
    noted: list[datetime] = []
    bank = open_bank(note_clock=noted.append)
    noon = datetime(2026, 7, 1, 12, tzinfo=NEW_YORK)
    with bank.client() as client:
        assert not client.events().items
        bank.move_clock(noon)
        expected = [event.id for event, _ in told if _nanoseconds(event.created_at) <= noon.timestamp() * 10**9]
        assert walked_back(client) == expected[::-1]
        hidden = told[len(expected)][0]
        with pytest.raises(ColumnError, match="404"):
            client.event(hidden.id)
    assert noted == [datetime(2026, 6, 29, tzinfo=NEW_YORK), noon]


def test_the_clock_moves_forward_only(bank: LocalBank) -> None:
    with pytest.raises(LocalBankError, match="forward only"):
        bank.move_clock(datetime(2026, 7, 1, tzinfo=UTC))
    assert bank.status()["now"] == "2026-07-12T00:00:00Z"


def test_a_transfer_is_shown_as_it_stood_when_the_clock_passed(open_bank: OpenBank) -> None:
    bank = open_bank()
    statuses = []
    bank.move_clock(datetime(2026, 7, 1, 0, 30, tzinfo=NEW_YORK))
    with bank.client() as client:
        initiated = client.events(types=["ach.outgoing_transfer.submitted"]).items[0].object_id
        for day in range(1, 8):
            statuses.append(client.ach_transfer(initiated)["status"])
            bank.move_clock(datetime(2026, 7, day, 23, tzinfo=NEW_YORK))
    assert statuses == sorted(statuses, key=["SUBMITTED", "SETTLED", "RETURNED", "COMPLETED"].index)
    assert len(set(statuses)) >= 3


# Withheld events.


def test_a_withheld_event_appears_later_under_its_old_time(open_bank: OpenBank) -> None:
    bank = open_bank()
    bank.move_clock(END)
    with bank.client() as client:
        whole = walked_back(client)
        event = client.event(whole[30])
        assert bank.withhold(object_ids=[event.object_id], until=END + timedelta(days=2)) >= 1
        seen = walked_back(client)
        assert event.id not in seen
        assert set(whole) - set(seen) == {one for one in whole if client_object(bank, one) == event.object_id}
        assert [one.id for one in client.events(object_ids=[event.object_id]).items] == []
        with pytest.raises(ColumnError, match="404"):
            client.event(event.id)
        bank.move_clock(END + timedelta(days=2))
        assert walked_back(client) == whole
        assert client.event(event.id) == event


def client_object(bank: LocalBank, event_id: str) -> str:
    """The object of an event, looked up in the text of the world itself."""
    return OBJECTS[event_id]


OBJECTS: dict[str, str] = {}


@pytest.fixture(autouse=True)
def _objects(told: list[tuple[RawEvent, dict[str, Any]]]) -> None:
    OBJECTS.update({event.id: event.object_id for event, _ in told})


def test_a_share_of_events_can_be_withheld_and_whoever_walked_past_them_finds_them_in_the_overlap(
    open_bank: OpenBank,
) -> None:
    bank = open_bank(faults="withhold=0.2:1d,seed=9")
    with bank.client() as client:
        bank.move_clock(datetime(2026, 7, 2, tzinfo=UTC))
        first = walked_back(client)
        oldest = client.event(first[-1])
        seen = [first[-1]]
        for day in range(3, 15):
            seen += walked_forward(client, seen[-1])
            bank.move_clock(datetime(2026, 7, day, tzinfo=UTC))
        whole = walked_back(client)
        assert 0.1 < 1 - len(seen) / len(whole) < 0.35
        in_overlap = walked_back(client, created_gte=datetime.fromisoformat(oldest.created_at) - timedelta(days=3))
        assert set(in_overlap) | set(seen) == set(whole)


# Webhooks.


def test_every_event_is_delivered_signed_and_as_it_stands_in_the_list(open_bank: OpenBank) -> None:
    with receiving() as received:
        bank = open_bank(webhook=received.url + "/hook")
        report = bank.move_clock(datetime(2026, 7, 3, tzinfo=UTC))
        with bank.client() as client:
            listed = walked_back(client)
            texts = {client.event(one).text for one in listed[:30]}
    assert report["webhooks"] == {
        "attempted": len(listed),
        "taken": len(listed),
        "refused": 0,
        "given_up": 0,
        "waiting": 0,
    }
    assert Counter(read_event(body).id for body in received.bodies) == Counter(listed)
    assert texts <= {body.decode() for body in received.bodies}
    for body, headers in zip(received.bodies, received.headers, strict=True):
        assert verify(WEBHOOK_SECRET, body, headers["Column-Signature"])
        assert headers["Webhook-Endpoint-Id"].startswith("whep_")


def test_what_is_not_taken_is_delivered_again_after_a_minute_and_ever_longer_pauses(open_bank: OpenBank) -> None:
    with receiving(lambda number: 503 if number <= 3 else 200) as received:
        bank = open_bank()
        with bank.client() as client:
            client.create_webhook_endpoint(received.url, ["swift.incoming_transfer.completed"])
            client.simulate("receive-international-wire", {"destination_account_number_id": "acno_1", "amount": 1})
        now = datetime.fromisoformat(bank.status()["now"][:19] + "+00:00")
        tried = [len(received.bodies)]
        for seconds in (30, 61, 130, 150, 300, 3_600):
            bank.move_clock(now + timedelta(seconds=seconds))
            tried.append(len(received.bodies))
    assert tried == [1, 1, 2, 2, 3, 4, 4]
    assert len(set(received.bodies)) == 1
    assert bank.status()["webhooks"]["waiting"] == 0


def test_deliveries_end_after_twenty_five_repeats_within_three_days(open_bank: OpenBank) -> None:
    with receiving(lambda _: 500) as received:
        bank = open_bank()
        with bank.client() as client:
            client.create_webhook_endpoint(received.url, ["swift.incoming_transfer.completed"])
            client.simulate("receive-international-wire", {"destination_account_number_id": "acno_1", "amount": 1})
        now = datetime.fromisoformat(bank.status()["now"][:19] + "+00:00")
        tried = []
        for hours in (48, 73, 90):
            bank.move_clock(now + timedelta(hours=hours))
            tried.append(received.bodies.count(received.bodies[0]))
    assert 20 < tried[0] < 26
    assert tried[1:] == [26, 26]
    assert bank.status()["webhooks"]["given_up"] >= 1


def test_only_the_endpoint_that_was_made_first_gets_an_event(open_bank: OpenBank) -> None:
    with receiving() as first, receiving() as second:
        bank = open_bank()
        with bank.client() as client:
            made = client.create_webhook_endpoint(first.url, ["book.transfer.completed"], "the first")
            client.create_webhook_endpoint(
                second.url, ["book.transfer.completed", "realtime.incoming_transfer.completed"]
            )
            assert [one["description"] for one in client.webhook_endpoints()] == ["", "the first"]
            assert all("secret" not in one for one in client.webhook_endpoints())
            bank.move_clock(datetime(2026, 7, 3, tzinfo=UTC))
            client.update_webhook_endpoint(made["id"], {"is_disabled": True})
            bank.move_clock(END)
            client.delete_webhook_endpoint(made["id"])
            assert len(list(client.webhook_endpoints())) == 1
    assert {read_event(body).type for body in first.bodies} == {"book.transfer.completed"}
    booked = [read_event(body) for body in second.bodies if b"book.transfer" in body]
    assert booked
    assert all(event.created_at >= "2026-07-03" for event in booked)


def test_an_endpoint_is_verified_with_a_test_event(open_bank: OpenBank) -> None:
    with receiving(lambda number: 200 if number == 1 else 401) as received, open_bank().client() as client:
        made = client.create_webhook_endpoint(received.url, ["book.transfer.completed"])
        assert client.verify_webhook_endpoint(made["id"], "book.transfer.completed") == {}
        with pytest.raises(ColumnError, match="webhook_delivery_failed"):
            client.verify_webhook_endpoint(made["id"], "book.transfer.completed")
    assert read_event(received.bodies[0]).type == "book.transfer.completed"


def test_webhooks_are_repeated_shuffled_and_lost_where_such_faults_are_in_force(open_bank: OpenBank) -> None:
    with receiving() as received:
        bank = open_bank(
            webhook=received.url, faults="webhook_duplicate=0.2,webhook_shuffle=0.5,webhook_lost=0.1,seed=4", at_once=1
        )
        bank.move_clock(END)
        with bank.client() as client:
            listed = walked_back(client)[::-1]
    came = [read_event(body).id for body in received.bodies]
    counted = Counter(came)
    assert set(counted) < set(listed)
    assert 0.05 < 1 - len(counted) / len(listed) < 0.15
    assert 0.1 < sum(count == 2 for count in counted.values()) / len(counted) < 0.3
    once = list(dict.fromkeys(came))
    assert once != [one for one in listed if one in counted]


# What else arrives.


def test_other_sources_drop_their_files_as_the_clock_passes_them(
    open_bank: OpenBank, world_dir: Path, tmp_path: Path
) -> None:
    bank = open_bank(inbox=tmp_path)
    bank.move_clock(datetime(2026, 7, 1, 20, 0, tzinfo=NEW_YORK))
    assert not (tmp_path / "arrivals" / "2026-07-01").exists()
    bank.move_clock(datetime(2026, 7, 1, 23, 0, tzinfo=NEW_YORK))
    arrived = {path.name for path in (tmp_path / "arrivals" / "2026-07-01").iterdir()}
    sent = {
        path.name for path in (world_dir / "arrivals" / "2026-07-01").iterdir() if not path.name.startswith("column_")
    }
    assert arrived == sent >= {"lockbox.csv", "_manifest.csv"}
    lockbox = tmp_path / "arrivals" / "2026-07-01" / "lockbox.csv"
    assert lockbox.read_bytes() == (world_dir / "arrivals" / "2026-07-01" / "lockbox.csv").read_bytes()
    receipts = pd.read_csv(lockbox.with_name("_manifest.csv"))
    assert set(receipts["file"]) == sent - {"_manifest.csv"}
    statement = pd.read_csv(tmp_path / "bank" / "2026-07-01.csv")
    whole = pd.read_csv(world_dir / "bank" / "2026-07-01.csv")
    assert statement["line_id"].tolist() == whole.loc[whole["account"] == "processors", "line_id"].tolist()
    assert not list(tmp_path.rglob(".*"))


def test_processors_post_their_payments_signed_and_those_they_cannot_post_come_as_files(
    open_bank: OpenBank, world_dir: Path, tmp_path: Path
) -> None:
    with receiving(lambda number: 429 if number == 1 else 422 if number == 2 else 201) as received:
        bank = open_bank(processors_url=received.url, processors_secret="a secret of sixteen", inbox=tmp_path)
        report = bank.move_clock(datetime(2026, 7, 2, 23, tzinfo=NEW_YORK))["others"]
    rows = [
        path.read_text().splitlines()[1:]
        for path in world_dir.glob("arrivals/*/*.csv")
        if path.stem in {"cards", "paypal", "venmo"} and path.parent.name <= "2026-07-02"
    ]
    count = sum(map(len, rows))
    assert len(received.bodies) == count + 1
    assert (report["posted"], report["refused"], report["unsent"]) == (count - 1, 1, 0)
    assert {path.rpartition("/")[2] for path in received.paths} >= {"card", "paypal"}
    for body, headers in zip(received.bodies, received.headers, strict=True):
        assert headers["X-Signature"].startswith("sha256=")
        assert verify("a secret of sixteen", body, headers["X-Signature"].removeprefix("sha256="))
    payment = next(json for body in received.bodies if (json := _parsed(body)) and json.get("amount"))
    assert payment.keys() >= {"reference_number", "loan_account_number", "cif", "payment_date", "event"}
    assert not list(tmp_path.glob("arrivals/*/cards.csv"))
    bank.move_clock(datetime(2026, 7, 6, 23, tzinfo=NEW_YORK))
    assert list(tmp_path.glob("arrivals/*/cards.csv"))


# Transfers that are made.


def test_a_transfer_goes_through_its_life_as_the_clock_moves(open_bank: OpenBank) -> None:
    bank = open_bank()
    with bank.client() as client:
        bank.move_clock(datetime(2026, 7, 2, 10, tzinfo=NEW_YORK))
        made = client.create_ach_transfer(DEBIT, idempotency_key="1")
        assert (made["status"], made["effective_on"]) == ("INITIATED", "2026-07-03T07:00:00Z")
        bank.move_clock(datetime(2026, 7, 8, 10, tzinfo=NEW_YORK))
        events = client.events(object_ids=[made["id"]]).items
        assert client.ach_transfer(made["id"])["status"] == "COMPLETED"
        assert next(client.list("/transfers/ach", "transfers"))["id"] is not None
        assert made["id"] in {one["id"] for one in client.list("/transfers", "transfers")}
    assert [event.type.rpartition(".")[2] for event in reversed(events)] == [
        "initiated",
        "submitted",
        "settled",
        "completed",
    ]
    assert [_new_york_day(event.created_at).day for event in reversed(events)] == [2, 2, 3, 7]


@pytest.mark.parametrize(
    ("name", "code"),
    [("RETURN_NSF", "R01"), ("RETURN_ACCOUNT_CLOSED", "R02"), ("RETURN_STOP_PAYMENT", "R08"), ("RETURN_UNAUTH", "R10")],
)
def test_some_receivers_banks_always_return(open_bank: OpenBank, name: str, code: str) -> None:
    bank = open_bank()
    with bank.client() as client:
        made = client.create_ach_transfer({**DEBIT, "receiver_name": name}, idempotency_key="1")
        bank.move_clock(END)
        assert client.ach_transfer(made["id"])["return_details"][0]["return_code"] == code
        returned = next(
            one for one in client.list("/transfers/ach/returns", "ach_returns") if one["ach_transfer_id"] == made["id"]
        )
        assert returned["is_incoming"] is True
        assert client.get(f"/transfers/ach/returns/{made['id']}") == returned


def test_a_transfer_is_called_off_only_before_it_is_submitted(open_bank: OpenBank) -> None:
    bank = open_bank()
    with bank.client() as client:
        early = client.create_ach_transfer(DEBIT, idempotency_key="early")
        late = client.create_ach_transfer(DEBIT, idempotency_key="late")
        assert client.cancel_ach_transfer(early["id"])["status"] == "CANCELED"
        bank.move_clock(END)
        with pytest.raises(ColumnError, match="cancellation_not_allowed"):
            client.cancel_ach_transfer(late["id"])
        types = [event.type.rpartition(".")[2] for event in client.events(object_ids=[early["id"]]).items]
        assert types == ["canceled", "initiated"]
        assert client.ach_transfer(early["id"])["cancelled_at"] is not None


def test_a_transfer_is_reversed_by_one_in_the_other_direction(open_bank: OpenBank) -> None:
    bank = open_bank()
    with bank.client() as client:
        made = client.create_ach_transfer(DEBIT, idempotency_key="1")
        bank.move_clock(datetime(2026, 7, 2, tzinfo=UTC))
        reversal = client.reverse_ach_transfer(made["id"], "duplicated_entry", idempotency_key="2")
        assert (reversal["type"], reversal["company_entry_description"]) == ("CREDIT", "REVERSAL")
        assert reversal["reversal_pair_transfer_id"] == made["id"]
        with pytest.raises(ColumnError, match="400"):
            client.reverse_ach_transfer(made["id"], "no reason", idempotency_key="3")


def test_an_incoming_transfer_of_the_world_is_returned_and_goes_no_further(open_bank: OpenBank) -> None:
    bank = open_bank()
    bank.move_clock(datetime(2026, 7, 2, 12, tzinfo=NEW_YORK))
    with bank.client() as client, receiving() as received:
        client.create_webhook_endpoint(
            received.url, ["ach.incoming_transfer.returned", "ach.incoming_transfer.completed"]
        )
        incoming = client.events(types=["ach.incoming_transfer.settled"]).items[0].object_id
        returned = client.return_ach_transfer(incoming, "R23", idempotency_key="1")
        assert returned["status"] == "RETURNED"
        with pytest.raises(ColumnError, match="return_not_allowed"):
            client.return_ach_transfer(incoming, "R23", idempotency_key="2")
        bank.move_clock(END)
        types = [event.type.rpartition(".")[2] for event in client.events(object_ids=[incoming]).items]
        assert types == ["returned", "settled", "scheduled"]
        delivered = [event for event in map(read_event, received.bodies) if event.object_id == incoming]
        assert [event.type for event in delivered] == ["ach.incoming_transfer.returned"]
        assert len(received.bodies) > 5
        assert client.ach_transfer(incoming) == returned


@pytest.mark.parametrize(
    ("what", "types"),
    [
        ("receive-ach-credit", ["ach.incoming_transfer.settled", "ach.incoming_transfer.scheduled"]),
        ("receive-ach-debit", ["ach.incoming_transfer.settled", "ach.incoming_transfer.scheduled"]),
        ("receive-wire", ["wire.incoming_transfer.completed"]),
        ("receive-international-wire", ["swift.incoming_transfer.completed"]),
        ("receive-realtime-transfer", ["realtime.incoming_transfer.completed"]),
    ],
)
def test_the_sandbox_answers_nothing_and_tells_by_events(open_bank: OpenBank, what: str, types: list[str]) -> None:
    bank = open_bank()
    with bank.client() as client:
        body = {"destination_account_number_id": "acno_mine", "amount": 4_200, "currency_code": "USD"}
        assert client.simulate(what, body) == {}
        bank.move_clock(datetime(2026, 6, 29, 2, tzinfo=NEW_YORK))
        mine = [event for event in client.events(limit=100).items if "acno_mine" in event.text]
        assert [event.type for event in mine] == types
        assert orjson.loads(mine[0].text)["data"]["amount"] == 4_200
        with pytest.raises(ColumnError, match="400"):
            client.simulate(what, {**body, "amount": -1})


def test_an_ach_transfer_can_be_settled_at_once(open_bank: OpenBank) -> None:
    bank = open_bank()
    with bank.client() as client:
        made = client.create_ach_transfer(DEBIT, idempotency_key="1")
        client.simulate("transfers/ach/settle", {"ach_transfer_id": made["id"]})
        assert client.ach_transfer(made["id"])["status"] == "SETTLED"
        bank.move_clock(END)
        types = [event.type.rpartition(".")[2] for event in client.events(object_ids=[made["id"]]).items]
        assert types == ["completed", "settled", "initiated"]


WIRE = {"amount": 500_00, "bank_account_id": "bacc_1", "counterparty_id": "cpty_1", "currency_code": "USD"}
DEPOSIT = {
    "deposited_amount": 640_00, "account_number_id": "acno_mine", "image_front": "TU0=", "image_back": "TU0=",
    "micr_line": {"on_us": "7731"},
}  # fmt: skip
ISSUE = {"positive_pay_amount": 75_00, "bank_account_id": "bacc_1", "payee_name": "COUNTY TREASURER"}


def test_a_wire_goes_out_when_the_fed_takes_wires_or_at_once_if_asked(open_bank: OpenBank) -> None:
    bank = open_bank()
    with bank.client() as client:
        bank.move_clock(datetime(2026, 7, 2, 20, tzinfo=NEW_YORK))  # after hours; the third is a bank day
        made, other = (client.post("/transfers/wire", WIRE, idempotency_key=key) for key in ("1", "2"))
        assert (made["status"], made["is_incoming"], made["amount"]) == ("initiated", False, 500_00)
        assert client.simulate("transfers/wire/settle", {"wire_transfer_id": made["id"]}) == {}
        settled = client.get(f"/transfers/wire/{made['id']}")
        assert (settled["status"], _new_york_day(settled["completed_at"])) == ("completed", date(2026, 7, 2))
        assert settled["imad"].startswith("20260702")
        with pytest.raises(ColumnError, match="settlement_not_allowed"):
            client.simulate("transfers/wire/settle", {"wire_transfer_id": made["id"]})
        assert client.get(f"/transfers/wire/{other['id']}")["status"] == "initiated"
        bank.move_clock(END)
        for wire, day in ((made, date(2026, 7, 2)), (other, date(2026, 7, 3))):
            events = client.events(object_ids=[wire["id"]]).items
            assert [event.type.rpartition(".")[2] for event in events] == ["completed", "submitted", "initiated"]
            assert _new_york_day(client.get(f"/transfers/wire/{wire['id']}")["completed_at"]) == day
        listed = [one["id"] for one in client.list("/transfers/wire", "transfers")]
        assert len(listed) == len(set(listed)) >= 2
        assert {made["id"], other["id"]} <= set(listed)


def test_a_deposited_check_settles_on_the_next_bank_day_or_at_once_if_asked(open_bank: OpenBank) -> None:
    bank = open_bank()
    with bank.client() as client:
        bank.move_clock(datetime(2026, 7, 3, 12, tzinfo=NEW_YORK))  # a Friday
        made, other = (client.post("/transfers/checks/deposit", DEPOSIT, idempotency_key=key) for key in ("1", "2"))
        asked = {"check_transfer_id": made["id"]}
        with pytest.raises(ColumnError, match="settlement_not_allowed"):
            client.simulate("transfers/checks/settle", asked)  # not on its way yet
        bank.move_clock(datetime(2026, 7, 3, 14, tzinfo=NEW_YORK))
        assert client.simulate("transfers/checks/settle", asked) == {}
        bank.move_clock(END)
        for check, day in ((made, date(2026, 7, 3)), (other, date(2026, 7, 6))):
            events = client.events(object_ids=[check["id"]]).items
            assert [event.type for event in events] == [
                f"check.outgoing_debit.{word}" for word in ("settled", "deposited", "initiated")
            ]
            state = client.get(f"/transfers/checks/{check['id']}")
            assert (state["status"], state["deposited_amount"]) == ("settled", 640_00)
            assert (_new_york_day(state["deposited_at"]), _new_york_day(state["settled_at"])) == (date(2026, 7, 3), day)
        shown = {one["id"]: (one["type"], one["amount"]) for one in client.list("/transfers", "transfers")}
        assert shown[made["id"]] == ("check_credit", 640_00)


def test_an_issued_check_waits_until_its_payee_deposits_it(open_bank: OpenBank) -> None:
    bank = open_bank()
    with bank.client() as client:
        bank.move_clock(datetime(2026, 7, 2, 12, tzinfo=NEW_YORK))
        made, other = (client.post("/transfers/checks/issue", ISSUE, idempotency_key=key) for key in ("1", "2"))
        assert made["check_number"] != other["check_number"]
        bank.move_clock(datetime(2026, 7, 7, 12, tzinfo=NEW_YORK))
        asked = {"check_transfer_id": made["id"]}
        assert client.simulate("transfers/checks/deposit", asked) == {}
        with pytest.raises(ColumnError, match="settlement_not_allowed"):
            client.simulate("transfers/checks/deposit", asked)
        bank.move_clock(END)
        types = [event.type.rpartition(".")[2] for event in client.events(object_ids=[made["id"]]).items]
        assert types == ["settled", "pending_deposit", "issued", "initiated"]
        state = client.get(f"/transfers/checks/{made['id']}")
        assert (state["deposited_amount"], _new_york_day(state["settled_at"])) == (75_00, date(2026, 7, 8))
        assert client.get(f"/transfers/checks/{other['id']}")["status"] == "issued"
        shown = {one["id"]: (one["type"], one["is_incoming"]) for one in client.list("/transfers", "transfers")}
        assert shown[made["id"]] == ("check_debit", False)


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/transfers/wire", WIRE | {"amount": 0}, "amount"),
        ("/transfers/wire", WIRE | {"counterparty_id": ""}, "counterparty_id"),
        ("/transfers/wire", WIRE | {"bank_account_id": ""}, "bank_account_id"),
        ("/transfers/checks/deposit", DEPOSIT | {"deposited_amount": "640"}, "deposited_amount"),
        ("/transfers/checks/deposit", DEPOSIT | {"image_back": ""}, "image_back"),
        ("/transfers/checks/issue", ISSUE | {"currency_code": "CAD"}, "currency_code"),
        ("/transfers/checks/issue", ISSUE | {"payee_name": ""}, "payee_name"),
    ],
)
def test_a_wire_or_check_that_says_too_little_is_refused_with_its_field(
    bank: LocalBank, path: str, body: dict[str, Any], field: str
) -> None:
    response = httpx.post(bank.url + path, json=body, auth=("", API_KEY))
    assert (response.status_code, response.json()["details"]) == (400, {field: "invalid"})


@pytest.mark.parametrize(
    ("what", "asked"),
    [
        ("transfers/wire/settle", {"wire_transfer_id": "wire_1"}),
        ("transfers/checks/settle", {"check_transfer_id": "acht_1"}),
        ("transfers/checks/deposit", {}),
    ],
)
def test_what_the_bank_does_not_have_cannot_be_settled(client: ColumnClient, what: str, asked: dict[str, str]) -> None:
    with pytest.raises(ColumnError, match="404"):
        client.simulate(what, asked)


def test_any_event_can_be_put_into_the_list(bank: LocalBank, client: ColumnClient) -> None:
    whole = walked_back(client)
    data = {"id": "acht_of_a_test", "return_dishonored_at": "2026-07-09T00:00:00Z"}
    told = bank.tell("ach.outgoing_transfer.return_dishonored", data)
    late = bank.tell("ach.outgoing_transfer.noc", data, datetime(2026, 7, 1, tzinfo=UTC))
    assert client.events(limit=1).items[0].id == told["id"]
    assert client.event(told["id"]) == read_event(told)
    seen = walked_back(client)
    assert sorted(seen) == sorted([*whole, told["id"], late["id"]])
    assert walked_forward(client, seen[-1]) == seen[-2::-1]
    assert 0 < seen.index(late["id"]) < len(seen) - 1


# Accounts and addresses.


def test_account_numbers_and_counterparties_are_listed_and_found(bank: LocalBank, client: ColumnClient) -> None:
    for path, key in (("/account-numbers", "account_numbers"), ("/counterparties", "counterparties")):
        listed = list(client.list(path, key))
        assert len({one["id"] for one in listed}) == len(listed) >= WORLD.loans
        assert client.get(f"{path}/{listed[250]['id']}") == listed[250]
        page = client.get(path, limit=100, ending_before=listed[250]["id"])
        assert page[key] == listed[150:250]
    made = client.post("/account-numbers", {"description": "a new one"}, idempotency_key="1")
    assert client.get("/account-numbers", limit=1)["account_numbers"] == [made]
    other = client.post("/counterparties", {"account_number": "1", "routing_number": "2"}, idempotency_key="1")
    assert client.get(f"/counterparties/{other['id']}") == other


def test_the_account_holds_what_its_reports_say(bank: LocalBank, client: ColumnClient, world_dir: Path) -> None:
    (account,) = client.list("/bank-accounts", "bank_accounts")
    assert client.get(f"/bank-accounts/{account['id']}") == account
    with client.report("bank_account_summary", WORLD.first_day, date(2026, 7, 10)) as document:
        summary = pd.read_csv(io.BytesIO(document.read())).iloc[0]
    assert account["balances"]["available_amount"] == summary["available_balance_close"]
    lines = pd.concat(pd.read_csv(path) for path in sorted(world_dir.glob("bank/*.csv")))
    ours = lines[(lines["account"] == "collections") & (lines["bank_day"] <= "2026-07-10")]
    assert ours["amount_cents"].sum() == summary["available_balance_close"]


def test_the_report_of_some_days_has_their_lines_of_the_statement(client: ColumnClient, world_dir: Path) -> None:
    with client.report("bank_account_transaction", WORLD.first_day, date(2026, 7, 7)) as document:
        rows = pd.read_csv(io.BytesIO(document.read()))
    lines = pd.concat(pd.read_csv(path) for path in sorted(world_dir.glob("bank/*.csv")) if path.stem <= "2026-07-07")
    lines = lines.query("account == 'collections'")
    truth = pd.read_parquet(world_dir / "truth" / "bank.parquet").query("identity > 0").drop_duplicates("line_id")
    paid = lines.merge(truth[["line_id", "identity"]], on="line_id")
    named = [
        (return_ids if line.kind == "return" else transfer_ids)(line.channel, np.array([line.identity]))[0].as_py()
        for line in _rows(paid)
    ]
    assert paid["transaction_id"].isna().any()
    assert not Counter(zip(named, paid["amount_cents"], strict=True)) - Counter(
        zip(rows["transaction_id"], rows["available_amount"], strict=True)
    )
    assert Counter(rows["available_amount"]) == Counter(lines["amount_cents"])
    assert rows["transaction_id"].notna().all()
    known = {one["id"]: one for one in client.list("/transfers/ach", "transfers")}
    for row in _rows(rows):
        if row.transaction_type.startswith("ach.") and row.transaction_id in known:
            assert ("incoming" in row.transaction_type) == known[row.transaction_id]["is_incoming"]
            assert row.transaction_type.endswith("returned") == (row.available_amount < 0)


def test_a_report_asked_for_during_the_day_has_what_there_was_until_then(open_bank: OpenBank) -> None:
    bank = open_bank()
    sizes = []
    with bank.client(sleep=lambda _: None) as client:
        for hour in (3, 12, 23):
            bank.move_clock(datetime(2026, 7, 1, hour, tzinfo=NEW_YORK))
            with client.report("bank_account_transaction", date(2026, 7, 1), date(2026, 7, 1)) as document:
                sizes.append(len(document.readlines()) - 1)
    assert sizes[0] == 0 < sizes[1] < sizes[2]


def test_a_document_is_read_by_whoever_has_its_address_and_by_nobody_else(
    bank: LocalBank, client: ColumnClient
) -> None:
    with client.report("bank_account_summary", date(2026, 7, 1), date(2026, 7, 1)):
        pass
    (report,) = client.list("/reporting", "reports")
    url = client.get(f"/documents/{report['csv_document_id']}")["url"]
    assert httpx.get(url).status_code == 200
    assert httpx.get(url.partition("?")[0]).status_code == 403
    assert httpx.get(url[:-1] + "x").status_code == 403


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/events?limit=101", 400, "invalid_request"),
        ("/events?limit=x", 400, "invalid_request"),
        ("/events?created.gte=yesterday", 400, "invalid_request"),
        ("/events?starting_after=evnt_a&ending_before=evnt_b", 400, "mutually_exclusive_parameters"),
        ("/events?starting_after=evnt_1vEdMiZ5pmkmrKZfNZ8LeqF2KFP", 404, "resource_not_found"),
        ("/events/evnt_1vEdMiZ5pmkmrKZfNZ8LeqF2KFP", 404, "resource_not_found"),
        ("/transfers/ach/acht_1vEdMiZ5pmkmrKZfNZ8LeqF2KFP", 404, "resource_not_found"),
        ("/transfers/pigeon", 404, "resource_not_found"),
        ("/transfers/ach?starting_after=acht_x", 404, "resource_not_found"),
        ("/bank-accounts/bacc_other", 404, "bank_account_not_found"),
        ("/documents/docu_other", 404, "resource_not_found"),
        ("/nowhere", 404, "resource_not_found"),
    ],
)
def test_errors_have_the_banks_form(bank: LocalBank, path: str, status: int, code: str) -> None:
    response = httpx.get(bank.url + path, auth=("", API_KEY))
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.json().keys() == {"code", "details", "documentation_url", "message", "type"}


@pytest.mark.parametrize("auth", [None, ("", "test_other"), (API_KEY, ""), ("user", API_KEY)], ids=range(4))
def test_a_wrong_key_opens_nothing(bank: LocalBank, auth: Any) -> None:
    for path in ("/events", "/transfers/ach", "/local/status"):
        response = httpx.get(bank.url + path, auth=auth)
        assert (response.status_code, response.json()) == (401, {})


def test_a_form_is_read_as_well_as_json(bank: LocalBank) -> None:
    response = httpx.post(bank.url + "/transfers/ach", data=DEBIT, auth=("", API_KEY))
    assert (response.status_code, response.json()["amount"]) == (200, 99_00)


def test_two_banks_of_a_world_tell_the_same(world_dir: Path, bank: LocalBank, client: ColumnClient) -> None:
    with running(world_dir, now=END) as other, other.client() as theirs:
        assert [*theirs.events().items] == [*client.events().items]


def _rows(frame: pd.DataFrame) -> list[Any]:
    return list(frame.itertuples())


def _new_york_day(text: str) -> date:
    return _day(text, NEW_YORK)


def _day(text: str, zone: ZoneInfo) -> date:
    return datetime.fromisoformat(text[:19] + "+00:00").astimezone(zone).date()


def _nanoseconds(text: str) -> int:
    whole, _, decimals = text.rstrip("Z").partition(".")
    return int(datetime.fromisoformat(whole + "+00:00").timestamp()) * 10**9 + int(f"{decimals:0<9}")


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        parsed: dict[str, Any] = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return parsed
