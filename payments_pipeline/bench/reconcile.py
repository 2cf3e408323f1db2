"""The benchmark `reconcile`: a million payments against a million lines of the bank, matched and stored, beside DuckDB.

The day is made by SQL in a database of its own and reconciled by the very statements of the graph: payments and lines are
read, matched, written with their key; then items, bridge, totals, cases. DuckDB has the same three tables in memory and
does there what can be called the same: it takes the payments that are completed, matches them in three passes by the id of
the transfer, by reference and amount, and by the amount alone, uses no line and no payment twice, and keeps the matches in
a table of the same columns. The bare joins beside it are the floor: they leave out what makes a match safe to store.

Then the day's report, read and made a page, when that day is all there is and when a history of matched days lies before it.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import jinja2
import psycopg
from rich.console import Console
from rich.progress import track
from rich.table import Table

from payments_pipeline.bench.databases import scratch
from payments_pipeline.errors import PaymentsError
from payments_pipeline.paths import PROJECT_ROOT
from payments_pipeline.postgres.connect import Database, open_database
from payments_pipeline.postgres.days import close_days, open_days
from payments_pipeline.postgres.migrate import migrate
from payments_pipeline.postgres.run import run
from payments_pipeline.reconciliation.days import explain_day, match_day
from payments_pipeline.reference_data import load_reference_data
from payments_pipeline.reporting.reconciliation_html import as_html
from payments_pipeline.reporting.reconciliation_report import gather
from payments_pipeline.settings import Settings
from payments_pipeline.settlement.batches import settle_day
from payments_pipeline.words import counted

if TYPE_CHECKING:
    import duckdb

DAY: Final = date(2026, 7, 2)
_TABLES: Final = ("payments.payments", "payments.transitions", "settlement.bank_lines")
_TURNS: Final = 3
_METHODS: Final = {
    "transfer_id": "l.transaction_id = p.transfer_id",
    "reference_amount": "lower(trim(l.reference)) = lower(trim(p.reference))",
    "amount_window": "true",
}
_INPUTS: Final = {
    "payments": "select effective_on, loan_id, payment_id::text, channel, reference, transfer_id, amount_cents, settles_on "
    "from payments.payments where effective_on = %s",
    "transitions": "select effective_on, loan_id, payment_id::text, status from payments.transitions "
    "where effective_on = %s",
    "lines": "select bank_day, line_id, channel, kind, reference, transaction_id, amount_cents "
    "from settlement.bank_lines where bank_day = %s",
}

_EXPECTED: Final = """
    create or replace temp table ours as
    select p.*
    from payments p join transitions t using (effective_on, loan_id, payment_id)
    where t.status = 'completed' and p.settles_on = getvariable('day');
    create or replace temp table found (
        bank_day date, line_id text, loan_id bigint, payment_id uuid, kind text, bank_cents bigint, our_cents bigint,
        method text, our_day date
    );
"""
_TIER: Final = """
    insert into found
    select
        l.bank_day, l.line_id, p.loan_id, p.payment_id, l.kind, l.amount_cents, p.amount_cents, '{method}', p.effective_on
    from lines l join ours p on {condition} and l.amount_cents = p.amount_cents and l.channel = p.channel
    where
        l.line_id not in (select line_id from found)
        and p.payment_id not in (select payment_id from found)
    qualify count(*) over (partition by l.line_id) = 1 and count(*) over (partition by p.payment_id) = 1;
"""
_BARE: Final = """
    create or replace temp table by_id as
    select l.line_id, p.payment_id
    from lines l join payments p on l.transaction_id = p.transfer_id and l.amount_cents = p.amount_cents;
    create or replace temp table lines_2 as select * from lines where line_id not in (select line_id from by_id);
    create or replace temp table ours_2 as select * from payments where payment_id not in (select payment_id from by_id);
    create or replace temp table by_reference as
    select l.line_id, p.payment_id
    from lines_2 l join ours_2 p on lower(trim(l.reference)) = lower(trim(p.reference)) and l.amount_cents = p.amount_cents;
    create or replace temp table lines_3 as select * from lines_2 where line_id not in (select line_id from by_reference);
    create or replace temp table ours_3 as select * from ours_2 where payment_id not in (select payment_id from by_reference);
    create or replace temp table by_amount as
    select min(l.line_id) as line_id, min(p.payment_id) as payment_id
    from lines_3 l join ours_3 p on l.amount_cents = p.amount_cents
    group by l.amount_cents having count(*) = 1;
