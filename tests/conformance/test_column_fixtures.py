"""Every file of the fixtures of Column: our objects have all the fields of theirs, and their webhooks are read.

The objects in `gem` were recorded from the bank's sandbox or written after its documentation; the bodies in
`formance-webhooks` are sparse ones of another client's tests.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from payments_pipeline.column import ids
from payments_pipeline.column.client import ColumnClient, ColumnError
from payments_pipeline.column.events import read_event
from payments_pipeline.column.local.control import LocalBank
from payments_pipeline.column.local.running import running
from payments_pipeline.paths import PROJECT_ROOT
from payments_pipeline.world import World
from tests.conftest import WorldOf

FIXTURES = PROJECT_ROOT.parent / "shared" / "fixtures" / "column"
pytestmark = pytest.mark.skipif(not FIXTURES.is_dir(), reason="the folder of shared fixtures is not on this machine")

Json = dict[str, Any]
DEBIT = {"type": "DEBIT", "amount": 1, "entry_class_code": "PPD", "bank_account_id": "b", "counterparty_id": "c"}

# What of the fixtures our bank has no part in: identities are checked elsewhere, accounts are neither closed nor charted.
NOT_SERVED = {
    "bank_accounts/delete.json", "bank_accounts/history.json", "entities/create_business.json",
    "entities/create_person.json", "entities/delete.json", "entities/list.json", "entities/retrieve_business.json",
    "entities/retrieve_person.json", "entities/submit_document.json", "entities/update_business.json",
    "entities/update_person.json",
}  # fmt: skip


@pytest.fixture(scope="module")
def bank(world_of: WorldOf) -> Iterator[LocalBank]:
    with running(world_of(World(loans=400, days=10, noise=5, seed=8))) as opened:
        opened.move_clock(datetime.fromisoformat("2026-07-09T04:00:00+00:00"))
        with opened.client() as client:
            client.simulate("receive-wire", {"destination_account_number_id": "acno_1", "amount": 1})
        yield opened


@pytest.fixture(scope="module")
def served(bank: LocalBank) -> dict[str, Callable[[], Json]]:
    """By the name of a fixture, how to have our bank answer the same."""
    client = bank.client(sleep=lambda _: None)

    def first(path: str, key: str) -> Json:
        return next(client.list(path, key))

    def cancelled() -> Json:
        return client.cancel_ach_transfer(_made(client, "to cancel"))

    def reversal() -> Json:
        made = _made(client, "to reverse")
        client.simulate("transfers/ach/settle", {"ach_transfer_id": made})
        return client.reverse_ach_transfer(made, "duplicated_entry", idempotency_key="reverse")

    def page(path: str) -> Json:
        return client.get(path, limit=100)

    return {
        "account_numbers/list.json": lambda: page("/account-numbers"),
        "account_numbers/retrieve.json": lambda: first("/account-numbers", "account_numbers"),
        "ach_returns/list.json": lambda: page("/transfers/ach/returns"),
        "ach_returns/retrieve.json": lambda: client.get(
            f"/transfers/ach/returns/{first('/transfers/ach/returns', 'ach_returns')['ach_transfer_id']}"
        ),
        "ach_transfers/cancel.json": cancelled,
        "ach_transfers/create.json": lambda: client.create_ach_transfer(DEBIT, idempotency_key="create"),
        "ach_transfers/list.json": lambda: page("/transfers/ach"),
        "ach_transfers/retrieve.json": lambda: client.ach_transfer(first("/transfers/ach", "transfers")["id"]),
        "ach_transfers/reverse.json": reversal,
        "bank_accounts/list.json": lambda: page("/bank-accounts"),
        "bank_accounts/retrieve.json": lambda: first("/bank-accounts", "bank_accounts"),
        "wire_transfers/list.json": lambda: page("/transfers/wire"),
        "wire_transfers/retrieve.json": lambda: client.get(
            f"/transfers/wire/{first('/transfers/wire', 'transfers')['id']}"
        ),
    }


def _files(folder: str) -> list[Path]:
    return sorted((FIXTURES / folder).rglob("*.json")) if FIXTURES.is_dir() else []


def _name(path: Path) -> str:
    return path.relative_to(FIXTURES).as_posix().removeprefix("gem/")


@pytest.mark.parametrize("path", _files("gem"), ids=_name)
def test_our_bank_answers_with_every_field_of_theirs(
    bank: LocalBank, served: dict[str, Callable[[], Json]], path: Path
) -> None:
    theirs = orjson.loads(path.read_bytes())
    assert isinstance(theirs, dict)
    name = _name(path)
    if name == "error_400.json":
        response = httpx.get(f"{bank.url}/events?limit=0", auth=("", bank.api_key))
        assert (response.status_code, response.json().keys()) == (400, theirs.keys())
    elif name == "error_401.json":
        assert (httpx.get(f"{bank.url}/events").status_code, httpx.get(f"{bank.url}/events").json()) == (401, theirs)
    elif name not in NOT_SERVED:
        _assert_holds(served[name](), theirs, name)


def _assert_holds(ours: Json, theirs: Json, where: str) -> None:
    """Ours has each field of theirs, lists and objects within included, and values of the same kind."""
    assert ours.keys() >= theirs.keys(), where
    for name, value in theirs.items():
        place = f"{where}.{name}"
        if isinstance(value, dict) and name != "iat":
            assert isinstance(ours[name], dict), place
            _assert_holds(ours[name], value, place)
        elif isinstance(value, list):
            assert isinstance(ours[name], list), place
            if value and isinstance(value[0], dict):
                assert ours[name], f"{place}: the world has none to compare"
                _assert_holds(ours[name][0], value[0], place)
        elif value is not None and ours[name] is not None:
            assert type(ours[name]) is type(value), place


@pytest.mark.parametrize("path", _files("formance-webhooks"), ids=_name)
def test_a_sparse_webhook_is_read(path: Path) -> None:
    body = path.read_bytes()
    event, told = read_event(body), orjson.loads(body)
    assert (event.id, event.object_id) == (told["id"], told["data"]["id"])
    assert orjson.loads(event.text) == told
    assert event == read_event(told)
    assert event.type in {path.stem, ""}
    assert bool(event.type) == ("." in told["data"].get("type", ""))


def test_ids_of_the_bank_tell_when_the_objects_were_made() -> None:
    """Those of recorded objects; what was written after the documentation has times of its own."""
    checked = 0
    for path in _files("gem"):
        for found in _objects(orjson.loads(path.read_bytes())):
            if "_" not in str(found.get("id", "")):
                continue
            made = ids.decode(found["id"])
            assert date(2021, 1, 1) < made.made_at.date() < date(2024, 1, 1)
            if path.parent.name == "ach_transfers" and path.stem == "create":
                assert abs(made.made_at - datetime.fromisoformat(found["created_at"])) < timedelta(seconds=2)
            checked += 1
    assert checked > 10


def _objects(value: Any) -> Iterator[Json]:
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _objects(inner)


def test_the_client_reads_their_errors_and_pages() -> None:
    error = (FIXTURES / "gem" / "error_400.json").read_bytes()
    client = _client_of(httpx.Response(400, content=error))
    with pytest.raises(ColumnError) as refused:
        client.ach_transfer("noop")
    assert (refused.value.code, refused.value.is_retryable) == ("invalid_resource_id_format", False)
    assert refused.value.documentation_url == "https://www.column.com/docs/errors"
    with pytest.raises(ColumnError, match="401"):
        _client_of(httpx.Response(401, content=b"{}")).ach_transfer("noop")
    page = (FIXTURES / "gem" / "bank_accounts" / "list.json").read_bytes()
    accounts = list(_client_of(httpx.Response(200, content=page)).list("/bank-accounts", "bank_accounts"))
    assert [one["type"] for one in accounts] == ["CHECKING"]


def _client_of(response: httpx.Response) -> ColumnClient:
    transport = httpx.MockTransport(lambda _: response)
    return ColumnClient("https://bank.test", "test_key", transport=transport, sleep=lambda _: None)


def _made(client: ColumnClient, key: str) -> str:
    return str(client.create_ach_transfer(DEBIT, idempotency_key=key)["id"])
