"""The benchmark `day`: from staged rows to reconciled, beside a bare COPY of the very rows the day leaves behind.

The world and a database that holds its book and its staged rows are made once and kept; each measurement runs on a
fresh copy of that database. The COPY goes into empty tables of the same columns without index or constraint, on the
same server, in the same run: it is the floor that any loading into these tables stands on.
"""

import hashlib
import resource
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import psycopg
from psycopg import sql
from rich.console import Console
from rich.table import Table

from payments_pipeline.bench.databases import admin, drop, make, sibling
from payments_pipeline.ingestion.border import load_arrivals
from payments_pipeline.ingestion.ingest import ingest_pending
from payments_pipeline.ledger.posting import board, post_day
from payments_pipeline.operations.cases import open_cases
from payments_pipeline.postgres.connect import Database, open_database
from payments_pipeline.postgres.migrate import migrate, read_migrations
from payments_pipeline.reconciliation.days import reconcile_day
from payments_pipeline.reference_data import load_reference_data
from payments_pipeline.servicing.due import fill_delinquency, fill_instalments
from payments_pipeline.settings import Settings
from payments_pipeline.settlement.bank_lines import load_bank_lines
from payments_pipeline.settlement.batches import settle_day
from payments_pipeline.world.generation import generate
from payments_pipeline.world.load import load_portfolio
from payments_pipeline.world.manifest import is_there, read_manifest
from payments_pipeline.world.parameters import World

MEASURED_DAY = date(2026, 7, 2)
"""The day after the first of a month: half the book owes its instalment, and banks are open."""

LEFT_BEHIND = (
    "ingestion.payment_ingestions",
    "ingestion.duplicates",
    "ingestion.earlier_words",
    "servicing.instalments",
    "payments.payments",
    "payments.transitions",
    "ledger.allocations",
    "ledger.fees",
    "ledger.entries",
    "ledger.events",
    "settlement.batches",
    "reconciliation.matches",
    "reconciliation.items",
    "reconciliation.days",
)
"""The tables that the measured stages fill; staged rows and bank lines are there before."""

console = Console()


@dataclass
class Stages:
    """Seconds by stage, in order."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage and say so."""
        started = perf_counter()
        yield
        self.note(name, perf_counter() - started)

    def note(self, name: str, seconds: float) -> None:
        """Note what a stage took, and say so."""
        self.seconds[name] = seconds
        console.print(f"  {name:<40} {seconds:8.2f} s", highlight=False)

    @property
    def total(self) -> float:
        """Seconds of all stages together."""
        return sum(self.seconds.values())


def measure_day(settings: Settings, *, loans: int, payments: int) -> None:
    """Measure, and print what each stage took, the total, and its ratio to the bare COPY."""
    database = open_database(settings)
    world = World(loans=loans, first_day=MEASURED_DAY, days=1, peak_day=MEASURED_DAY, peak_payments=payments, seed=1)
    folder = settings.home / "bench" / f"day-{loans}-{payments}"
    is_new = not is_there(folder)
    if is_new:
        console.print(f"generating a world of {loans:,} loans and {payments:,} payments, once, in {folder}")
        generate(world, folder, overwrite=True)
    template = f"bench_day_{loans}_{payments}"
    _prepare(database, template, folder, is_new=is_new)
    copy = sibling(database, f"{template}_run")
    try:
        with admin(database) as connection:
            make(connection, copy, template)
        console.print(f"the day {MEASURED_DAY}: {payments:,} payments over {loans:,} loans")
        stages = _run_day(copy)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        console.print("the same rows by bare COPY")
        rows, bytes_, floor = _bare_copy(copy)
    finally:
        with admin(database) as connection:
            drop(connection, copy)
    _report(stages, rows, bytes_, floor, memory)


def _prepare(database: Database, template: str, folder: Path, *, is_new: bool) -> None:
    """The database that every measurement starts from: book, staged rows, bank lines. Made once for a world and schema."""
    prepared = sibling(database, template)
    schema = hashlib.sha256("".join(migration.sha256 for migration in read_migrations()).encode()).hexdigest()
    with admin(database) as connection:
        complete = connection.execute(
            "select shobj_description(oid, 'pg_database') from pg_database where datname = %s and not datallowconn",
            (template,),
        ).fetchone()
        if complete == (schema,) and not is_new:
            return
        make(connection, prepared)  # also where a preparation was broken off
    console.print("preparing the database, once")
    last = read_manifest(folder).last_day + timedelta(days=30)
    done = Stages()
    migrate(prepared)
    with prepared.connect("owner") as owner:
        with done.stage("load the book"):
            load_portfolio(owner, folder)
        with done.stage("factors, calendar, running totals"):
            load_reference_data(owner)
            board(owner)
    with prepared.connect() as connection:
        with done.stage("read, validate and stage the rows"):
            load_arrivals(connection, folder, last)
        with done.stage("load the bank's lines"):
            load_bank_lines(connection, folder, last)
    with prepared.connect("owner", autocommit=True) as owner:
        owner.execute("vacuum analyze")
    with admin(database) as connection:
        # nobody may connect any more: that marks it as complete, and lets it be copied
        connection.execute(sql.SQL("alter database {} allow_connections false").format(sql.Identifier(template)))
        connection.execute(
            sql.SQL("comment on database {} is {}").format(sql.Identifier(template), sql.Literal(schema))
        )


