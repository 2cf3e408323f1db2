"""Running a file of `sql/` by its name: `run(connection, "ledger/entries", day=day)`.

The parameters stand in the files as `%(day)s`; a literal per cent sign is written `%%`. A file may hold several
statements, which run one after the other in the connection's transaction.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

import psycopg
from psycopg.rows import dict_row

from payments_pipeline.errors import StatementError
from payments_pipeline.paths import SQL_DIR
from payments_pipeline.postgres.statements import Statement, split_statements

_NOT_MIGRATED: Final = ("42P01", "3F000")
"""A table or a schema is missing."""


def run(connection: psycopg.Connection[Any], name: str, /, **parameters: object) -> int:
    """Run the file; returns how many rows its last statement wrote (or found)."""
    with connection.cursor() as cursor:
        _execute(cursor, name, parameters)
        return cursor.rowcount


def query(connection: psycopg.Connection[Any], name: str, /, **parameters: object) -> list[dict[str, Any]]:
    """Run the file; returns the rows of its last statement. For answers that fit in memory."""
    with connection.cursor(row_factory=dict_row) as cursor:
        _execute(cursor, name, parameters)
        return cursor.fetchall()


@cache
def statements(name: str) -> tuple[Statement, ...]:
    """The statements of `sql/<name>.sql`."""
    path = SQL_DIR / f"{name}.sql"
    if not path.is_file():
        raise StatementError(f"there is no sql/{name}.sql", "check the name against the files below sql/.")
    found = tuple(split_statements(path.read_text(encoding="utf-8")))
    if not found:
        raise StatementError(f"sql/{name}.sql holds no statement", "write one, or delete the file.")
    return found


def _execute(cursor: psycopg.Cursor[Any], name: str, parameters: dict[str, object]) -> None:
    for statement in statements(name):
        with _located(name, statement):
            # The name goes along as a comment, so that pg_stat_activity and the server's log tell what runs.
            cursor.execute(f"/* {name} */ {statement.text}".encode(), parameters)


@contextmanager
def _located(name: str, statement: Statement) -> Iterator[None]:
    """Tell of an error in which file and on which line it arose; the database's own error is its cause."""
    try:
        yield
    except psycopg.Error as error:
        position = error.diag.statement_position
        line = statement.line + statement.text[: int(position)].count("\n") if position else statement.line
        raise StatementError(
            f"sql/{name}.sql, line {line}: {without_rows(error)}",
            "bring the database up to date: payments db migrate"
            if error.diag.sqlstate in _NOT_MIGRATED
            else "the transaction was rolled back; look for the rows with `payments db psql`, correct them or the statement, and "
            "run it again.",
        ) from error


def without_rows(error: psycopg.Error) -> str:
    """What the database refused, without the rows and values that it quotes: they may be personal, and errors are kept."""
    sqlstate = error.diag.sqlstate
    if sqlstate is None:  # psycopg's own words, which quote none
        return str(error).strip()
    if sqlstate.startswith("22"):  # a value that does not fit its type is quoted in the message itself
        return f"{type(error).__name__} ({sqlstate})"
    return error.diag.message_primary or f"{type(error).__name__} ({sqlstate})"


def read_whole_days(connection: psycopg.Connection[Any]) -> None:
    """Let the statements of this transaction join whole days: in memory, and by hashes.

    How many rows a range of days has is guessed where a subquery tells its ends. A merge along a part of the key then
    looks cheap, and holds each row of a large batch against each other row of it.
    """
    connection.execute("set local work_mem = '256MB'")
    connection.execute("set local enable_mergejoin = off")
