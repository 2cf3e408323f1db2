"""A file of sql/ runs by its name, and says where it went wrong."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import psycopg
import pytest

from payments_pipeline.errors import StatementError
from payments_pipeline.postgres import run as module
from payments_pipeline.postgres.connect import Database
from payments_pipeline.postgres.run import query, run


@pytest.fixture
def connection(empty_database: Database) -> Iterator[psycopg.Connection]:
    with empty_database.connect("owner") as connection:
        yield connection
        connection.rollback()


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], None]]:
    """Writes a file below a sql/ folder of the test's own."""
    monkeypatch.setattr(module, "SQL_DIR", tmp_path)
    module.statements.cache_clear()

    def write(name: str, text: str) -> None:
        path = tmp_path / f"{name}.sql"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    yield write
    module.statements.cache_clear()


Write = Callable[[str, str], None]


def test_the_statements_of_a_file_run_in_order_with_the_same_parameters(
    connection: psycopg.Connection, write: Write
) -> None:
    write(
        "ledger/entries",
        """
        -- Entries of %(day)s; 100 % of them.
        create temporary table entries (booked_on date default %(day)s, n integer);
        insert into entries (n) select n from generate_series(1, %(most)s) n where n::text not like '9%%';
        """,
    )
    assert run(connection, "ledger/entries", day=date(2024, 3, 11), most=10) == 9
    write("ledger/read", "select booked_on, count(*) as entries from entries group by booked_on")
    assert query(connection, "ledger/read") == [{"booked_on": date(2024, 3, 11), "entries": 9}]


def test_the_server_can_tell_which_file_runs(connection: psycopg.Connection, write: Write) -> None:
    write("operations/who", "-- Who am I?\nselect query from pg_stat_activity where pid = pg_backend_pid()")
    ((row),) = query(connection, "operations/who")
    assert row["query"].startswith("/* operations/who */ select query")


def test_an_error_names_the_file_and_the_line(connection: psycopg.Connection, write: Write) -> None:
    write("ledger/broken", "-- Two statements.\nselect 1;\n\n-- The second.\nselect\n    no_such_column\n;")
    with pytest.raises(StatementError, match=r'sql/ledger/broken\.sql, line 6: column "no_such_column"') as refused:
        run(connection, "ledger/broken")
    assert isinstance(refused.value.__cause__, psycopg.errors.UndefinedColumn)


@pytest.mark.parametrize("statement", ["select from nothing_here", "create table no_schema.here ()"])
def test_what_a_migration_would_make_is_missed_with_the_word_to_migrate(
    connection: psycopg.Connection, write: Write, statement: str
) -> None:
    write("ledger/early", statement)
    with pytest.raises(StatementError, match="does not exist") as refused:
        run(connection, "ledger/early")
    assert "payments db migrate" in refused.value.remedy


@pytest.mark.parametrize(
    "statement",
    [
        "insert into people values ('Jane Doe', 1)",
        "insert into people values ('Jane Roe', 0)",
        "select name::integer from people",
    ],
)
def test_an_error_quotes_no_row(connection: psycopg.Connection, write: Write, statement: str) -> None:
    connection.execute("create table people (name text primary key, age integer check (age > 0))")
    connection.execute("insert into people values ('Jane Doe', 1)")
    write("servicing/people", statement)
    with pytest.raises(StatementError, match=r"sql/servicing/people\.sql, line 1: ") as refused:
        run(connection, "servicing/people")
    assert "Jane" in str(refused.value.__cause__)
    assert "Jane" not in str(refused.value)


def test_a_missing_parameter_names_the_file(connection: psycopg.Connection, write: Write) -> None:
    write("ledger/entries", "select %(day)s")
    with pytest.raises(StatementError, match=r"sql/ledger/entries\.sql, line 1: .*day"):
        run(connection, "ledger/entries")


@pytest.mark.parametrize("name", ["ledger/nothing_here", "ledger/empty"])
def test_a_file_that_is_missing_or_empty_is_named(connection: psycopg.Connection, write: Write, name: str) -> None:
    write("ledger/empty", "-- to do\n")
    with pytest.raises(StatementError, match=rf"sql/{name}\.sql"):
        run(connection, name)
