"""The benchmark `form-1098`: Form 1098 of a whole book, computed from the ledger and written in FIRE and in IRIS.

A book of 20,000 mortgages with a year behind them is generated, loaded and converted as any; the others are its copies,
made by SQL under numbers of their own, their taxpayers encrypted one by one. What is timed is what the command and the
assets do: compute, hold against the ledger, store, write, validate. Memory is what this process and the server's processes
of the database have for themselves, asked for twice a second; the server's shared buffers are not in it.
"""

import os
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from threading import Event, Thread
from time import perf_counter
from typing import Any, Final

import psycopg
from rich.console import Console
from rich.progress import track
from rich.table import Table

from payments_pipeline.bench.databases import scratch
from payments_pipeline.errors import PaymentsError
from payments_pipeline.formats.tax_identity import address_place, identity_place
from payments_pipeline.ledger.conversion import convert
from payments_pipeline.ledger.posting import board
from payments_pipeline.pii import PersonalData
from payments_pipeline.postgres.connect import Database, open_database
from payments_pipeline.postgres.migrate import migrate
from payments_pipeline.postgres.run import run
from payments_pipeline.reference_data import load_reference_data
from payments_pipeline.reporting.filer import read_filer
from payments_pipeline.reporting.files_1098 import Desk, write_fire, write_iris
from payments_pipeline.reporting.form_1098 import KIND, draft
from payments_pipeline.reporting.lifecycle import WrittenFile, find_report
from payments_pipeline.rules.form_1098 import Policy
from payments_pipeline.settings import Settings
from payments_pipeline.words import counted
from payments_pipeline.world.generation import generate
from payments_pipeline.world.load import load_portfolio
from payments_pipeline.world.parameters import World

TAX_YEAR: Final = 2025
ORIGINAL_LOANS: Final = 20_000
_SEED: Final = 1
_SAMPLED_EVERY: Final = 0.5

console = Console()


@dataclass(frozen=True, slots=True)
class _Taken:
    what: str
    seconds: float
    client_mb: float
    server_mb: float
    together_mb: float
    detail: str


def measure_form_1098(settings: Settings, *, loans: int) -> None:
    """Measure, and print what each step took."""
    if loans < ORIGINAL_LOANS or loans % ORIGINAL_LOANS:
        raise PaymentsError(
            f"a book of {loans:,} loans is not made of copies of {ORIGINAL_LOANS:,}", "give a multiple of that."
        )
    personal_data = PersonalData.of(settings)
    folder = settings.home / "bench" / "form-1098"
    with scratch(open_database(settings), "bench_form_1098") as database:
        _prepare(database, folder, personal_data, loans)
        taken = list(_measured(database, folder / "files", personal_data))
    shutil.rmtree(folder)
    _report(loans, taken)


def _measured(database: Database, folder: Path, personal_data: PersonalData) -> Iterator[_Taken]:
    with database.connect("compliance") as connection, database.connect("owner", autocommit=True) as watcher:

        def computed() -> str:
            report = draft(connection, TAX_YEAR, Policy(), "benchmark")
            connection.commit()
            return f"version {report.version}, {report.summary['changed_forms']:,} forms"

        yield _taken(watcher, "computed, held against the ledger, stored", computed)
        yield _taken(watcher, "computed again, nothing new", computed)
        report = find_report(connection, KIND, str(TAX_YEAR))
        desk = Desk(connection, personal_data, report, read_filer(), folder)

        def written(write: Callable[[Desk], list[WrittenFile]]) -> str:
            files = write(desk)
            connection.commit()
            shutil.rmtree(folder)
            records, bytes_ = sum(file.records for file in files), sum(file.size_bytes for file in files)
            return f"{records:,} returns, {counted(len(files), 'file')}, {bytes_ / 1e9:.2f} GB"

        yield _taken(watcher, "written in FIRE, validated", lambda: written(write_fire))
        yield _taken(watcher, "written in IRIS, validated", lambda: written(write_iris))


def _taken(watcher: psycopg.Connection[Any], what: str, work: Callable[[], str]) -> _Taken:
    with _memory(watcher) as peak:
        started = perf_counter()
        detail = work()
        seconds = perf_counter() - started
    console.print(f"  {what:<45}{seconds:9.1f} s  {detail}", highlight=False)
    return _Taken(what, seconds, peak["client"], peak["server"], peak["together"], detail)


# The book ---------------------------------------------------------------------------------------------------------------


