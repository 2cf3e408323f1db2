import io
import logging
import time
import traceback
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pandas as pd
import pytest
from pydantic import SecretStr

from payments_pipeline.column.client import ColumnClient, ColumnError
from payments_pipeline.column.local.control import API_KEY, LocalBank
from payments_pipeline.formats import bai2
from payments_pipeline.formats.statements import Line, Statement
from tests.column.conftest import OpenBank, walked_back, walked_forward

DEBIT = {
    "type": "DEBIT", "amount": 125_000, "currency_code": "USD", "entry_class_code": "PPD",
    "bank_account_id": "bacc_1", "counterparty_id": "cpty_1", "company_entry_description": "RETRY PYMT",
}  # fmt: skip


# Pages.


def test_pages_of_a_hundred_walked_in_both_directions_give_the_same_ids(client: ColumnClient) -> None:
    backward = walked_back(client)
    assert len(backward) > 300
    assert len(set(backward)) == len(backward)
    assert walked_forward(client, backward[-1]) == backward[-2::-1]
    assert walked_forward(client, backward[260]) == backward[259::-1]


def test_a_page_after_an_event_is_the_one_adjacent_to_it_newest_first(client: ColumnClient) -> None:
    ids = walked_back(client)
    page = client.events(after=ids[250])
    assert [event.id for event in page.items] == ids[150:250]
    assert page.has_more
    assert [event.id for event in client.events(before=ids[250]).items] == ids[251:351]


def test_the_last_page_says_that_there_is_no_more_also_where_it_is_full(client: ColumnClient) -> None:
    ids = walked_back(client)
    full = client.events(after=ids[100])
    assert ([event.id for event in full.items], full.has_more) == (ids[:100], False)
    nothing = client.events(after=ids[0])
    assert ([*nothing.items], nothing.has_more) == ([], False)


def test_events_are_chosen_by_time_type_and_object(client: ColumnClient) -> None:
    every = [client.event(one) for one in walked_back(client)]
    middle = every[200]
    at = datetime.fromisoformat(middle.created_at[:19] + "+00:00")
    since = [event.id for event in every if event.created_at[:19] >= middle.created_at[:19]]
    assert walked_back(client, created_gte=at) == since
    assert walked_back(client, created_lt=at) == [event.id for event in every if event.id not in set(since)]
    assert walked_back(client, object_ids=[middle.object_id]) == [
        event.id for event in every if event.object_id == middle.object_id
    ]
    wanted = {"ach.incoming_transfer.settled", "book.transfer.completed"}
    assert walked_back(client, types=sorted(wanted), limit=7) == [event.id for event in every if event.type in wanted]


def test_the_text_of_an_event_is_the_same_in_a_page_and_alone(client: ColumnClient) -> None:
    for event in client.events(limit=20).items:
        assert client.event(event.id) == event


def test_a_list_is_walked_to_its_end(client: ColumnClient) -> None:
    transfers = list(client.list("/transfers/ach", "transfers", limit=40))
    created = [transfer["created_at"] for transfer in transfers]
    assert len({transfer["id"] for transfer in transfers}) == len(transfers) > 100
    assert created == sorted(created, reverse=True)
    assert {transfer["status"] for transfer in transfers} >= {"SETTLED", "COMPLETED", "RETURNED"}


def test_a_list_that_does_not_move_on_stops_with_an_error() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"transfers": [{"id": "acht_1"}], "has_more": True})

    with pytest.raises(ColumnError, match="does not move on"):
        list(_client(answer).list("/transfers/ach", "transfers"))


def test_the_only_list_of_a_page_is_taken_whatever_it_is_called() -> None:
    client = _client(lambda _: httpx.Response(200, json={"data": [{"id": "evnt_1"}], "has_more": False}))
    assert [event.id for event in client.events().items] == ["evnt_1"]


