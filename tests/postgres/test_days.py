"""Adding rows by day: a table worked out in one piece becomes a day, and is a day like any other."""

from datetime import date
from typing import Any

import psycopg
import pytest

from payments_pipeline.postgres.days import add_rows, close_days

pytestmark = pytest.mark.parametrize("server_kind", ["embedded", "debian"])

DAY, BEFORE = date(2026, 7, 2), date(2026, 7, 1)
ENTRIES = "ledger.entries"

Connection = psycopg.Connection[Any]


def work_out(connection: Connection, *rows: tuple[date, int]) -> None:
    """Entries of these days and amounts, as a run of posting leaves them."""
    connection.execute(
        "create table work.entries as select d as effective_on, 1::bigint as loan_id, "
        "operations.content_id('s' || n) as subject_id, 'receipt' as kind, 1::smallint as seq, 1000 as account, "
        "cents as amount_cents, d as booked_on, 1 as run_no "
        "from unnest(%s::date[], %s::bigint[]) with ordinality as r (d, cents, n)",
        ([row[0] for row in rows], [row[1] for row in rows]),
    )


def held(connection: Connection) -> list[tuple[date, int]]:
    return connection.execute(
        "select effective_on, amount_cents from ledger.entries order by effective_on, amount_cents"
    ).fetchall()


def shape(connection: Connection, table: str) -> tuple[Any, ...]:
    """What a partition is made of, apart from its name and its bounds."""
    row = connection.execute(
        "select c.relowner, c.relpersistence, c.relacl, "
        "(select array_agg((a.attname, a.atttypid, a.attnotnull, pg_get_expr(d.adbin, d.adrelid))::text order by a.attname) "
        " from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum "
        " where a.attrelid = c.oid and a.attnum > 0), "
        "(select array_agg((k.conname, pg_get_constraintdef(k.oid))::text order by k.conname) from pg_constraint k "
        " where k.conrelid = c.oid and k.contype = 'c') "
        "from pg_class c where c.oid = %s::regclass",
        (table,),
    ).fetchone()
    assert row is not None
    return tuple(row)


def test_a_new_day_is_what_was_worked_out_for_it(connection: Connection) -> None:
    work_out(connection, (DAY, 100), (DAY, -100))
    add_rows(connection, ENTRIES, DAY)
    assert held(connection) == [(DAY, -100), (DAY, 100)]
    assert connection.execute("select to_regclass('work.entries')").fetchone() == (None,)


@pytest.mark.parametrize("table", ["ledger.allocations", "ledger.entries", "ledger.events", "payments.transitions"])
def test_a_day_that_was_adopted_is_made_like_one_that_was_opened(connection: Connection, table: str) -> None:
    name = table.partition(".")[2]
    columns = ", ".join(
        row[0]
        for row in connection.execute(
            "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0 order by attnum", (table,)
        )
    )
    connection.execute(f"create table work.{name} as select {columns} from {table} where false".encode())
    add_rows(connection, table, DAY)
    connection.execute("select operations.open_day(%s, %s)", (table, BEFORE))
    assert shape(connection, f"{table}_20260702") == shape(connection, f"{table}_20260701")
    close_days(connection, [table], [DAY])


def test_rows_of_other_days_go_to_theirs(connection: Connection) -> None:
    work_out(connection, (DAY, 100), (BEFORE, 7))
    add_rows(connection, ENTRIES, DAY)
    assert held(connection) == [(BEFORE, 7), (DAY, 100)]
    lying = connection.execute("select tableoid::regclass::text from ledger.entries order by 1").fetchall()
    assert lying == [("ledger.entries_20260701",), ("ledger.entries_20260702",)]


def test_a_day_that_has_rows_keeps_them(connection: Connection) -> None:
    for cents in (100, 200):
        work_out(connection, (DAY, cents))
        add_rows(connection, ENTRIES, DAY)
    assert held(connection) == [(DAY, 100), (DAY, 200)]


def test_a_row_that_the_table_forbids_is_refused(connection: Connection) -> None:
    work_out(connection, (DAY, 0))
    with pytest.raises(psycopg.errors.CheckViolation):
        add_rows(connection, ENTRIES, DAY)


@pytest.mark.parametrize(
    "change",
    [
        "create index on work.entries (loan_id)",
        "create rule quietly as on insert to work.entries do instead nothing",
        "alter table work.entries enable row level security",
        "alter table work.entries set unlogged",
        "grant update on work.entries to public",
        "grant update (amount_cents) on work.entries to public",
        # what it says of an expression would be worked out by the owner, whenever the day is analyzed
        "create statistics work.odd on (amount_cents + 1) from work.entries",
    ],
)
def test_a_table_that_is_more_than_its_rows_is_refused(connection: Connection, change: str) -> None:
    work_out(connection, (DAY, 100))
    connection.execute(change.encode())
    with pytest.raises(psycopg.errors.RaiseException, match="not a plain table of rows"):
        add_rows(connection, ENTRIES, DAY)


def test_the_pipeline_cannot_rewrite_a_day_that_it_worked_out(connection: Connection) -> None:
    work_out(connection, (DAY, 100))
    add_rows(connection, ENTRIES, DAY)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("update ledger.entries_20260702 set amount_cents = 1")