def _run_day(database: Database) -> Stages:
    """The day, each stage committed, in the order in which the graph runs it."""
    stages = Stages()
    with database.connect() as connection:
        _warm_up(connection)
        with stages.stage("deduplicate and ingest"):
            ingest_pending(connection)
            connection.commit()
        with stages.stage("instalments due"):
            fill_instalments(connection, MEASURED_DAY)
            connection.commit()
        started = perf_counter()
        posting = post_day(connection, MEASURED_DAY, database)
        connection.commit()
        stages.note("post: commit and the rest", perf_counter() - started - sum(posting.seconds.values()))
        for name, seconds in posting.seconds.items():
            stages.note(f"post: {name}", seconds)
        with stages.stage("settlement batches"):
            settle_day(connection, MEASURED_DAY)
            connection.commit()
        with stages.stage("reconcile"):
            reconcile_day(connection, MEASURED_DAY)
            connection.commit()
        with stages.stage("exception cases"):
            open_cases(connection, MEASURED_DAY)
            connection.commit()
        console.print("after the day is reconciled, outside the total:")
        with Stages().stage("delinquency of the whole book"):
            fill_delinquency(connection, MEASURED_DAY)
            connection.commit()
    return stages


def _warm_up(connection: psycopg.Connection[Any]) -> None:
    """Read what a server in service has in memory: the copied database starts with nothing there.

    Along the keys and row by row, since a large table that is read from end to end passes through a few pages of memory.
    """
    for setting in ("enable_seqscan", "enable_bitmapscan", "enable_indexonlyscan"):
        connection.execute(sql.SQL("set local {} to off").format(sql.Identifier(setting)))
    for table in ("servicing.loans", "ledger.balances", "ingestion.staged", "settlement.bank_lines"):
        connection.execute(sql.SQL("select count(kept) from {} as kept").format(_identifier(table)))
    connection.commit()


def _bare_copy(database: Database) -> tuple[int, int, float]:
    """Rows, bytes and seconds of loading the day's rows by COPY alone, binary, one table after the other."""
    rows = bytes_ = 0
    seconds = 0.0
    with database.connect("owner") as owner, tempfile.TemporaryDirectory(prefix="payments-bench-") as scratch:
        for table in LEFT_BEHIND:
            file, names = Path(scratch) / table, {"table": _identifier(table), "columns": _plain_columns(owner, table)}
            unload = sql.SQL("copy (select {columns} from {table}) to stdout (format binary)").format(**names)
            with owner.cursor() as cursor, file.open("wb") as out:
                with cursor.copy(unload) as source:
                    out.writelines(source)
                rows += cursor.rowcount
            bytes_ += file.stat().st_size
            names["copy"] = sql.Identifier("public", table.replace(".", "_"))
            owner.execute(sql.SQL("create table {copy} as select {columns} from {table} with no data").format(**names))
        owner.commit()
        for table in LEFT_BEHIND:
            load = sql.SQL("copy {copy} from stdin (format binary)").format(
                copy=sql.Identifier("public", table.replace(".", "_"))
            )
            started = perf_counter()
            with owner.cursor() as cursor, (Path(scratch) / table).open("rb") as file_, cursor.copy(load) as sink:
                shutil.copyfileobj(file_, _Writer(sink), length=1 << 20)
            owner.commit()
            seconds += perf_counter() - started
    return rows, bytes_, seconds


class _Writer:
    """psycopg's COPY as a file to write to."""

    def __init__(self, sink: psycopg.Copy) -> None:
        self._sink = sink

    def write(self, block: bytes) -> int:
        """Send a block."""
        self._sink.write(block)
        return len(block)


def _identifier(table: str) -> sql.Identifier:
    return sql.Identifier(*table.split("."))


def _plain_columns(connection: psycopg.Connection[Any], table: str) -> sql.Composed:
    """The columns that are stored as given, generated ones left out."""
    rows = connection.execute(
        "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0 "
        "and not attisdropped and attgenerated = '' order by attnum",
        (table,),
    ).fetchall()
    return sql.SQL(", ").join(sql.Identifier(row[0]) for row in rows)


def _report(stages: Stages, rows: int, bytes_: int, floor: float, memory: float) -> None:
    table = Table(title="A day, from staged rows to reconciled")
    table.add_column("stage")
    table.add_column("seconds", justify="right")
    table.add_column("share", justify="right")
    for name, seconds in stages.seconds.items():
        table.add_row(name, f"{seconds:.2f}", f"{100 * seconds / stages.total:.0f}%")
    table.add_section()
    table.add_row("total", f"{stages.total:.2f}", "")
    table.add_row(f"bare COPY of the same {rows:,} rows ({bytes_ / 1e6:,.0f} MB)", f"{floor:.2f}", "")
    table.add_row("ratio", f"{stages.total / floor:.2f}", "")
    console.print(table)
    console.print(f"peak memory of this Python process: {memory:,.0f} MB", highlight=False)
