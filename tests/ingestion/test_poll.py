from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import psycopg
import pytest

from payments_pipeline.column.client import ColumnClient
from payments_pipeline.column.connection import ColumnError
from payments_pipeline.column.local.control import LocalBank
from payments_pipeline.column.local.running import running
from payments_pipeline.ingestion.column_events import stage_events
from payments_pipeline.ingestion.poll import PollError, Sweep, ask_again, note_failure, poll_events
from payments_pipeline.postgres.connect import Database
from payments_pipeline.world.parameters import World
from tests.conftest import WorldOf
from tests.ingestion.events import DAY, RECEIVED_AT, add_loans, at, event, load_event_types, recall

FIRST = date(2026, 6, 29)
END = datetime(2026, 7, 5, 12, tzinfo=UTC)
NEVER = ()
ALWAYS = (Sweep("all", timedelta(days=30), timedelta(0)),)


@pytest.fixture(scope="module")
def world(world_of: WorldOf) -> Path:
    return world_of(World(loans=300, seed=2, first_day=FIRST, days=6))


@pytest.fixture
def bank(world: Path) -> Iterator[LocalBank]:
    with running(world) as bank:
        yield bank


@pytest.fixture
def connection(database: Database) -> Iterator[psycopg.Connection[Any]]:
    with database.connect("owner") as owner:
        load_event_types(owner)
        add_loans(owner, 1, 2)
    with database.connect() as connection:
        yield connection


@pytest.fixture
def client(bank: LocalBank) -> Iterator[ColumnClient]:
    """A client that asks again at once."""
    with bank.client(sleep=lambda seconds: None) as client:
        yield client


def told(client: ColumnClient) -> list[str]:
    """All that the bank tells, by its own account."""
    return sorted(item["id"] for item in client.list("/events", "events"))


def stored(connection: psycopg.Connection[Any]) -> list[str]:
    rows = connection.execute("select event_id from ingestion.bank_events").fetchall()
    staged = connection.execute("select raw::jsonb ->> 'id' from ingestion.staged").fetchall()
    assert sorted(rows) == sorted(staged)
    return sorted(event_id for (event_id,) in rows)


def test_a_poll_reads_what_there_is_and_the_next_reads_nothing_twice(
    connection: psycopg.Connection[Any], bank: LocalBank, client: ColumnClient
) -> None:
    before = poll_events(connection, client, received_at=END, since=FIRST)
    assert (before.new, before.is_through) == (0, True)
    bank.move_clock(END - timedelta(days=2))
    first = poll_events(connection, client, received_at=END - timedelta(days=2), since=FIRST, sweeps=NEVER)
    assert first.is_through
    assert stored(connection) == told(client)
    bank.move_clock(END)
    second = poll_events(connection, client, received_at=END, since=FIRST, sweeps=NEVER)
    assert stored(connection) == told(client)
    assert second.received == second.new == len(told(client)) - first.new > 100
    third = poll_events(connection, client, received_at=END, since=FIRST, sweeps=NEVER)
    assert (third.pages, third.received) == (1, 0)


def test_small_polls_get_through_as_well(
    connection: psycopg.Connection[Any], bank: LocalBank, client: ColumnClient
) -> None:
    bank.move_clock(END)
    polls = 0
    while not poll_events(
        connection, client, received_at=END, since=FIRST - timedelta(days=400), max_pages=1, sweeps=ALWAYS
    ).is_through:
        polls += 1
        assert polls < 400
    assert polls >= 3
    assert stored(connection) == told(client)


def test_faults_of_the_bank_neither_lose_nor_double_an_event(
    connection: psycopg.Connection[Any], bank: LocalBank, client: ColumnClient
) -> None:
    bank.move_clock(END)
    expected = told(client)
    bank.set_faults("429=0.1,5xx=0.1,half=0.1,lost_answer=0.1,duplicate=0.2,reorder=0.5,seed=5")
    poll_events(connection, client, received_at=END, since=FIRST)
    assert stored(connection) == expected
    assert sum(bank.status()["struck"].values()) > 10


