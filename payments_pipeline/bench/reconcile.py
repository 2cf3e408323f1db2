"""The benchmark `reconcile`: a million payments against a million lines of the bank, matched and stored, beside DuckDB.

The day is made by SQL in a database of its own and reconciled by the very statements of the graph: payments and lines are
read, matched, written with their key, items, bridge, totals, cases. DuckDB has the same rows in memory and does the same
three passes there: the id of the transfer; reference and amount; amount where it is unique on both sides. It stores
nothing and explains nothing: it is the floor, not a rival.
"""

from datetime import date
from time import perf_counter
from typing import Any, Final

import psycopg
from psycopg import sql
from rich.console import Console
from rich.table import Table

from payments_pipeline.bench.day import _admin, _drop, _name, _sibling
from payments_pipeline.errors import PaymentsError
from payments_pipeline.postgres.connect import Database, open_database
from payments_pipeline.postgres.migrate import migrate
from payments_pipeline.postgres.run import run
from payments_pipeline.reconciliation.days import reconcile_day
from payments_pipeline.reference_data import load_reference_data
from payments_pipeline.settings import Settings
from payments_pipeline.settlement.batches import settle_day

DAY: Final = date(2026, 7, 2)
_TABLES: Final = ("payments.payments", "payments.transitions", "settlement.bank_lines")
_DUCKDB_TIMES: Final = 3

_PASSES: Final = """
    create or replace temp table by_id as
    select l.line_id, p.payment_id from lines l join ours p on l.transfer_id = p.transfer_id and l.cents = p.cents;
    create or replace temp table lines_2 as select * from lines where line_id not in (select line_id from by_id);
    create or replace temp table ours_2 as select * from ours where payment_id not in (select payment_id from by_id);
    create or replace temp table by_reference as
    select l.line_id, p.payment_id
    from lines_2 l join ours_2 p on lower(trim(l.reference)) = lower(trim(p.reference)) and l.cents = p.cents;
    create or replace temp table lines_3 as select * from lines_2 where line_id not in (select line_id from by_reference);
    create or replace temp table ours_3 as select * from ours_2 where payment_id not in (select payment_id from by_reference);
    create or replace temp table by_amount as
    select min(l.line_id) as line_id, min(p.payment_id) as payment_id
    from lines_3 l join ours_3 p on l.cents = p.cents
    group by l.cents having count(*) = 1;
"""

console = Console()


def measure_reconcile(settings: Settings, *, payments: int) -> None:
    """Measure both in one run, and print the ratio."""
    database = open_database(settings)
    own = _sibling(database, f"bench_reconcile_{payments}")
    with _admin(database) as admin:
        _drop(admin, own)
        admin.execute(sql.SQL("create database {}").format(sql.Identifier(_name(own))))
    try:
        console.print(f"making a day of {payments:,} payments and the bank's lines for them")
        _prepare(own, payments)
        with own.connect() as connection:
            settle = _timed_settlement(connection)
            seconds = _timed_reconciliation(connection)
            again = _timed_reconciliation(connection)
            found: dict[str, int] = dict(
                connection.execute(
                    "select method, count(*) from reconciliation.matches where bank_day = %s group by method", (DAY,)
                ).fetchall()
            )
            theirs, duck = _duckdb(connection)
    finally:
        with _admin(database) as admin:
            _drop(admin, own)
    _report(payments, found, theirs, settle, seconds, again, duck)


def _prepare(database: Database, payments: int) -> None:
    migrate(database)
    with database.connect("owner") as owner:
        load_reference_data(owner)
    with database.connect() as connection:
        for table in _TABLES:
            connection.execute("select operations.open_day(%s, %s)", (table, DAY))
        run(connection, "reconciliation/synthetic_day", day=DAY, payments=payments)
        for table in _TABLES:
            connection.execute("select operations.close_day(%s, %s)", (table, DAY))
    with database.connect("owner", autocommit=True) as owner:
        owner.execute("vacuum analyze")


def _timed_settlement(connection: psycopg.Connection[Any]) -> float:
    started = perf_counter()
    settle_day(connection, DAY)
    connection.commit()
    return perf_counter() - started


def _timed_reconciliation(connection: psycopg.Connection[Any]) -> float:
    started = perf_counter()
    reconcile_day(connection, DAY)
    connection.commit()
    return perf_counter() - started


def _duckdb(connection: psycopg.Connection[Any]) -> tuple[dict[str, int], float]:
    """What DuckDB finds in the same rows, and the least time that it took."""
    try:
        import duckdb
    except ModuleNotFoundError:
        raise PaymentsError(
            "DuckDB is not installed; it is there for development only.",
            "make test installs it, or pip install duckdb.",
        ) from None
    import pyarrow as pa

    lines = connection.execute(
        "select line_id, reference, transaction_id, amount_cents from settlement.bank_lines where bank_day = %s", (DAY,)
    ).fetchall()
    ours = connection.execute(
        "select payment_id::text, reference, transfer_id, amount_cents from payments.payments where effective_on = %s",
        (DAY,),
    ).fetchall()
    memory = duckdb.connect()
    for name, key, rows in (("lines", "line_id", lines), ("ours", "payment_id", ours)):
        columns = [pa.array(column) for column in zip(*rows, strict=True)]
        named = dict(zip((key, "reference", "transfer_id", "cents"), columns, strict=True))
        memory.from_arrow(pa.table(named)).create(name)
    least = float("inf")
    for _ in range(_DUCKDB_TIMES):
        started = perf_counter()
        memory.execute(_PASSES)
        least = min(least, perf_counter() - started)
    counted: dict[str, int] = {}
    for method, table in (
        ("transfer_id", "by_id"),
        ("reference_amount", "by_reference"),
        ("amount_window", "by_amount"),
    ):
        [(count,)] = memory.table(table).aggregate("count(*)").fetchall()
        counted[method] = count
    return counted, least


def _report(
    payments: int,
    found: dict[str, int],
    theirs: dict[str, int],
    settle: float,
    seconds: float,
    again: float,
    duck: float,
) -> None:
    table = Table(title=f"{payments:,} payments against the bank's lines")
    for column in ("", "seconds", *theirs):
        table.add_column(column, justify="right" if column else "left")
    table.add_row("settlement batches", f"{settle:.2f}")
    table.add_row("reconciled and stored", f"{seconds:.2f}", *(f"{found.get(name, 0):,}" for name in theirs))
    table.add_row("run again", f"{again:.2f}")
    table.add_row("DuckDB in memory, matched only", f"{duck:.2f}", *(f"{count:,}" for count in theirs.values()))
    table.add_section()
    table.add_row("ratio", f"{seconds / duck:.2f}")
    console.print(table)
    if found != theirs:
        console.print("they did not find the same", style="bold red")