# Faults.


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "rate_limited", "times": 3},
        {"kind": "rate_limited", "retry_after": "0", "times": 3},
        {"kind": "server_error", "status": 500},
        {"kind": "server_error", "status": 502, "times": 4},
        {"kind": "server_error", "status": 503},
        {"kind": "server_error", "status": 504},
        {"kind": "lost_answer", "times": 2},
        {"kind": "half", "times": 3},
        {"kind": "slow", "seconds": 1.0, "times": 2},
    ],
    ids=lambda fault: "-".join(str(value) for value in fault.values()),
)
def test_a_fault_that_passes_is_overcome(bank: LocalBank, fault: dict[str, Any]) -> None:
    with bank.client(sleep=lambda _: None, timeout=0.3) as client:
        before = client.events()
        bank.fault_next(**fault)
        assert client.events() == before
        assert bank.status()["struck"] == {fault["kind"]: fault.get("times", 1)}


def test_a_bank_that_fails_one_call_in_five_loses_nothing(open_bank: OpenBank) -> None:
    bank = open_bank()
    bank.move_clock(datetime(2026, 7, 12, tzinfo=UTC))
    with bank.client(sleep=lambda _: None) as client:
        whole = walked_back(client, limit=25)
        bank.set_faults("429=0.05,5xx=0.05,lost_answer=0.05,half=0.05,seed=3")
        assert walked_back(client, limit=25) == whole
    assert bank.status()["struck"].keys() == {"rate_limited", "server_error", "lost_answer", "half"}


def test_events_that_a_list_repeats_and_shuffles_are_all_there(bank: LocalBank, client: ColumnClient) -> None:
    whole = walked_back(client)
    bank.set_faults("duplicate=0.3,reorder=1,seed=5")
    page = client.events()
    told = [event.id for event in page.items]
    assert set(told) == set(whole[:100])
    assert len(told) > 100
    assert told != sorted(told, key=whole.index)


def test_a_fault_that_lasts_is_told_with_its_status_and_code(bank: LocalBank) -> None:
    with bank.client(sleep=lambda _: None, attempts=4) as client:
        bank.fault_next("rate_limited", times=99)
        with pytest.raises(
            ColumnError, match=r"GET /events with status 429, code rate_limit_exceeded after 4 attempts"
        ) as told:
            client.events()
    assert (told.value.status, told.value.code, told.value.is_retryable) == (429, "rate_limit_exceeded", True)
    assert bank.status()["struck"] == {"rate_limited": 4}


def test_patience_ends_however_many_attempts_are_left() -> None:
    clock = _Clock()
    client = _client(lambda _: httpx.Response(503), clock, attempts=1_000, patience_seconds=60)
    with pytest.raises(ColumnError):
        client.get("/bank-accounts")
    assert 30 < clock.now <= 60


def test_a_pause_that_the_bank_asks_for_is_kept() -> None:
    clock = _Clock()
    answers = iter([httpx.Response(429, headers={"Retry-After": "7"}), httpx.Response(200, json={})])
    _client(lambda _: next(answers), clock).get("/bank-accounts")
    assert 7 <= clock.now <= 8


def test_pauses_grow_and_are_not_the_same_for_everyone() -> None:
    spent = set()
    for _ in range(5):
        clock = _Clock()
        answers = iter([*(httpx.Response(500) for _ in range(6)), httpx.Response(200, json={})])
        _client(lambda _, answers=answers: next(answers), clock).get("/x")  # type: ignore[misc]
        assert 1 < clock.now < 32
        spent.add(clock.now)
    assert len(spent) == 5


def test_no_more_requests_leave_in_a_second_than_are_allowed() -> None:
    clock = _Clock()
    client = _client(lambda _: httpx.Response(200, json={}), clock, requests_per_second=4)
    for _ in range(21):
        client.get("/x")
    assert clock.now == pytest.approx(5)


def test_a_refusal_is_not_asked_again(bank: LocalBank, client: ColumnClient) -> None:
    before = bank.status()["requests"]
    with pytest.raises(ColumnError) as refused:
        client.create_ach_transfer({**DEBIT, "entry_class_code": ""}, idempotency_key="k")
    assert (refused.value.status, refused.value.is_retryable) == (400, False)
    assert refused.value.documentation_url == "https://www.column.com/docs/errors"
    assert bank.status()["requests"] == before + 1


