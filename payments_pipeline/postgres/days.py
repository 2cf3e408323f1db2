"""Adding rows to tables that are partitioned by day.

What a run works out for such a table goes into a table of its name in the schema `work`. The rows of a day that has none
yet are written there once and for all, since what holds them becomes the day; others are inserted where they belong.

A statement may make the table in `work` itself, which PostgreSQL may do on several cores, as it may not for an insert.
Or `open_rows` makes it, so that several connections can add to it.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

import psycopg
from psycopg import sql

_LIKE = "like {table} including defaults including constraints including storage"


_A_DAY_OF_EACH_PARTITION = (
    "select min(d.day) from (select distinct {column} as day from {built}) as d "
    "group by operations.day_partition({name}, d.day)"
)


def open_rows(connection: psycopg.Connection[Any], tables: Iterable[str], day: date, *, by_many: bool) -> None:
    """Make room in the schema `work` for what is worked out for these tables, most of it for this day.

    What a run that died has left there goes. Where many connections add to a new day, it is kept apart from the start, so
    that its key can be built before it is added to the table.
    """
    for table in tables:
        names = _names(table, day)
        _execute(connection, "drop table if exists {built}, {built_day}", names)
        if not by_many or _has_day(connection, table, day):
            _execute(connection, f"create table {{built}} ({_LIKE})", names)
            continue
        names["column"] = sql.Identifier(_layout(connection, table)["day_column"])
        _execute(connection, f"create table {{built}} ({_LIKE}) partition by range ({{column}})", names)
        _execute(
            connection,
            f"create table {{built_day}} ({_LIKE}, "
            "constraint only_its_day check ({column} >= {day} and {column} < {day} + 1))",
            names,
        )
        _execute(
            connection,
            "alter table {built} attach partition {built_day} for values from ({day}) to ({next_day})",
            names,
        )
        _execute(connection, "create table {built_others} partition of {built} default", names)


def close_rows(connection: psycopg.Connection[Any], table: str, day: date) -> None:
    """Give what is kept apart to become the day its key."""
    names = _names(table, day)
    if not _exists(connection, names["built_day"]):
        return
    names["columns"] = sql.SQL(_layout(connection, table)["primary_key"])
    _execute(connection, "alter table {built_day} add constraint {key} primary key ({columns})", names)
    _execute(connection, "analyze {built_day}", names)


def add_rows(connection: psycopg.Connection[Any], table: str, day: date) -> list[date]:
    """Add to `table` what lies in the schema `work` for it; returns other days that got rows, one of each partition."""
    names = _names(table, day)
    names["column"] = sql.Identifier(_layout(connection, table)["day_column"])
    if _exists(connection, names["built_day"]):
        _execute(connection, "alter table {built} detach partition {built_day}", names)
        if not _adopt(connection, table, day, names["built_day"]):  # another run has made the day meanwhile
            _execute(connection, "insert into {built} select * from {built_day}", names)
            _execute(connection, "drop table {built_day}", names)
    others = sorted(row[0] for row in _execute(connection, _A_DAY_OF_EACH_PARTITION, names))
    if not _has_day(connection, table, day):
        others = [other for other in others if other != day]
        open_days(connection, [table], others)
        if others:
            _execute(connection, "insert into {table} select * from {built} where {column} <> {day}", names)
            _execute(connection, "delete from {built} where {column} <> {day}", names)
        if _adopt(connection, table, day, names["built"]):
            return others
        others.append(day)
    open_days(connection, [table], others)
    if others:
        _execute(connection, "insert into {table} select * from {built}", names)
    _execute(connection, "drop table {built}", names)
    return others


def _adopt(connection: psycopg.Connection[Any], table: str, day: date, built: sql.Composable) -> bool:
    adopted = connection.execute(
        "select operations.adopt_day(%s, %s, %s)", (table, day, built.as_string(None))
    ).fetchone()
    return adopted == (True,)


def drop_rows(connection: psycopg.Connection[Any], table: str) -> None:
    """Forget what was worked out for this table."""
    _execute(connection, "drop table {built}", _names(table, date.min))


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


def _names(table: str, day: date) -> dict[str, sql.Composable]:
    schema, _, name = table.partition(".")
    return {
        "name": sql.Literal(table),
        "table": sql.Identifier(schema, name),
        "key": sql.Identifier(f"{name}_{day:%Y%m%d}_pkey"),
        "built": sql.Identifier("work", name),
        "built_day": sql.Identifier("work", f"{name}_of_the_day"),
        "built_others": sql.Identifier("work", f"{name}_of_other_days"),
        "day": sql.SQL("date {}").format(sql.Literal(f"{day:%Y-%m-%d}")),
        "next_day": sql.SQL("date {} + 1").format(sql.Literal(f"{day:%Y-%m-%d}")),
    }


def _layout(connection: psycopg.Connection[Any], table: str) -> dict[str, str]:
    row = connection.execute(
        "select day_column, primary_key from operations.day_tables where table_name = %s", (table,)
    ).fetchone()
    assert row is not None, f"{table} is not partitioned by day"
    return dict(zip(("day_column", "primary_key"), row, strict=True))


def _has_day(connection: psycopg.Connection[Any], table: str, day: date) -> bool:
    found = connection.execute(
        "select to_regclass(operations.day_partition(%s, %s)) is not null", (table, day)
    ).fetchone()
    return found == (True,)


def _exists(connection: psycopg.Connection[Any], name: sql.Composable) -> bool:
    found = connection.execute("select to_regclass(%s) is not null", (name.as_string(None),)).fetchone()
    return found == (True,)


def _execute(
    connection: psycopg.Connection[Any], statement: str, names: dict[str, sql.Composable]
) -> psycopg.Cursor[Any]:
    return connection.execute(sql.SQL(statement).format(**names))