def test_an_event_that_appears_behind_the_cursor_is_found_when_the_days_are_read_again(
    connection: psycopg.Connection[Any], bank: LocalBank, client: ColumnClient
) -> None:
    bank.move_clock(END - timedelta(days=3))
    late = told(client)[::5]
    assert bank.withhold(event_ids=late, until=END - timedelta(hours=1)) == len(late)
    poll: dict[str, Any] = {"since": FIRST, "sweeps": (Sweep("week", timedelta(days=7), timedelta(days=1)),)}
    poll_events(connection, client, received_at=END - timedelta(days=3), **poll)
    assert not set(stored(connection)) & set(late)
    bank.move_clock(END)
    poll_events(connection, client, received_at=END - timedelta(days=2, hours=12), **poll)
    assert not set(stored(connection)) & set(late), "it is not time yet"
    poll_events(connection, client, received_at=END, **poll)
    assert stored(connection) == told(client)


def test_a_poll_that_breaks_off_keeps_what_it_stored_and_goes_on_there(
    connection: psycopg.Connection[Any], bank: LocalBank, client: ColumnClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("payments_pipeline.ingestion.poll._PAGES_IN_CHUNK", 1)
    bank.move_clock(END)
    poll_events(connection, client, received_at=END, since=FIRST, max_pages=1, sweeps=NEVER)
    before = stored(connection)
    bank.fault_next("server_error", times=9)
    with pytest.raises(ColumnError) as down, bank.client(attempts=2, sleep=lambda seconds: None) as impatient:
        poll_events(connection, impatient, received_at=END, since=FIRST)
    assert stored(connection) == before
    assert note_failure(connection, down.value, received_at=END) == (1, END)
    assert note_failure(connection, down.value, received_at=END + timedelta(hours=1)) == (2, END)
    bank.set_faults("")
    poll_events(connection, client, received_at=END, since=FIRST, sweeps=NEVER)
    assert stored(connection) == told(client)
    assert connection.execute("select failures, failing_since, last_error from ingestion.cursors").fetchone() == (
        0,
        None,
        None,
    )


def test_what_a_webhook_brought_first_is_known_to_the_poll(
    connection: psycopg.Connection[Any], bank: LocalBank, client: ColumnClient
) -> None:
    bank.move_clock(END)
    some = client.events().items
    stage_events(connection, some, source="column", uri="webhook:column", received_at=END)
    polled = poll_events(connection, client, received_at=END, since=FIRST, sweeps=NEVER)
    assert polled.received - polled.new == len(some)
    assert stored(connection) == told(client)


def test_two_that_poll_at_once_store_each_event_once(
    connection: psycopg.Connection[Any], bank: LocalBank, client: ColumnClient, database: Database
) -> None:
    bank.move_clock(END)
    poll_events(connection, client, received_at=END, since=FIRST, max_pages=1, sweeps=NEVER)
    with database.connect() as other:
        given = client.events

        def overtaken(**asked: Any) -> Any:
            client.events = given  # type: ignore[method-assign]
            poll_events(other, client, received_at=END, since=FIRST, sweeps=NEVER)
            return given(**asked)

        client.events = overtaken  # type: ignore[method-assign]
        assert not poll_events(connection, client, received_at=END, since=FIRST, sweeps=NEVER).is_through
    assert stored(connection) == told(client)


# A bank that cannot be followed ------------------------------------------------------------------------------------------


def answering(answer: Callable[[httpx.QueryParams], tuple[int, Any]]) -> ColumnClient:
    def handle(request: httpx.Request) -> httpx.Response:
        status, body = answer(request.url.params)
        return httpx.Response(status, json=body)

    return ColumnClient("http://bank", "test_key_of_nobody", transport=httpx.MockTransport(handle))


def page(*ids: str, has_more: bool) -> tuple[int, Any]:
    return 200, {
        "events": [{"id": one, "type": "identity.x", "created_at": at(DAY)} for one in ids],
        "has_more": has_more,
    }


@pytest.mark.parametrize("stuck", [page("evnt_1", has_more=True), page(has_more=True)])
def test_a_list_that_does_not_move_on_is_an_error(connection: psycopg.Connection[Any], stuck: tuple[int, Any]) -> None:
    client = answering(lambda asked: stuck if "ending_before" in asked else page("evnt_1", has_more=False))
    with pytest.raises(PollError, match="do not move on from evnt_1"):
        poll_events(connection, client, received_at=RECEIVED_AT, since=DAY)
    assert stored(connection) == ["evnt_1"]


def test_a_bank_that_does_not_know_our_cursor_is_an_error(connection: psycopg.Connection[Any]) -> None:
    client = answering(lambda asked: (404, {}) if "ending_before" in asked else page("evnt_1", has_more=False))
    with pytest.raises(PollError, match="does not know the event evnt_1"):
        poll_events(connection, client, received_at=RECEIVED_AT, since=DAY)


def test_more_events_of_one_instant_than_fit_a_page_are_all_read(connection: psycopg.Connection[Any]) -> None:
    ids = [f"evnt_{n:03d}" for n in range(250, 0, -1)]

    def answer(asked: httpx.QueryParams) -> tuple[int, Any]:
        if "ending_before" in asked:
            found = ids[: ids.index(asked["ending_before"])]
            return page(*found[-100:], has_more=len(found) > 100)
        if not asked["created.gte"] <= at(DAY) < asked.get("created.lt", "9"):
            return page(has_more=False)
        found = ids[ids.index(asked["starting_after"]) + 1 :] if "starting_after" in asked else ids
        return page(*found[:100], has_more=len(found) > 100)

    polled = poll_events(connection, answering(answer), received_at=RECEIVED_AT, since=DAY)
    assert polled.is_through
    assert stored(connection) == sorted(ids)


class Listing:
    """A bank whose list, newest first, holds whatever is put there."""

    def __init__(self, *items: Any) -> None:
        self.items = list(items)

    def __call__(self, asked: httpx.QueryParams) -> tuple[int, Any]:
        def place(name: str) -> int:
            return next(
                n for n, item in enumerate(self.items) if isinstance(item, dict) and item.get("id") == asked[name]
            )

        found = self.items
        if "ending_before" in asked:
            found = found[: place("ending_before")]
            return 200, {"events": found[-100:], "has_more": len(found) > 100}
        if "starting_after" in asked:
            found = found[place("starting_after") + 1 :]
        if not asked.get("created.gte", "") <= at(DAY) < asked.get("created.lt", "9"):
            found = []
        return 200, {"events": found[:100], "has_more": len(found) > 100}


def listed(*ids: str) -> list[dict[str, str]]:
    return [{"id": one, "type": "identity.x", "created_at": at(DAY)} for one in ids]


def test_what_is_listed_and_cannot_be_read_holds_nothing_up_and_is_one_case_for_a_person(
    connection: psycopg.Connection[Any],
) -> None:
    bad: list[Any] = [{"id": None, "data": {"receiver_name": f"Jane Borrower\x00, {n}"}} for n in range(3)] + ["Jane"]
    bank = Listing(*listed("evnt_3"), bad[0], *listed("evnt_2"), bad[1], bad[3], *listed("evnt_1"), bad[2])
    for _ in range(2):
        assert poll_events(connection, answering(bank), received_at=RECEIVED_AT, since=DAY, sweeps=ALWAYS).is_through
    assert stored(connection) == ["evnt_1", "evnt_2", "evnt_3"]

    newest = {"id": "", "data": "Jane"}
    bank.items.insert(0, newest)
    for _ in range(2):
        poll_events(connection, answering(bank), received_at=RECEIVED_AT, since=DAY, sweeps=NEVER)
    bank.items[:0] = listed("evnt_4")
    poll_events(connection, answering(bank), received_at=RECEIVED_AT, since=DAY, sweeps=NEVER)
    assert stored(connection) == ["evnt_1", "evnt_2", "evnt_3", "evnt_4"]

    kept = connection.execute("select convert_from(body, 'UTF8') from ingestion.unreadable_messages").fetchall()
    assert sorted(text for (text,) in kept) == sorted(orjson.dumps(one).decode() for one in [*bad, newest])
    cases = connection.execute(
        "select details ->> 'place', c::text from operations.exception_cases as c where category = 'unreadable_event'"
    ).fetchall()
    assert sorted(place for place, _ in cases) == [
        "alone on its page",
        "next to the event evnt_1",
        "next to the event evnt_2",
        "next to the event evnt_2",
        "next to the event evnt_3",
    ]
    assert not any("Jane" in text for _, text in cases)


def test_something_unreadable_with_nothing_around_it_is_kept_as_well(connection: psycopg.Connection[Any]) -> None:
    bank = Listing({"type": "x"})
    polled = poll_events(connection, answering(bank), received_at=RECEIVED_AT, since=DAY)
    assert (polled.received, polled.is_through) == (0, True)
    assert connection.execute("select endpoint, body from ingestion.unreadable_messages").fetchall() == [
        ("column:events", b'{"type":"x"}')
    ]


def test_an_event_nested_too_deeply_to_be_written_holds_nothing_up_and_is_kept_without_its_depths(
    connection: psycopg.Connection[Any],
) -> None:
    depths: dict[str, Any] = {}
    for _ in range(500):
        depths = {"data": depths}
    deep = {"id": "evnt_2", "type": "ach.x", **depths}
    bank = Listing(*listed("evnt_3"), deep, [depths], *listed("evnt_1"))
    assert poll_events(connection, answering(bank), received_at=RECEIVED_AT, since=DAY).is_through
    assert stored(connection) == ["evnt_1", "evnt_3"]
    kept = connection.execute("select body from ingestion.unreadable_messages order by body").fetchall()
    assert kept == [(b'{"id":"evnt_2","type":"ach.x"}',), (b"{}",)]


def test_one_event_that_a_strict_reader_would_give_up_its_page_for_holds_nothing_up(
    connection: psycopg.Connection[Any],
) -> None:
    deep, half, plain = listed("evnt_3", "evnt_2", "evnt_1")
    depths = b'"id":"evnt_3","data":' + b'{"data":[' * 900 + b'"]}"' + b"]}" * 900
    bank = Listing(deep, half | {"memo": "HALF"}, plain)

    def answer(request: httpx.Request) -> httpx.Response:
        page = orjson.dumps(bank(request.url.params)[1])
        page = page.replace(b'"id":"evnt_3"', depths).replace(b"HALF", rb"rent \ud83d")
        return httpx.Response(200, content=page)

    client = ColumnClient("https://bank.example", "test_key", transport=httpx.MockTransport(answer), attempts=1)
    assert poll_events(connection, client, received_at=RECEIVED_AT, since=DAY).is_through
    assert stored(connection) == ["evnt_1", "evnt_2"]
    kept = connection.execute("select body from ingestion.unreadable_messages").fetchall()
    assert [orjson.loads(body)["id"] for (body,) in kept] == ["evnt_3"]


def test_a_page_of_which_nothing_can_be_read_stops_the_poll_and_says_so(connection: psycopg.Connection[Any]) -> None:
    bank = Listing(*listed("evnt_1"))
    poll_events(connection, answering(bank), received_at=RECEIVED_AT, since=DAY)
    bank.items[:0] = [{"event_id": f"evnt_{n}"} for n in range(101)]
    with pytest.raises(PollError, match=r"lists 100 events together of which none can be read; the first: .*its id"):
        poll_events(connection, answering(bank), received_at=RECEIVED_AT, since=DAY)
    assert stored(connection) == ["evnt_1"]


# Asking again ------------------------------------------------------------------------------------------------------------


def test_a_variance_asks_the_bank_for_the_very_transfers_seldomer_each_time(
    connection: psycopg.Connection[Any], bank: LocalBank, client: ColumnClient, database: Database
) -> None:
    bank.move_clock(END)
    missed = client.events(types=["ach.incoming_transfer.settled"], limit=3).items
    with database.connect("owner") as owner:
        owner.execute("select operations.open_day('settlement.bank_lines', %s)", [DAY])
        for one in missed:
            owner.execute(
                "insert into settlement.bank_lines (bank_day, line_id, account, channel, kind, amount_cents, "
                "transaction_id, source) values (%s, %s, 'collections', 'ach', 'credit', 1, %s, 'test')",
                [DAY, f"line {one.object_id}", one.object_id],
            )
            owner.execute(
                "insert into reconciliation.items values (%s, 'ach', 'bank', %s, null, null, 'missing_here', 1, 'x')",
                [DAY, f"line {one.object_id}"],
            )
    asked = ask_again(connection, client, received_at=END)
    found = connection.execute("select distinct object_id from ingestion.bank_events").fetchall()
    assert sorted(found) == sorted((one.object_id,) for one in missed)
    assert asked.pages == 1
    pauses = [timedelta(minutes=n) for n in (9, 2, 15, 6)]
    pages = []
    now = END
    for pause in pauses:
        now += pause
        pages.append(ask_again(connection, client, received_at=now).pages)
    assert pages == [0, 1, 0, 1]


def test_a_check_is_asked_for_at_the_bank_that_has_it_and_not_where_it_lies_in_a_lockbox(
    connection: psycopg.Connection[Any], database: Database
) -> None:
    asked: list[httpx.QueryParams] = []

    def answer(params: httpx.QueryParams) -> tuple[int, Any]:
        asked.append(params)
        return page(has_more=False)

    with database.connect("owner") as owner:
        owner.execute("select operations.open_day('settlement.bank_lines', %s)", [DAY])
        for line, transaction_id in (("deposited", "chkt_1"), ("lockbox", "0004711"), ("unnamed", None)):
            owner.execute(
                "insert into settlement.bank_lines (bank_day, line_id, account, channel, kind, amount_cents, "
                "transaction_id, source) values (%s, %s, 'collections', 'check', 'credit', 1, %s, 'test')",
                [DAY, line, transaction_id],
            )
            owner.execute(
                "insert into reconciliation.items values (%s, 'check', 'bank', %s, null, null, 'missing_here', 1, 'x')",
                [DAY, line],
            )
    ask_again(connection, answering(answer), received_at=RECEIVED_AT)
    assert [params.get_list("object_ids") for params in asked] == [["chkt_1"]]


def test_an_item_that_names_no_transfer_asks_for_its_day(
    connection: psycopg.Connection[Any], bank: LocalBank, client: ColumnClient, database: Database
) -> None:
    bank.move_clock(END)
    day = FIRST + timedelta(days=2)
    with database.connect("owner") as owner:
        owner.execute(
            "insert into reconciliation.items values (%s, 'ach', 'bank', 'x', null, null, 'missing_here', 1, 'x')",
            [day],
        )
    ask_again(connection, client, received_at=END)
    found = connection.execute(
        "select min(created_at), max(created_at), count(*) from ingestion.bank_events"
    ).fetchone()
    assert found is not None
    assert found[0] >= datetime(2026, 7, 1, 4, tzinfo=UTC)
    assert found[1] < datetime(2026, 7, 2, 4, tzinfo=UTC)
    assert found[2] == sum(
        datetime(2026, 7, 1, 4, tzinfo=UTC)
        <= datetime.fromisoformat(item["created_at"])
        < datetime(2026, 7, 2, 4, tzinfo=UTC)
        for item in client.list("/events", "events")
    )


def test_a_day_that_is_too_long_for_one_look_at_the_bank_is_read_on_at_the_next(
    connection: psycopg.Connection[Any], bank: LocalBank, client: ColumnClient, database: Database
) -> None:
    bank.move_clock(END)
    with database.connect("owner") as owner:
        for number in (1, 2):
            owner.execute(
                "insert into reconciliation.items values (%s, 'ach', 'bank', 'x', null, null, 'missing_here', 1, 'x')",
                [FIRST + timedelta(days=number)],
            )
    long_ago = ask_again(connection, client, received_at=END - timedelta(hours=2), max_pages=1)
    assert (long_ago.pages, long_ago.new) == (1, 100)
    looks = [ask_again(connection, client, received_at=END, max_pages=1)]
    while not looks[-1].is_through:
        looks.append(ask_again(connection, client, received_at=END, max_pages=1))
    assert [look.pages for look in looks] == [1, 1, 1, 1]
    assert [look.new for look in looks[::2]] == [0, 100]
    of_these_days = [
        item["id"]
        for item in client.list("/events", "events")
        if datetime(2026, 6, 30, 4, tzinfo=UTC)
        <= datetime.fromisoformat(item["created_at"])
        < datetime(2026, 7, 2, 4, tzinfo=UTC)
    ]
    assert stored(connection) == sorted(of_these_days)
    assert ask_again(connection, client, received_at=END).pages == 0


def test_a_return_that_waits_asks_for_its_transfer(connection: psycopg.Connection[Any]) -> None:
    asked: list[httpx.QueryParams] = []

    def answer(params: httpx.QueryParams) -> tuple[int, Any]:
        asked.append(params)
        return page(has_more=False)

    stage_events(
        connection,
        [
            event("wire.incoming_return_request.completed", recall(transfer_id), event_id=f"evnt_{transfer_id}")
            for transfer_id in ("wire_lost", "no id")
        ],
        source="column",
        uri="column:events",
        received_at=RECEIVED_AT,
    )
    ask_again(connection, answering(answer), received_at=RECEIVED_AT)
    assert [params.get_list("object_ids") for params in asked] == [["wire_lost"]]