@pytest.mark.parametrize("break_off", ["connection refused", "no JSON", "an array"])
def test_a_bank_that_is_not_there_or_not_a_bank_is_one_clear_error(break_off: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if break_off == "connection refused":
            raise httpx.ConnectError("[Errno 111] for https://user:pw@host", request=request)
        return httpx.Response(200, content=b"<html>" if break_off == "no JSON" else b"[]")

    with pytest.raises(ColumnError, match=r"did not answer|not as documented"):
        _client(answer).get("/bank-accounts")


def test_an_answer_whose_compression_is_damaged_is_asked_for_again() -> None:
    answers = [
        httpx.Response(200, headers={"content-encoding": "gzip"}, content=iter([b"no gzip"])),
        httpx.Response(200, content=b"{}"),
    ]
    assert _client(lambda request: answers.pop(0)).get("/bank-accounts") == {}


@pytest.mark.parametrize("address", ["https://[secret", "https://host:secret/file"])
def test_an_address_of_a_document_that_is_none_is_an_error_that_does_not_tell_it(address: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        made = {"id": "rprt_1", "status": "completed", "csv_document_id": "docu_1"}
        return httpx.Response(200, json={"url": address} if request.url.path.startswith("/documents/") else made)

    with (
        pytest.raises(ColumnError, match="address of a document") as wrong,
        _client(answer).report("bank_account_transaction", date(2026, 7, 1), date(2026, 7, 1)),
    ):
        pass
    assert "secret" not in str(wrong.value)


# Doing things once.


def test_a_payment_whose_answer_is_lost_is_made_once(bank: LocalBank, client: ColumnClient) -> None:
    bank.fault_next("lost_answer", method="POST", times=2)
    made = client.create_ach_transfer(DEBIT, idempotency_key="loan 7 of July")
    again = client.create_ach_transfer(DEBIT, idempotency_key="loan 7 of July")
    assert again == made
    assert [event.type for event in client.events(object_ids=[made["id"]]).items] == ["ach.outgoing_transfer.initiated"]
    other = client.create_ach_transfer(DEBIT, idempotency_key="loan 8 of July")
    assert other["id"] != made["id"]


def test_only_successes_are_replayed(client: ColumnClient) -> None:
    with pytest.raises(ColumnError):
        client.create_ach_transfer({**DEBIT, "amount": 0}, idempotency_key="the same")
    made = client.create_ach_transfer(DEBIT, idempotency_key="the same")
    assert made["idempotency_key"] == "the same"
    # what is asked for does not matter once a success is stored under the key
    assert client.create_ach_transfer({**DEBIT, "amount": 0}, idempotency_key="the same") == made


def test_what_could_happen_twice_is_repeated_only_where_the_bank_did_nothing(bank: LocalBank) -> None:
    body = {"destination_account_number_id": "acno_1", "amount": 5, "currency_code": "USD"}
    with bank.client(sleep=lambda _: None) as client:
        bank.fault_next("rate_limited", times=2)
        assert client.simulate("receive-wire", body) == {}
        bank.fault_next("lost_answer")
        with pytest.raises(ColumnError) as unclear:
            client.simulate("receive-wire", body)
        assert unclear.value.is_retryable
        assert len(client.events(types=["wire.incoming_transfer.completed"], created_gte=_now(bank)).items) == 2


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\t", "é", "line\n"])
def test_an_idempotency_key_that_the_bank_does_not_take_never_leaves(key: str) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={})

    with pytest.raises(ColumnError, match="idempotency key"):
        _client(answer).post("/transfers/ach", {}, idempotency_key=key)
    assert not asked


def test_simulations_need_a_key_of_the_sandbox() -> None:
    client = ColumnClient("https://api.column.com", SecretStr("live_0123456789"))
    with pytest.raises(ColumnError, match="Simulations are refused"):
        client.simulate("receive-wire", {})


# Reports.


def test_a_report_is_ordered_waited_for_and_read_as_it_came(bank: LocalBank, client: ColumnClient) -> None:
    bank.fault_next("half", path="/files")
    with client.report("bank_account_transaction", date(2026, 7, 1), date(2026, 7, 2)) as document:
        rows = pd.read_csv(io.BytesIO(document.read()))
    assert set(rows["effective_at"].str[:10]) == {"2026-07-01", "2026-07-02"}
    assert (rows["available_balance"].diff().dropna() == rows["available_amount"][1:]).all()


def test_a_statement_in_bai2_says_what_the_rows_say(client: ColumnClient) -> None:
    day = date(2026, 7, 1)
    with client.report("bank_account_daily_statement", day, day, report_format="bai2") as document:
        read = list(bai2.read(document))
    with client.report("bank_account_transaction", day, day) as document:
        rows = pd.read_csv(io.BytesIO(document.read()))
    lines = [item for item in read if isinstance(item, Line)]
    (statement,) = (item for item in read if isinstance(item, Statement))
    assert [(line.bank_reference, line.amount_cents) for line in lines] == list(
        zip(rows["transaction_id"], rows["available_amount"], strict=True)
    )
    assert statement.is_proven


def test_a_report_that_is_never_ready_is_given_up() -> None:
    clock = _Clock()
    client = _client(lambda _: httpx.Response(200, json={"id": "rprt_1", "status": "scheduled"}), clock)
    with (
        pytest.raises(ColumnError, match="has not made the report"),
        client.report("bank_account_transaction", date(2026, 7, 1), date(2026, 7, 1), patience_seconds=30),
    ):
        pass
    assert clock.now <= 30


# Secrets.


def test_no_secret_is_in_any_log_error_or_representation(
    bank: LocalBank, client: ColumnClient, caplog: pytest.LogCaptureFixture
) -> None:
    # named before they are used, since a traceback shows the lines that it passes
    in_query, other_key, address, two_words = "in-a-query", "another_key", "https://someone:hunter2@host", "two words"
    caplog.set_level(logging.DEBUG)
    logging.getLogger("httpx").setLevel(logging.DEBUG)
    shown = [repr(client), repr(bank), repr(client.events(limit=1)), repr(vars(client))]
    with client.report("bank_account_summary", date(2026, 7, 1), date(2026, 7, 1)):
        pass
    endpoint = client.create_webhook_endpoint("http://127.0.0.1:9/hook", ["book.transfer.completed"])
    bank.fault_next("rate_limited", times=99, path="/bank-accounts")
    with pytest.raises(ColumnError) as failed:
        client.get("/bank-accounts", secret=in_query)
    with pytest.raises(ColumnError) as refused:
        ColumnClient(bank.url, other_key, sleep=lambda _: None).events()
    with pytest.raises(ColumnError) as wrong:
        ColumnClient(address, API_KEY)
    with pytest.raises(ColumnError) as unusable:
        ColumnClient(bank.url, two_words)
    for error in (failed, refused, wrong, unusable):
        shown += ["".join(traceback.format_exception(error.value)), repr(error.value)]
    shown += [caplog.text]
    assert "httpx" in caplog.text
    assert refused.value.status == 401
    for secret in (API_KEY, endpoint["secret"], "X-Signature=", in_query, other_key, "hunter2", two_words):
        assert not any(secret in text for text in shown), secret


def test_a_key_that_moves_money_never_leaves_unencrypted() -> None:
    with pytest.raises(ColumnError, match="https") as refused:
        ColumnClient("http://api.column.com", "live_0123456789")
    assert "0123456789" not in str(refused.value)
    ColumnClient("http://bank.test", "test_0123456789").close()


# Helpers.


class _Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def _client(
    answer: Callable[[httpx.Request], httpx.Response], clock: _Clock | None = None, **options: Any
) -> ColumnClient:
    """A client of a bank that is one function, where the real server cannot be brought to behave so."""
    clock = clock or _Clock()
    return ColumnClient(
        "https://bank.test", "test_key", transport=httpx.MockTransport(answer), sleep=clock.sleep,
        monotonic=lambda: clock.now, **options,
    )  # fmt: skip


def _now(bank: LocalBank) -> datetime:
    return datetime.fromisoformat(bank.status()["now"][:19] + "+00:00")


def test_the_real_clock_is_used_where_none_is_given(bank: LocalBank) -> None:
    bank.fault_next("rate_limited", retry_after="1")
    started = time.monotonic()
    with bank.client() as client:
        client.events(created_gte=_now(bank) - timedelta(days=1))
    assert time.monotonic() - started >= 1