def _prepare(database: Database, folder: Path, personal_data: PersonalData, loans: int) -> None:
    world = World(loans=ORIGINAL_LOANS, first_day=date(TAX_YEAR + 1, 2, 2), days=1, seed=_SEED, history_years=1)
    generate(world, folder, overwrite=True)
    migrate(database)
    with database.connect("owner") as owner:
        load_portfolio(owner, folder, personal_data=personal_data)
        load_reference_data(owner)
        convert(owner)
        board(owner)
        owner.commit()
        _drop_indexes_of_entries(owner)
        numbers = owner.execute(
            "select max(l.loan_id), (select max(b.borrower_id) from servicing.borrowers as b), "
            "(select max(p.property_id) from servicing.properties as p) from servicing.loans as l"
        ).fetchone()
        assert numbers is not None
        # some were refinanced: there are a few more than asked for
        shifts = dict(zip(("loans", "borrowers", "properties"), numbers, strict=True))
        taxpayers = _taxpayers(owner, personal_data)
        copies = range(1, loans // ORIGINAL_LOANS)
        for nth in track(copies, description=f"a book of {loans:,} mortgages", console=console):
            run(owner, "reporting/synthetic_book", nth=nth, **shifts)
            _copy_taxpayers(owner, taxpayers, personal_data, nth * shifts["borrowers"])
            owner.commit()
    with database.connect("owner", autocommit=True) as owner:
        owner.execute("vacuum analyze")


def _drop_indexes_of_entries(owner: psycopg.Connection[Any]) -> None:
    """Forms are computed without them, and filling them at random would take longer than all else."""
    for partition, name in owner.execute(
        "select i.inhrelid::regclass::text, k.conname from pg_inherits as i "
        "inner join pg_constraint as k on i.inhrelid = k.conrelid and k.contype = 'p' "
        "where i.inhparent = 'ledger.entries'::regclass"
    ).fetchall():
        owner.execute(f"alter table {partition} drop constraint {name}".encode())


def _taxpayers(owner: psycopg.Connection[Any], personal_data: PersonalData) -> list[tuple[Any, ...]]:
    rows = owner.execute(
        "select borrower_id, version, identity_encrypted, address_encrypted, payer_kind, tin_type, "
        "is_nonresident_alien, tin_index, identity_index, address_index, country from servicing.tax_identities"
    ).fetchall()
    return [
        (
            borrower,
            version,
            personal_data.decrypt(bytes(sealed), identity_place(borrower, version)),
            personal_data.decrypt(bytes(address), address_place(borrower, version)),
            *rest,
        )
        for borrower, version, sealed, address, *rest in rows
    ]


def _copy_taxpayers(
    owner: psycopg.Connection[Any], taxpayers: list[tuple[Any, ...]], personal_data: PersonalData, shift: int
) -> None:
    into = (
        "copy servicing.tax_identities (borrower_id, version, identity_encrypted, address_encrypted, payer_kind, tin_type, "
        "is_nonresident_alien, tin_index, identity_index, address_index, country) from stdin"
    )
    with owner.cursor() as cursor, cursor.copy(into) as copy:
        for borrower, version, identity, address, *rest in taxpayers:
            sealed = (
                personal_data.encrypt(identity, identity_place(borrower + shift, version)),
                personal_data.encrypt(address, address_place(borrower + shift, version)),
            )
            copy.write_row((borrower + shift, version, *sealed, *rest))


# Memory -----------------------------------------------------------------------------------------------------------------


@contextmanager
def _memory(watcher: psycopg.Connection[Any]) -> Iterator[dict[str, float]]:
    """The most that this process, all of the server's for this database, and both at one time had of their own."""
    peak = {"client": 0.0, "server": 0.0, "together": 0.0}
    is_over = Event()

    def sample() -> None:
        while True:
            pids = watcher.execute(
                "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
            ).fetchall()
            client, server = _own_mb(os.getpid()), sum(_own_mb(pid) for (pid,) in pids)
            for whose, megabytes in (("client", client), ("server", server), ("together", client + server)):
                peak[whose] = max(peak[whose], megabytes)
            if is_over.wait(_SAMPLED_EVERY):
                return

    thread = Thread(target=sample, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        is_over.set()
        thread.join()


def _own_mb(pid: int) -> float:
    """Memory of a process that it shares with nobody, as far as the system tells; zero if it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon:")) / 1024


def _report(loans: int, taken: list[_Taken]) -> None:
    table = Table(title=f"Form 1098 of {TAX_YEAR}, {loans:,} mortgages")
    for column in ("", "seconds", "this process, MB", "the server, MB", "both at once, MB", ""):
        table.add_column(column, justify="left" if not column else "right")
    for one in taken:
        table.add_row(
            one.what,
            f"{one.seconds:.1f}",
            *(f"{peak:,.0f}" for peak in (one.client_mb, one.server_mb, one.together_mb)),
            one.detail,
        )
    console.print(table)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    console.print(f"peak memory of this process, with what it took to make the book: {peak:,.0f} MB", highlight=False)
