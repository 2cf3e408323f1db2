"""The service over real HTTP and a real database: who is heard, what is kept, and what is told."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from payments_pipeline.clock import clock_file, set_clock
from payments_pipeline.column.signature import sign
from payments_pipeline.formats.webhook_payload import read_word
from payments_pipeline.ingestion.ingest import ingest_pending
from payments_pipeline.ingestion.webhook_queue import take_up_webhooks
from payments_pipeline.ledger.posting import post_day
from payments_pipeline.postgres.connect import Database
from payments_pipeline.webhooks import service
from payments_pipeline.webhooks.lookups import Lookups
from payments_pipeline.webhooks.store import Store, request_id
from tests.ingestion.files import fetch
from tests.webhooks.senders import (
    COLUMN,
    COLUMN_SECRET,
    NOW,
    PAYMENTS,
    READER,
    SECRET,
    TOKEN,
    body,
    event,
    post,
    post_event,
    serving,
    signed,
)

MONITORING = "/api/v1/monitoring"


def queue(database: Database) -> list[tuple[Any, ...]]:
    """The messages that wait."""
    with database.connect() as connection:
        return fetch(
            connection, "select endpoint, channel, body from ingestion.webhook_queue order by received_at, body"
        )


def take_up(database: Database) -> None:
    """What the pipeline does with the queue."""
    with database.connect() as connection:
        take_up_webhooks(connection)
        ingest_pending(connection)


def test_a_message_is_stored_byte_for_byte_before_it_is_acknowledged(database: Database, tmp_path: Path) -> None:
    content = body()
    with serving(database, tmp_path) as client:
        answer = post(client, content)
        assert queue(database) == [("payments", "card", content)]
    payment_id = str(read_word(content, NOW).payment_id)
    assert (answer.status_code, answer.json()) == (
        201,
        {"success": True, "data": {"status": "created", "payment_id": payment_id}},
    )


def test_the_same_payment_again_is_a_duplicate_in_the_queue_and_after_it(database: Database, tmp_path: Path) -> None:
    other_bytes = body(metadata={"transaction_id": "another"}, reference_number=" AUTH-0001")
    with serving(database, tmp_path) as client:
        first = post(client, body())
        again = [post(client, body()), post(client, other_bytes, f"{PAYMENTS}/card")]
        assert len(queue(database)) == 1
        take_up(database)
        again += [post(client, body()), post(client, other_bytes)]
        assert queue(database) == []
        returned = post(client, body(event="returned", value_date="2026-03-02"))
    assert [(answer.status_code, answer.json()["data"]["status"]) for answer in again] == [(200, "duplicate")] * 4
    assert {answer.json()["data"]["payment_id"] for answer in again} == {first.json()["data"]["payment_id"]}
    assert (returned.status_code, returned.json()["data"]["payment_id"]) == (201, first.json()["data"]["payment_id"])


def test_the_same_bytes_by_another_channel_are_another_payment(database: Database, tmp_path: Path) -> None:
    content = body(payment_channel=...)
    with serving(database, tmp_path) as client:
        answers = [post(client, content, f"{PAYMENTS}/{channel}") for channel in ("card", "paypal", "card")]
        assert [answer.json()["data"]["status"] for answer in answers] == ["created", "created", "duplicate"]
        assert [channel for _, channel, _ in queue(database)] == ["card", "paypal"]
        assert post(client, body(), f"{PAYMENTS}/card").json()["data"]["status"] == "duplicate"


def test_a_repeat_does_not_wait_for_the_run_that_takes_up_its_original(database: Database, tmp_path: Path) -> None:
    with serving(database, tmp_path) as client, database.connect() as connection, connection.transaction():
        post(client, body())
        post_event(client, event())
        take_up_webhooks(connection)  # within a transaction that is still open
        assert post(client, body()).json()["data"]["status"] == "duplicate"
        assert post(client, body(metadata=...)).json()["data"]["status"] == "duplicate"
        assert post_event(client, event()).json()["data"]["status"] == "duplicate"


def test_of_many_at_once_that_say_the_same_one_is_new(database: Database, tmp_path: Path) -> None:
    with serving(database, tmp_path) as first, serving(database, tmp_path) as second, ThreadPoolExecutor(16) as pool:
        answers = pool.map(
            lambda n: post((first, second)[n % 2], body(reference_number=f"r{n // 8}", metadata={"n": n})).status_code,
            range(64),
        )
        assert sorted(answers) == [200] * 56 + [201] * 8
    assert len(queue(database)) == 8


def test_only_who_has_the_secret_is_heard(database: Database, tmp_path: Path) -> None:
    content = body()
    right = sign(SECRET, content)
    wrong = {
        "none": {},
        "of other bytes": signed(body(amount=1)),
        "of another secret": signed(content, "a secret of somebody else"),
        "of the bank": signed(content, COLUMN_SECRET),
        "without its prefix": {"x-signature": right},
        "shortened": {"x-signature": f"sha256={right[:-1]}"},
        "not ascii": {"x-signature": "sha256=\u00e9"},
    }
    with serving(database, tmp_path) as client:
        for headers in wrong.values():
            raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
            assert client.post(PAYMENTS, content=content, headers=raw).status_code == 401
        assert post_event(client, event(), SECRET).status_code == 401
        assert client.post(COLUMN, content=event()).status_code == 401
        assert queue(database) == []
        assert client.post(PAYMENTS, content=content, headers=signed(content)).status_code == 201


def test_without_a_secret_nothing_is_heard(database: Database, tmp_path: Path) -> None:
    nothing = {"webhook_secret": None, "column_webhook_secret": None, "webhook_token": None}
    with serving(database, tmp_path, **nothing) as client:
        assert post(client, body()).status_code == 503
        assert "PAYMENTS_WEBHOOK_SECRET" in post(client, body()).json()["error"]
        assert post_event(client, event()).status_code == 503
        assert client.get(f"{PAYMENTS}/stats", headers=READER).status_code == 503
    assert queue(database) == []


def test_messages_are_taken_from_allowed_networks_alone(database: Database, tmp_path: Path) -> None:
    allowed = {"webhook_allow": "203.0.113.0/24", "webhook_proxies": "127.0.0.1"}
    with serving(database, tmp_path, **allowed) as client:
        assert post(client, body()).status_code == 403
        assert post(client, body(), x_forwarded_for="203.0.113.9, 198.51.100.1").status_code == 403
        assert post(client, body(), x_forwarded_for="198.51.100.1, 203.0.113.9").status_code == 201
        assert post_event(client, event()).status_code == 200  # the bank's signature is enough
    with serving(database, tmp_path, webhook_allow="203.0.113.0/24") as client:
        assert post(client, body(cif="C2"), x_forwarded_for="203.0.113.9").status_code == 403


def test_limits_hold_for_each_client_and_channel_over_several_services(database: Database, tmp_path: Path) -> None:
    limits = {"webhook_client_limit": 20, "webhook_channel_limit": 30, "webhook_proxies": "127.0.0.1"}

    def send(client: httpx.Client, n: int, address: str, channel: str) -> httpx.Response:
        content = body(reference_number=f"{address}-{channel}-{n}", payment_channel=channel)
        return post(client, content, x_forwarded_for=address)

    with (
        serving(database, tmp_path, **limits) as first,
        serving(database, tmp_path, **limits) as second,
        ThreadPoolExecutor(8) as pool,
    ):
        with database.connect() as connection:
            # a window that is about to end would let through what belongs to the next
            connection.execute(
                b"select pg_sleep(60 - s.of_minute) from (select extract(epoch from now())::numeric % 60) as s (of_minute)"
                b" where s.of_minute > 50"
            )
        of_one = list(pool.map(lambda n: send((first, second)[n % 2], n, "203.0.113.1", "card"), range(40)))
        of_another = [send(first, n, "203.0.113.2", "card") for n in range(15)]
        of_another_channel = [send(second, n, "203.0.113.2", "paypal") for n in range(2)]
        bank = [post_event(first, event(f"evnt_{n}")) for n in range(40)]
    assert [answer.status_code for answer in of_one].count(201) == 20
    refused = next(answer for answer in of_one if answer.status_code == 429)
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    # 40 of the channel had been asked for, of which 30 may be let through: the second client finds none left
    assert {answer.status_code for answer in of_another} == {429}
    assert "channel" in of_another[0].json()["error"]
    assert [answer.status_code for answer in of_another_channel] == [201, 201]
    assert {answer.status_code for answer in bank} == {200}
    assert len(queue(database)) == 62


def test_the_window_slides_over_the_one_before(database: Database, tmp_path: Path) -> None:
    with serving(database, tmp_path, webhook_client_limit=100) as client, database.connect("owner") as owner:
        ((began, remaining),) = fetch(
            owner,
            "select date_trunc('minute', now()), (60 - extract(epoch from now())::numeric %% 60) / 60",
        )
        owner.execute(
            b"insert into ingestion.webhook_limits values ('client', '127.0.0.1', %s - interval '1 minute', 100)",
            [began],
        )
        owner.commit()
        codes = [post(client, body(reference_number=f"r{n}")).status_code for n in range(100)]
    # of the hundred of the minute before, those still count whose part of the window is not over
    assert abs(codes.count(201) - (100 - 100 * float(remaining))) <= 6


def test_what_is_not_in_order_counts_too_and_is_not_stored(database: Database, tmp_path: Path) -> None:
    with serving(database, tmp_path, webhook_client_limit=3) as client:
        codes = [post(client, body(amount=-1)).status_code for _ in range(5)]
    assert sorted(codes) == [422, 422, 422, 429, 429]
    assert queue(database) == []


def test_a_world_whose_clock_leaps_ahead_is_followed_at_once(database: Database, tmp_path: Path) -> None:
    with serving(database, tmp_path) as client:
        later = NOW + timedelta(days=30)
        for _ in range(3):
            dated = body(reference_number=later.isoformat(), payment_date=later.isoformat())
            assert post(client, dated).status_code == 422
            set_clock(tmp_path, later)
            assert post(client, dated).status_code == 201
            later += timedelta(days=30)
    with database.connect() as connection:
        assert fetch(connection, "select max(received_at) from ingestion.webhook_queue") == [
            (later - timedelta(days=30),)
        ]


def test_answers_name_what_is_wrong(database: Database, tmp_path: Path) -> None:
    with serving(database, tmp_path) as client:
        invalid = post(client, body(amount="5", cif=...))
        assert (invalid.status_code, [one["field"] for one in invalid.json()["details"]]) == (422, ["amount", "cif"])
        assert post(client, b"{").status_code == 400
        assert post(client, body(), f"{PAYMENTS}/cash").status_code == 404
        assert post(client, body(), f"{PAYMENTS}/paypal").json()["details"][0]["field"] == "payment_channel"
        assert post(client, body(), content_type="text/plain").status_code == 415
        assert post(client, body(), content_type="application/json; charset=latin-1").status_code == 415
        assert client.get(PAYMENTS).status_code == 405
        assert client.get("/nowhere").json() == {"success": False, "error": "Not Found"}
        assert "Jane" not in post(client, body(cif="Jane Q. Borrower, 12 Elm Street")).text


def test_a_body_has_its_largest_size_whether_it_says_so_or_not(database: Database, tmp_path: Path) -> None:
    large = body(metadata={"note": "x" * service.MOST_BYTES})
    with serving(database, tmp_path) as client:
        assert post(client, large).status_code == 413
        chunked = client.post(PAYMENTS, content=iter([large[:200_000], large[200_000:]]), headers=signed(large))
        assert chunked.status_code == 413
        assert post(client, body()).status_code == 201


def test_a_body_that_does_not_come_is_not_waited_for(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    monkeypatch.setattr(service, "BODY_SECONDS", 0.2)
    with (
        serving(database, tmp_path) as client,
        socket.create_connection(("127.0.0.1", client.base_url.port or 0), timeout=10) as slow,
    ):
        slow.sendall(f"POST {COLUMN} HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc".encode())
        assert slow.recv(20).startswith(b"HTTP/1.1 408")


def test_while_the_database_is_away_messages_are_turned_away_and_then_taken_again(
    database: Database, tmp_path: Path, server: Any
) -> None:
    name = psycopg.conninfo.conninfo_to_dict(database.url)["dbname"]
    with serving(database, tmp_path) as client, psycopg.connect(server.url("postgres"), autocommit=True) as admin:
        assert post(client, body()).status_code == 201
        admin.execute(f"alter database {name} allow_connections false".encode())
        admin.execute(b"select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name])
        refused = post(client, body(reference_number="r2"))
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        assert client.get("/ready").status_code == 503
        assert client.get("/health").json()["data"]["status"] == "degraded"
        admin.execute(f"alter database {name} allow_connections true".encode())
        assert post(client, body(reference_number="r2")).status_code == 201
        assert client.get("/ready").status_code == 200


def test_a_mistake_in_storing_turns_that_message_away_and_none_after_it(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(database, tmp_path) as client:
        clock_file(tmp_path).write_text("no instant")
        assert post_event(client, event("evnt_1")).status_code == 503
        assert "PaymentsError" in caplog.text
        set_clock(tmp_path, NOW)
        assert post_event(client, event("evnt_2")).status_code == 200


def test_what_the_database_refuses_is_not_quoted_in_the_log(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def refused(*arguments: object) -> None:
        raise psycopg.DataError("Jane Q. Borrower")

    monkeypatch.setattr(Store, "_store", refused)
    with serving(database, tmp_path) as client:
        assert post(client, body()).status_code == 503
        assert "DataError" in caplog.text
        assert "Jane" not in caplog.text


def test_every_message_of_the_bank_that_is_signed_is_kept(database: Database, tmp_path: Path) -> None:
    contents = [event(), b"no json", b"", b"\xff\x00", b"[" * 5_000]
    with serving(database, tmp_path) as client:
        for content in contents:
            answers = [post_event(client, content) for _ in range(2)]
            assert [answer.json()["data"]["status"] for answer in answers] == ["created", "duplicate"]
    assert sorted(queue(database)) == sorted(("column", None, content) for content in contents)


def test_payments_are_looked_up_by_reference_and_by_loan(database: Database, tmp_path: Path) -> None:
    with serving(database, tmp_path) as client:

        def ask(path: str) -> Any:
            return client.get(path, headers=READER).json()["data"]

        assert ask(f"{PAYMENTS}/duplicate/A%2F1%20") == {"is_duplicate": False, "payment_ids": [], "days_covered": 90}
        assert client.get(f"{PAYMENTS}/payment/A%2F1", headers=READER).status_code == 404
        created = post(client, body(reference_number="A/1")).json()["data"]["payment_id"]
        assert ask(f"{PAYMENTS}/duplicate/%20a%2F1")["payment_ids"] == [created]
        assert ask(f"{PAYMENTS}/payment/A%2F1")["payments"][0]["status"] == "waiting"

        post(client, body(reference_number="A/2", amount=7, payment_channel="venmo"))
        post(client, body(reference_number="A/3", amount=9, payment_date="2026-03-01T15:00:00Z"))
        post(
            client,
            body(reference_number="A/3", amount=9, event="returned", value_date="2026-03-01", return_code="R01"),
        )
        take_up(database)
        (payment,) = ask(f"{PAYMENTS}/payment/a%2F1")["payments"]
        assert payment == {
            "payment_id": created,
            "reference_number": "A/1",
            "loan_account_number": "LN0000000042",
            "amount": "1000.50",
            "amount_cents": 100050,
            "payment_channel": "card",
            "value_date": "2026-03-02",
            "payment_date": "2026-03-02T15:04:05+00:00",
            "received_at": "2026-03-02T18:00:00+00:00",
            "events": ["captured"],
            "status": "received",
        }
        # the loan is none of ours, so its payments are with loan 0
        page = ask(f"{MONITORING}/payments/loan/LN0000000000?limit=2&offset=1")
        assert (page["total"], page["limit"], page["offset"], len(page["payments"])) == (3, 2, 1, 2)
        assert page["payments"][1]["events"] == ["captured", "returned"]
        summary = ask(f"{MONITORING}/payments/summary/ln0000000000")
        assert (summary["payments"], summary["amount_cents"]) == (2, 100_750)
        assert (summary["went_back"], summary["went_back_cents"]) == (1, 900)

        with database.connect() as connection:
            post_day(connection, date(2026, 3, 2))
        assert ask(f"{PAYMENTS}/payment/A%2F1")["payments"][0]["status"] == "completed"


def test_a_look_up_by_reference_uses_the_index_of_each_day(database: Database, tmp_path: Path) -> None:
    with serving(database, tmp_path) as client:
        post(client, body())
        take_up(database)
    with database.connect("owner") as owner:
        owner.execute(b"set enable_seqscan = off")
        plan = "\n".join(
            line
            for (line,) in fetch(
                owner,
                "explain select 1 from ingestion.payment_ingestions i where"
                " hashtext(lower(btrim(i.source_reference, E' \\t\\n\\r\\f\\x0b') collate \"C\")) = hashtext('auth-0001')",
            )
        )
    assert "Index" in plan


def test_questions_need_the_token(database: Database, tmp_path: Path) -> None:
    asked = [
        f"{PAYMENTS}/stats",
        f"{PAYMENTS}/duplicate/x",
        f"{PAYMENTS}/payment/x",
        f"{MONITORING}/payments/loan/LN0000000042",
        f"{MONITORING}/payments/summary/LN0000000042",
        f"{MONITORING}/metrics",
        f"{MONITORING}/stats",
        f"{MONITORING}/partitions",
        f"{MONITORING}/jobs/status",
    ]
    with serving(database, tmp_path) as client:
        for path in asked:
            assert client.get(path).status_code == 401
            assert client.get(path, headers={"authorization": f"Bearer {TOKEN}x"}).status_code == 401
            assert client.get(path, headers={"authorization": f"Basic {TOKEN}"}).status_code == 401
            assert client.get(path, headers=READER).status_code in (200, 404)
        for path in ("/health", "/ready", f"{MONITORING}/health", f"{MONITORING}/ready", "/docs", "/openapi.json"):
            assert client.get(path).status_code == 200


def test_of_many_who_probe_at_once_one_asks_the_database(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[str] = []
    query = Lookups._query

    async def noted(lookups: Lookups, name: str, **parameters: object) -> Any:
        counted.append(name)
        await asyncio.sleep(0.2)
        return await query(lookups, name, **parameters)

    monkeypatch.setattr(Lookups, "_query", noted)
    with serving(database, tmp_path) as client, ThreadPoolExecutor(20) as crowd:
        answers = list(crowd.map(lambda _: client.get("/health").status_code, range(20)))
    assert answers == [200] * 20
    assert counted == ["waiting"]


def test_figures_tell_what_became_of_messages(database: Database, tmp_path: Path) -> None:
    with serving(database, tmp_path) as client:
        for content in (body(), body(), body(amount=0)):
            post(client, content)
        client.post(PAYMENTS, content=body())
        stats = client.get(f"{PAYMENTS}/stats", headers=READER).json()["data"]
        assert stats["since_start"] == {
            "webhook.created": 1,
            "webhook.duplicate": 1,
            "webhook.invalid": 1,
            "webhook.unauthorised": 1,
        }
        assert stats["waiting"]["messages"] == 1
        page = client.get(f"{MONITORING}/metrics", headers=READER).text
        assert 'payment_processing_total{source="webhook",status="created"} 1.0' in page
        assert "staging_backlog_size 1.0" in page
        take_up(database)
        ((row),) = client.get(f"{PAYMENTS}/stats", headers=READER).json()["data"]["taken_up"]
        assert (row["source"], row["received"], row["accepted"]) == ("card", 1, 1)
        tables = client.get(f"{MONITORING}/partitions", headers=READER).json()["data"]["tables"]
        staged = next(table for table in tables if table["table_name"] == "ingestion.staged")
        assert (staged["partitions"], staged["first_day"]) == (1, "2026-03-02")
        jobs = client.get(f"{MONITORING}/jobs/status", headers=READER).json()["data"]
        assert jobs["days_waiting"][0]["reason"] == "ingested"


def test_the_service_may_add_to_the_queue_and_neither_read_nor_change_anything_else(database: Database) -> None:
    with database.connect("webhooks") as connection:
        for statement in (
            "select body from ingestion.webhook_queue",
            "delete from ingestion.webhook_queue",
            "update ingestion.webhook_queue set client = 'x'",
            "select * from servicing.borrowers",
            "select * from ingestion.staged",
            "insert into ingestion.payment_ingestions select * from ingestion.payment_ingestions",
            "select * from ingestion.unreadable_messages",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(statement.encode())


def test_logs_hold_no_secret_and_nothing_of_a_body(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(database, tmp_path) as client:
        post(client, body(cif="Jane Q. Borrower", amount=-1))
        post(client, body(cif="Jane Q. Borrower"))
        client.post(PAYMENTS, content=body(), headers={"x-signature": "sha256=0", "x-request-id": "abc-1"})
    assert "request abc-1 was answered with 401" in caplog.text
    for secret in (SECRET, TOKEN, "Jane", sign(SECRET, body())):
        assert secret not in caplog.text


def test_a_mistake_of_ours_is_an_answer_that_tells_nothing(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    borrower = "Jane Q. Borrower"

    async def mistaken(*arguments: object) -> None:
        raise RuntimeError(borrower)

    monkeypatch.setattr(Lookups, "summary", mistaken)
    with serving(database, tmp_path) as client:
        answer = client.get(f"{MONITORING}/payments/summary/LN0000000042", headers=READER)
        assert (answer.status_code, answer.json()["success"]) == (500, False)
        assert "Jane" not in answer.text + caplog.text
        assert "RuntimeError" in caplog.text
        assert post(client, body()).status_code == 201


def test_an_answer_carries_the_id_of_its_request(database: Database, tmp_path: Path) -> None:
    with serving(database, tmp_path) as client:
        assert client.get("/health", headers={"x-request-id": "abc-1"}).headers["x-request-id"] == "abc-1"
        made_up = client.get("/health", headers={"x-request-id": "a b\tc"}).headers["x-request-id"]
        assert made_up not in ("", "a b\tc")


def test_a_message_is_known_by_its_endpoint_its_channel_and_its_bytes() -> None:
    messages = [
        ("column", None, b"a"),
        ("column", None, b"b"),
        ("payments", "card", b"a"),
        ("payments", "paypal", b"a"),
    ]
    assert request_id("column", None, b"a") == request_id("column", None, b"a")
    assert len({request_id(*message) for message in messages}) == 4  # type: ignore[arg-type]
