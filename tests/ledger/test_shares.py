"""A day that several connections work out: the same to the byte as by one, and all of it or nothing."""

import random
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from payments_pipeline.errors import StatementError
from payments_pipeline.ledger.posting import post_day
from payments_pipeline.operations.digest import digests
from payments_pipeline.postgres.connect import Database
from payments_pipeline.postgres.server import Server
from tests.conftest import furnished_template, new_database
from tests.ledger import worlds

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
