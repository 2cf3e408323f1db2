"""Adding rows to tables that are partitioned by day.

A statement works its rows out into a plain table of the schema `work`, which PostgreSQL may do on several cores, as it
may not for an insert. A day that has no rows yet then becomes that table; other days get the rows inserted.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

import psycopg
from psycopg import sql


def add_rows(connection: psycopg.Connection[Any], table: str, day: date | None, days: Iterable[date]) -> None:
    """Add to `table` what was worked out for it, which lies in the table of its name in the schema `work`.

    `day` is the one that most of the rows are of, `days` are all that they may be of. The partition of a new day has no
    keys until it is closed.
    """
    built = f"work.{table.partition('.')[2]}"
    if day is not None and not _has_day(connection, table, day):
        _insert_others(connection, table, built, day, days)
        adopted = connection.execute("select operations.adopt_day(%s, %s, %s)", (table, day, built)).fetchone()
        if adopted == (True,):
            return
    open_days(connection, [table], days)
    _execute(connection, "insert into {table} select * from {built}", table, built)
    _execute(connection, "drop table {built}", table, built)


def open_days(connection: psycopg.Connection[Any], tables: Iterable[str], days: Iterable[date]) -> None:
    """Make the partitions of these days where they are missing."""
    opened = sorted(days)
    for table in tables:
        for day in opened:
            connection.execute("select operations.open_day(%s, %s)", (table, day))


def close_days(connection: psycopg.Connection[Any], tables: Iterable[str], days: Iterable[date]) -> None:
    """Give the partitions of these days their keys where they have none."""
    closed = sorted(days)
    for table in tables:
        for day in closed:
            connection.execute("select operations.close_day(%s, %s)", (table, day))


def _has_day(connection: psycopg.Connection[Any], table: str, day: date) -> bool:
    found = connection.execute(
        "select to_regclass(operations.day_partition(%s, %s)) is not null", (table, day)
    ).fetchone()
    return found == (True,)


def _insert_others(
    connection: psycopg.Connection[Any], table: str, built: str, day: date, days: Iterable[date]
) -> None:
    """Leave only the rows of the day in the table that is to become it."""
    others = set(days) - {day}
    if not others:
        return
    open_days(connection, [table], others)
    _execute(connection, "insert into {table} select * from {built} where effective_on <> {day}", table, built, day)
    _execute(connection, "delete from {built} where effective_on <> {day}", table, built, day)


def _execute(
    connection: psycopg.Connection[Any], statement: str, table: str, built: str, day: date | None = None
) -> None:
    names = {name: sql.Identifier(*value.split(".")) for name, value in (("table", table), ("built", built))}
    connection.execute(sql.SQL(statement).format(**names, day=sql.Literal(day)))
