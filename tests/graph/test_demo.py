"""The demo, small: from an empty database to a summary, again, and after it was interrupted."""

import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from payments_pipeline import demo
from payments_pipeline.edge import free_port
from payments_pipeline.operations.digest import digest
from payments_pipeline.postgres.connect import Database
from payments_pipeline.postgres.run import query
from payments_pipeline.runs import Runner
from payments_pipeline.settings import load_settings
from payments_pipeline.supervise import Supervisor
from payments_pipeline.world import World, generate, read_manifest

FIRST = date(2026, 6, 29)
LOANS, DAYS, WEEK = 150, 4, 2

_SMALL_DEMO = f"""
from payments_pipeline import demo
from payments_pipeline.edge import free_port
demo.LOANS, demo.DAYS, demo.WEEK = {LOANS}, {DAYS}, {WEEK}
demo.demo()
"""


@pytest.fixture
def run_demo(empty_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Result]:
    monkeypatch.setenv("PAYMENTS_HOME", str(tmp_path / "a home"))
    monkeypatch.setenv("PAYMENTS_DATABASE_URL", empty_database.url)
    for port in ("WEBHOOK_PORT", "BANK_PORT"):
        monkeypatch.setenv(f"PAYMENTS_{port}", str(free_port()))
    monkeypatch.setenv("DAGSTER_HOME", "")  # the demo sets these two; they go back to what they were
    monkeypatch.setenv("DAGSTER_PG_URL", "")
    monkeypatch.setattr(demo, "LOANS", LOANS)
    monkeypatch.setattr(demo, "DAYS", DAYS)
    monkeypatch.setattr(demo, "WEEK", WEEK)
    return lambda: CliRunner().invoke(demo.demo, catch_exceptions=False)


def _wait_for_a_posted_day(database: Database, running: "subprocess.Popen[bytes]") -> None:
    while running.poll() is None:
        with database.connect("owner") as connection:
            known = connection.execute("select to_regclass('ledger.days') is not null").fetchone()
            if known == (True,) and connection.execute("select 1 from ledger.days").fetchone():
                return
        time.sleep(0.05)
    raise AssertionError("the demo ended before it had posted a day")


def _digests(database: Database) -> list[str]:
    with database.connect() as connection:
        return [digest(connection, "facts").hex, digest(connection, "state").hex]


def test_the_demo_goes_on_where_it_was_killed_and_a_second_one_changes_nothing(
    run_demo: Callable[[], Result], empty_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted = subprocess.Popen([sys.executable, "-c", _SMALL_DEMO], stdout=subprocess.DEVNULL)
    try:
        _wait_for_a_posted_day(empty_database, interrupted)
    finally:
        interrupted.kill()
        interrupted.wait()

    first = run_demo()
    assert first.exit_code == 0, first.output
    assert "All 8 laws hold" in first.output
    assert "07-02 Thu" in first.output
    before = _digests(empty_database)

    with monkeypatch.context() as patched:
        patched.setattr(Runner, "run", None)  # nothing may be run
        second = run_demo()
    assert second.exit_code == 0, second.output
    assert "nothing was changed" in second.output
    assert _digests(empty_database) == before


def test_up_runs_the_week_with_a_bank_that_plays_it_and_leaves_the_days_after_it(
    run_demo: Callable[[], Result], empty_database: Database, monkeypatch: pytest.MonkeyPatch, supervisor: Supervisor
) -> None:
    ran: list[tuple[date, date]] = []
    monkeypatch.setattr(Runner, "run_days", lambda self, first, last, tags=None: ran.append((first, last)))
    monkeypatch.setattr(Runner, "run", lambda self, *args: None)
    settings = load_settings()
    database = demo._open(settings)

    bank = demo.load_demo_if_empty(settings, database, supervisor)

    assert ran == [(FIRST, date(2026, 6, 30))]
    assert bank is not None
    with bank.client() as client:
        assert client.get("/bank-accounts")["bank_accounts"]


def test_a_book_that_is_not_the_demo_s_is_boarded_and_left_alone(
    run_demo: Callable[[], Result], empty_database: Database, supervisor: Supervisor
) -> None:
    settings = load_settings()
    database = demo._open(settings)
    with database.connect("owner") as connection:
        connection.execute(
            "insert into servicing.loans (loan_id, loan_number, cif, borrower_id, property_id, product, originated_on, "
            "original_principal_cents, boarded_on, principal_cents, rate_ppm, payment_cents, escrow_cents, "
            "escrow_shortage_cents, first_due_on, term_instalments, last_instalment, grace_days) "
            "select 7, 'LN0000000007', cif, 1, 1, product, '2026-06-01', 90000, '2026-06-28', 90000, 60000, 8000, 0, 0, "
            "'2026-08-01', 12, 12, 15 from servicing.loans where loan_id = 0"
        )

    for _ in range(2):
        assert demo.load_demo_if_empty(settings, database, supervisor) is None

    with database.connect() as connection:
        assert query(connection, "servicing/count_loans")[0]["loans"] == 1
        booked = connection.execute(
            "select account, sum(amount_cents)::bigint from ledger.entries where kind = 'boarding' group by account order by account"
        ).fetchall()
    assert [cents for _, cents in booked] == [90_000, -90_000]
    with pytest.raises(demo.DemoError, match="holds a book that is not the demo's"):
        run_demo()


def test_no_other_account_can_list_a_home_that_the_demo_makes(tmp_path: Path) -> None:
    with demo._alone(load_settings({"PAYMENTS_HOME": str(tmp_path / "home")})):
        assert (tmp_path / "home").stat().st_mode & 0o777 == 0o711


@pytest.mark.usefixtures("run_demo")
def test_a_world_of_another_format_is_made_anew_unless_its_book_is_loaded() -> None:
    settings = load_settings()
    database = demo._open(settings)
    manifest = settings.home / "world" / "manifest.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text('{"format_version": 1, "parameters": {}}')

    made = demo._board_the_book(settings, database, Console(quiet=True))

    assert (made.world.loans, read_manifest(manifest)) == (LOANS, made)
    manifest.write_text('{"format_version": 1, "parameters": {}}')
    with pytest.raises(demo.DemoError, match="holds a book that is not the demo's"):
        demo._board_the_book(settings, database, Console(quiet=True))


def test_the_demo_s_world_has_payments_that_come_late_and_others_that_the_bank_never_sees(tmp_path: Path) -> None:
    world = World(loans=demo.LOANS, seed=demo.SEED, days=demo.DAYS, noise=demo.NOISE)
    counts = generate(world, tmp_path / "world").counts
    assert counts["rows.missed"] > 0  # the variance that heals
    assert counts["bank.unsent"] + counts["bank.never_at_bank"] > 0  # the one that stays
    assert counts["rows.malformed"] > 0
    assert counts["rows.return"] > 0
