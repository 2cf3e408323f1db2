"""A day that several connections work out: the same to the byte as by one, and all of it or nothing."""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest

from payments_pipeline.errors import StatementError
from payments_pipeline.ingestion import ingest
from payments_pipeline.ledger import posting
from payments_pipeline.ledger.posting import post_day
from payments_pipeline.operations.digest import digests
from payments_pipeline.postgres.connect import Database
from payments_pipeline.postgres.server import Server
from tests.conftest import furnished_template, new_database
from tests.ledger import worlds
from tests.ledger.test_fold import held, wanted

DAYS = 6
LOANS = 16

Connection = psycopg.Connection[Any]


def digests_of(connection: Connection) -> dict[str, str]:
    return {kind: str(found) for kind, found in digests(connection).items()}


def in_work(connection: Connection) -> list[str]:
    return [
        row[0] for row in connection.execute("select relname from pg_class where relnamespace = 'work'::regnamespace")
    ]


def post_a_late_world(database: Database, helped_by: Database | None) -> tuple[dict[str, str], int]:
    """The digests once two deliveries are posted, and how many runs were shared. The second delivery is late: it winds
    back what the first has let post."""
    book = worlds.random_book(41, LOANS, DAYS)
    words = worlds.words_of(book)
    random.Random(41).shuffle(words)
    shared = 0
    with worlds.begin(database, book) as connection:
        for number, part in enumerate((words[::2], words[1::2])):
            worlds.deliver(connection, part, worlds.FIRST + timedelta(days=DAYS + number))
            connection.commit()
            for day in sorted({day for word in part for day in word.days}):
                shared += post_day(connection, day, helped_by, shared_from=1).is_shared
                connection.commit()
        assert in_work(connection) == []
        connection.commit()
        return digests_of(connection), shared


def test_two_connections_post_what_one_posts_to_the_byte(server: Server, database: Database) -> None:
    alone, none_shared = post_a_late_world(database, None)
    with new_database(server, furnished_template(server)) as other:
        shared, runs = post_a_late_world(other, other)
    assert (none_shared, runs > DAYS) == (0, True)
    assert shared == alone


@pytest.mark.parametrize("place", ["ledger/entries", "ledger/heads", "ledger/balances", "operations.adopt_day"])
def test_a_shared_day_that_fails_anywhere_leaves_the_ledger_as_it_was(
    database: Database, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    book = worlds.random_book(42, LOANS, 3)
    day = worlds.FIRST
    with worlds.begin(database, book) as connection:
        worlds.deliver(connection, worlds.words_of(book), day + timedelta(days=3))
        connection.commit()
        before = digests_of(connection)
        connection.commit()

        with monkeypatch.context() as broken:
            _break(broken, place)
            with pytest.raises((StatementError, psycopg.Error)):
                post_day(connection, day, database, shared_from=1)
        connection.rollback()
        assert digests_of(connection) == before
        connection.commit()

        assert post_day(connection, day, database, shared_from=1).is_shared
        connection.commit()
        shared = digests_of(connection)
        assert shared != before
        assert in_work(connection) == []


def test_a_run_begins_only_when_the_helpers_of_one_that_lost_its_connection_have_ended(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.ledger.test_fold.DAYS", 3)
    book = worlds.random_book(42, LOANS, 3)
    day, next_day = worlds.FIRST, worlds.FIRST + timedelta(days=1)
    work_out, open_work = posting._work_out, posting._open_work
    lost, opened = threading.Event(), threading.Event()
    opened_early: list[bool] = []

    def post_the_next() -> None:
        assert lost.wait(30)
        with database.connect() as other:
            post_day(other, next_day, database, shared_from=1)
            other.commit()

    def open_work_of_the_next(connection: Connection, on: date, *, by_many: bool) -> None:
        if on == next_day:
            opened.set()
        open_work(connection, on, by_many=by_many)

    def work_out_without_a_run(share: Any, on: date, *args: Any, **kwargs: Any) -> None:
        if on == day:
            with database.connect("owner", autocommit=True) as owner:
                owner.execute("select pg_terminate_backend(%s)", (run.info.backend_pid,))
            lost.set()
            opened_early.append(opened.wait(2))
        work_out(share, on, *args, **kwargs)

    monkeypatch.setattr(posting, "_open_work", open_work_of_the_next)
    monkeypatch.setattr(posting, "_work_out", work_out_without_a_run)
    with worlds.begin(database, book) as connection, ThreadPoolExecutor(1) as threads:
        worlds.deliver(connection, worlds.words_of(book), day + timedelta(days=3))
        connection.commit()
        run = database.connect()
        following = threads.submit(post_the_next)
        with pytest.raises((StatementError, psycopg.Error)):
            post_day(run, day, database, shared_from=1)
        following.result(timeout=60)
        assert opened_early == [False, False]
        for on in (day, next_day, next_day + timedelta(days=1)):
            post_day(connection, on)
            connection.commit()
        assert held(connection) == wanted(book)


def test_ingestion_may_give_a_day_its_key_while_it_is_shared(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = worlds.random_book(42, LOANS, 3)
    day = worlds.FIRST
    asked, work_out = threading.Barrier(3), posting._work_out

    def give_keys() -> None:
        asked.wait(30)
        with database.connect(autocommit=True) as other:
            other.execute("set statement_timeout = '30s'")
            ingest.close_filled_days(other)

    def work_out_beside_it(share: Any, *args: Any, **kwargs: Any) -> None:
        asked.wait(30)
        if share.first_loan:  # this half begins when the keys wait for the other, and must wait for them
            time.sleep(1)
        work_out(share, *args, **kwargs)

    monkeypatch.setattr(posting, "_work_out", work_out_beside_it)
    with worlds.begin(database, book) as connection, ThreadPoolExecutor(1) as threads:
        worlds.deliver(connection, worlds.words_of(book), day + timedelta(days=3))  # which leaves the day without
        connection.commit()
        keys = threads.submit(give_keys)
        assert post_day(connection, day, database, shared_from=1).is_shared
        connection.commit()
        keys.result(timeout=60)


def _break(patch: pytest.MonkeyPatch, place: str) -> None:
    """Let the statement of this name fail where it is run: for one of two halves, where both run it."""
    execute = psycopg.ClientCursor.execute
    runs = []

    def fail(self: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
        text = query.decode() if isinstance(query, bytes) else query if isinstance(query, str) else ""
        if place in text:
            runs.append(place)
            if len(runs) == 1:
                return execute(self, "select 1 / 0")
        return execute(self, query, *args, **kwargs)

    patch.setattr(psycopg.ClientCursor, "execute", fail)