"""

console = Console()


def measure_reconcile(settings: Settings, *, payments: int, history: int) -> None:
    """Measure both in one run, and print the ratio; then the report, before and after `history` payments more."""
    database = open_database(settings)
    console.print(f"making a day of {payments:,} payments and the bank's lines for them")
    with scratch(database, f"bench_reconcile_{payments}") as own:
        _prepare(own, payments)
        with own.connect() as connection:
            settle = _timed_settlement(connection)
            turns = [_timed_reconciliation(connection, keep=False) for _ in range(_TURNS - 1)]
            first = min((*turns, _timed_reconciliation(connection)), key=lambda turn: turn.matched)
            again = _timed_reconciliation(connection)
            found: dict[str, int] = dict(
                connection.execute(
                    "select method, count(*) from reconciliation.matches where bank_day = %s group by method", (DAY,)
                ).fetchall()
            )
            duck = _duckdb(connection)
        _report(payments, found, settle, first, again, duck)
        _measure_report(own, history // payments)


def _prepare(database: Database, payments: int) -> None:
    migrate(database)
    with database.connect("owner") as owner:
        load_reference_data(owner)
    with database.connect() as connection:
        open_days(connection, _TABLES, [DAY])
        run(connection, "reconciliation/synthetic_day", day=DAY, payments=payments)
        close_days(connection, _TABLES, [DAY])
    with database.connect("owner", autocommit=True) as owner:
        owner.execute("vacuum analyze")


def _timed_settlement(connection: psycopg.Connection[Any]) -> float:
    started = perf_counter()
    settle_day(connection, DAY)
    connection.commit()
    return perf_counter() - started


@dataclass(frozen=True, slots=True)
class _Reconciled:
    matched: float
    """Seconds until the matches were stored, with their key."""
    explained: float
    """Seconds from there until items, bridge, totals and cases were committed."""


@dataclass(frozen=True, slots=True)
class _Duck:
    found: dict[str, int]
    equivalent: float
    bare: float


def _timed_reconciliation(connection: psycopg.Connection[Any], *, keep: bool = True) -> _Reconciled:
    started = perf_counter()
    matched = match_day(connection, DAY)
    stored = perf_counter()
    explain_day(connection, matched)
    if keep:
        connection.commit()
    seconds = _Reconciled(stored - started, perf_counter() - stored)
    connection.rollback()
    return seconds


def _duckdb(connection: psycopg.Connection[Any]) -> _Duck:
    """What DuckDB finds in the same rows, and the least time that it took."""
    try:
        import duckdb
    except ModuleNotFoundError:
        raise PaymentsError(
            "DuckDB is not installed; it is there for development only.",
            "make test installs it, or pip install duckdb.",
        ) from None
    import pyarrow as pa

    memory = duckdb.connect()
    for name, statement in _INPUTS.items():
        rows = connection.execute(statement.encode(), (DAY,))
        names = [column.name for column in rows.description or ()]
        columns = [pa.array(column) for column in zip(*rows.fetchall(), strict=True)]
        memory.from_arrow(pa.table(dict(zip(names, columns, strict=True)))).create(name)
    memory.execute("set variable day = ?", [DAY])
    for name in ("payments", "transitions"):
        memory.execute(f"alter table {name} alter payment_id type uuid")
    passes = "".join(_TIER.format(method=method, condition=condition) for method, condition in _METHODS.items())
    equivalent = _least_time(memory, _EXPECTED + passes)
    found = dict(memory.execute("select method, count(*) from found group by method").fetchall())
    return _Duck(found, equivalent, _least_time(memory, _BARE))


def _least_time(memory: "duckdb.DuckDBPyConnection", statements: str) -> float:
    least = float("inf")
    for _ in range(_TURNS):
        started = perf_counter()
        memory.execute(statements)
        least = min(least, perf_counter() - started)
    return least


def _report(
    payments: int, found: dict[str, int], settle: float, first: _Reconciled, again: _Reconciled, duck: _Duck
) -> None:
    table = Table(title=f"{payments:,} payments against the bank's lines")
    for column in ("", "seconds", *_METHODS):
        table.add_column(column, justify="right" if column else "left")

    def row(what: str, seconds: float, counts: dict[str, int] | None = None) -> None:
        table.add_row(what, f"{seconds:.2f}", *(f"{counts.get(name, 0):,}" for name in _METHODS if counts is not None))

    row("settlement batches", settle)
    row("matched and stored", first.matched, found)
    row("explained: items, bridge, totals, cases", first.explained)
    row("matched again", again.matched)
    row("explained again", again.explained)
    row("DuckDB in memory, the same matches", duck.equivalent, duck.found)
    row("DuckDB in memory, three bare joins", duck.bare)
    table.add_section()
    table.add_row("matched and stored, to the same in DuckDB", f"{first.matched / duck.equivalent:.2f}")
    table.add_row("all of it, to the same in DuckDB", f"{(first.matched + first.explained) / duck.equivalent:.2f}")
    table.add_row("all of it, to the bare joins", f"{(first.matched + first.explained) / duck.bare:.2f}")
    console.print(table)
    if found != duck.found:
        console.print("they did not find the same", style="bold red")


# The report -------------------------------------------------------------------------------------------------------------


def _measure_report(database: Database, days: int) -> None:
    with database.connect("owner") as owner:
        owner.execute("insert into ledger.days (business_date) values (%s) on conflict do nothing", (DAY,))
        build_mart(owner)
    console.print(f"a day's report, with nothing before the day: {_least_report(database):.2f} s", highlight=False)
    if not days:
        return
    with database.connect("owner") as owner:
        for nth in track(range(1, days + 1), description=f"{counted(days, 'matched day')} before it", console=console):
            day = DAY - timedelta(days=nth)
            open_days(owner, ["reconciliation.matches"], [day])
            run(owner, "reconciliation/synthetic_history", day=day, like_day=DAY)
            close_days(owner, ["reconciliation.matches"], [day])
            owner.commit()
        build_mart(owner)
    with database.connect("owner", autocommit=True) as owner:
        owner.execute("vacuum analyze")
        [(matches,)] = owner.execute(
            "select sum(reltuples)::bigint from pg_class where relname ~ '^matches_2[0-9]+$'"
        ).fetchall()
    seconds = _least_report(database)
    console.print(
        f"the same with {matches:,} matches of {counted(days, 'day')} before it: {seconds:.2f} s", highlight=False
    )


def _least_report(database: Database) -> float:
    least = float("inf")
    for _ in range(_TURNS):
        with database.connect() as connection:
            started = perf_counter()
            as_html(gather(connection, DAY))
            least = min(least, perf_counter() - started)
    return least


def build_mart(owner: psycopg.Connection[Any]) -> None:
    """Finance's mart over all days, by the model that dbt runs for one."""
    model = (PROJECT_ROOT / "dbt_project" / "models" / "finance" / "daily_reconciliation.sql").read_text(
        encoding="utf-8"
    )
    statement = jinja2.Template(model).render(
        source=lambda schema, table: f"{schema}.{table}", around_run=lambda _: "true", config=lambda **_: ""
    )
    owner.execute("drop table if exists reporting.daily_reconciliation")
    owner.execute(f"create table reporting.daily_reconciliation as {statement}".encode())
    owner.execute("grant select on reporting.daily_reconciliation to payments_pipeline")
