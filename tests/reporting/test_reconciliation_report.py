"""What finance is given of a day: every figure is one of the tables, in every form, whatever else there is."""

import csv
import json
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import openpyxl
import psycopg
import pytest
from click.testing import CliRunner

from payments_pipeline.bench.reconcile import build_mart
from payments_pipeline.charts import as_markdown, bridge
from payments_pipeline.commands.report_reconciliation import reconciliation
from payments_pipeline.days_run import NeverRunError, NotReconciledError
from payments_pipeline.paths import SQL_DIR
from payments_pipeline.postgres.connect import Database
from payments_pipeline.postgres.run import query, statements
from payments_pipeline.postgres.server import Server
from payments_pipeline.reconciliation.bridge import bridge_of
from payments_pipeline.reconciliation.days import reconcile_day
from payments_pipeline.reporting import reconciliation_report
from payments_pipeline.reporting import reconciliation_words as words
from payments_pipeline.reporting.reconciliation_html import as_html
from payments_pipeline.reporting.reconciliation_pdf import write_pdf
from payments_pipeline.reporting.reconciliation_report import Balance, gather
from payments_pipeline.reporting.reconciliation_sheets import write_csv, write_xlsx
from tests.conftest import migrated_template, new_database
from tests.reconciliation.desk import Desk
from tests.reporting.reconciled import DAY, RAILS, item, lay_out, statement, total

Connection = psycopg.Connection[Any]


@pytest.fixture(scope="module")
def month(start_server: Callable[..., Server]) -> Iterator[Database]:
    """A database with the month. Tests leave it as they found it."""
    server = start_server("embedded")
    with new_database(server, migrated_template(server)) as database:
        with database.connect("owner") as connection:
            lay_out(connection)
        yield database


@pytest.fixture
def connection(month: Database) -> Iterator[Connection]:
    with month.connect("owner") as connection:
        connection.execute("select")  # in one transaction, which is taken back
        yield connection
        connection.rollback()


# The figures ------------------------------------------------------------------------------------------------------------


def test_the_totals_are_those_of_the_tables_and_the_bridge_leads_from_one_to_the_other(connection: Connection) -> None:
    report = gather(connection, DAY)
    assert report.our_cents == sum(ours for _, _, ours, _ in RAILS)
    assert report.bank_cents == report.our_cents + sum(step.cents for step in report.steps)
    assert report.variance_cents == report.explained_cents + report.open_cents
    assert (report.open_count, report.open_in_all) == (5, 8)
    assert report.does_bridge_reach
    assert report.proof == "broken"
    assert [(one.account, one.proof, one.follows) for one in report.balances] == [
        ("collections", "proven", True), ("lockbox", "broken", None), ("processors", "not_stated", None),
    ]  # fmt: skip


def test_a_bridge_that_leaves_a_cent_without_a_name_says_so(connection: Connection) -> None:
    connection.execute("update reconciliation.bridge set cents = cents + 1 where cause = 'timing'")
    report = gather(connection, DAY)
    assert not report.does_bridge_reach
    assert "The causes do not add up to the variance" in as_html(report)


def test_an_account_that_opens_with_another_balance_than_it_closed_with_is_not_proven(connection: Connection) -> None:
    def collections() -> Balance:
        return next(one for one in gather(connection, DAY).balances if one.account == "collections")

    assert (collections().proof, collections().follows) == ("proven", True)
    connection.execute("update settlement.statements set closing_cents = closing_cents - 1 where as_of < %s", (DAY,))
    assert (collections().proof, collections().follows) == ("proven", False)
    assert "NO: $4,123,055.18 at the end of 2026-07-07" in as_html(gather(connection, DAY))


def test_an_account_that_is_several_of_ours_is_proven_by_all_its_lines(database: Database) -> None:
    """Its balance goes on over days on which it had lines of one of ours alone, and what is missing is told to the cent."""
    wednesday, thursday, friday = (date(2026, 7, 8) + timedelta(days=n) for n in range(3))
    with database.connect("owner") as connection:
        desk = Desk(connection)
        held = 100_000
        for day, rails in ((wednesday, ["ach", "check"]), (thursday, ["ach"]), (friday, ["ach", "check"])):
            opening = held
            for cents, rail in enumerate(rails, start=700):
                desk.line("X", cents, channel=rail, day=day)
                held += cents
            statement(connection, day, "main", opening, held)
            reconcile_day(connection, day)
        report = gather(connection, friday)
        assert [(one.account, one.lines_cents, one.proof, one.follows) for one in report.balances] == [
            ("main", 1_401, "proven", True)
        ]
        assert report.proof == "proven"
        connection.execute(
            "update settlement.statements set closing_cents = closing_cents + 1 where as_of = %s", (friday,)
        )
        assert [words.proof(one) for one in gather(connection, friday).balances] == ["Broken by +$0.01"]


def test_two_accounts_that_are_one_of_ours_are_proven_each_by_itself(database: Database) -> None:
    with database.connect("owner") as connection:
        desk = Desk(connection)
        for back, accounts in ((1, ["1", "2"]), (0, ["1"])):
            day = DAY - timedelta(days=back)
            for account in accounts:
                desk.line("X", 700, day=day, account=account)
                statement(connection, day, account, 10_000 - 700 * back, 10_700 - 700 * back)
            reconcile_day(connection, day)
        assert gather(connection, DAY).proof == "proven"


def test_a_statement_without_lines_whose_balance_moved_is_not_proven(database: Database) -> None:
    with database.connect("owner") as connection:
        Desk(connection).payment("A", 700, value_date=DAY)
        statement(connection, DAY, "collections", 10_000, 10_700)
        reconcile_day(connection, DAY)
        assert [words.proof(one) for one in gather(connection, DAY).balances] == ["Broken by +$7.00"]


def test_open_items_of_any_age_are_listed_with_their_age(connection: Connection) -> None:
    item(connection, DAY - timedelta(days=700), "collections", "wire", "missing_here", 4_711, 0, is_open=True)
    report = gather(connection, DAY)
    assert report.carried_over is not None
    assert report.carried_over.oldest == DAY - timedelta(days=700)
    assert [one.age_days for one in report.open_items] == [1, 1, 1, 1, 1, 3, 13, 20, 701]
    later = gather(connection, DAY + timedelta(days=1))
    assert later.open_count == 0
    assert later.open_in_all == 9


def test_decisions_say_whether_they_are_in_force(connection: Connection) -> None:
    states = {one.decision_no: one.state for one in gather(connection, DAY).decisions}
    assert states == {1: "in force", 2: "in force", 3: "done", 4: "waits for approval"}


def test_a_share_that_is_not_all_is_never_rounded_up_to_all() -> None:
    assert [words.share(share) for share in (None, 0.0, 0.5, 0.999999, 1.0)] == [
        "none",
        "0.00%",
        "50.00%",
        "99.99%",
        "100%",
    ]


def test_the_last_thirty_days_come_from_finance_s_mart_and_a_stale_one_is_told(connection: Connection) -> None:
    report = gather(connection, DAY)
    assert len(report.trend_days) == 30
    assert report.is_mart_current
    last = report.trend_days[-1]
    assert last.more_cents + last.less_cents == last.variance_cents == report.variance_cents
    assert last.open_more_cents + last.open_less_cents == report.open_cents
    connection.execute("update reporting.daily_reconciliation set open_count = 0 where business_date = %s", (DAY,))
    assert "The mart is older" in as_html(gather(connection, DAY))
    connection.execute("drop table reporting.daily_reconciliation")
    assert "has not been built" in as_html(gather(connection, DAY))


# Where there is nothing -------------------------------------------------------------------------------------------------


def test_a_day_that_was_not_run_is_refused_with_those_that_were(connection: Connection) -> None:
    for day in (date(2026, 8, 1), date(9999, 12, 31)):  # one that has not come cannot be run either
        with pytest.raises(NeverRunError, match="2026-07-06 to 2026-07-09") as refused:
            gather(connection, day)
        assert "until today" in refused.value.remedy


def test_a_day_that_was_posted_and_not_reconciled_is_not_told_as_one_on_which_nothing_happened(
    connection: Connection,
) -> None:
    day = DAY + timedelta(days=1)
    assert gather(connection, day).totals == []
    connection.execute("insert into operations.day_requests values (%s, 'unfinished', 'a run')", (day,))
    with pytest.raises(NotReconciledError, match=f"{day} has not been reconciled: it was posted, but its run"):
        gather(connection, day)


def test_a_day_on_which_nothing_happened_says_so_in_every_section(database: Database, tmp_path: Path) -> None:
    with database.connect("owner") as connection:
        connection.execute("insert into ledger.days (business_date) values (%s)", (DAY,))
        build_mart(connection)
        report = gather(connection, DAY)
        page = as_html(report)
        for told in (
            "Nothing was expected at the bank, and the bank shows nothing.", "There is nothing to add up.",
            "No account had a line or a movement.", "No item is open", "Nothing has to be done",
            "No case about this day has been closed.", "nothing was tied", "Nobody has decided anything",
            "No line was matched.", "None of the last thirty days has figures.", "Nothing has been posted yet",
        ):  # fmt: skip
            assert told in page, told
        write_pdf(report, tmp_path / "nothing.pdf")
        write_xlsx(connection, report, tmp_path / "nothing.xlsx")
        write_csv(connection, report, tmp_path / "nothing.csv")
        assert "data:image/svg+xml" in as_markdown(bridge(*bridge_of(connection, DAY)))


# The forms --------------------------------------------------------------------------------------------------------------


def test_the_page_needs_nothing_else_and_shows_what_a_bank_wrote_as_text(connection: Connection) -> None:
    page = as_html(gather(connection, DAY))
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)|<script|<link|<img|@import|url\(|\bsrc=", page)
    assert "&lt;b&gt;acht_ItnEd1jz6Nw2&lt;/b&gt;" in page
    assert "<b>acht_ItnEd1jz6Nw2" not in page
    assert page.count("<svg") == 2
    assert "$1,546,078.72" in page
    assert "+$1,325.73" in page
    assert "Page" not in page


def test_the_same_day_is_the_same_bytes(connection: Connection, tmp_path: Path) -> None:
    made = []
    for folder in (tmp_path / "one", tmp_path / "two"):
        folder.mkdir()
        report = gather(connection, DAY)
        (folder / "a.html").write_text(as_html(report))
        write_pdf(report, folder / "a.pdf")
        write_xlsx(connection, report, folder / "a.xlsx")
        write_csv(connection, report, folder / "a.csv")
        made.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert made[0] == made[1]


def test_the_pdf_has_its_pages_and_goes_on_to_others_with_more_items(connection: Connection, tmp_path: Path) -> None:
    def pages() -> int:
        write_pdf(gather(connection, DAY), tmp_path / "day.pdf")
        return len(re.findall(rb"/Type /Page\b", (tmp_path / "day.pdf").read_bytes()))

    few = pages()
    for number in range(100, 180):
        item(connection, DAY, "collections", "ach", "missing_here", number, number, is_open=True)
    assert pages() >= few + 5


def test_no_text_is_too_strange_or_too_long_for_the_pdf(connection: Connection, tmp_path: Path) -> None:
    for text in ("Płatność \u202e漢 <i>&", "x" * 20_000, "many words " * 2_000):
        connection.execute("update reconciliation.items set description = %s", (text,))
        write_pdf(gather(connection, DAY), tmp_path / "day.pdf")
        assert (tmp_path / "day.pdf").read_bytes().startswith(b"%PDF-")


def test_the_csv_has_every_item_however_many_the_page_shows(
    connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciliation_report, "SHOWN", 3)
    report = gather(connection, DAY)
    assert len(report.open_items) == 3
    assert "Shown are 3 of 8" in as_html(report)
    write_csv(connection, report, tmp_path / "items.csv")
    rows = list(csv.DictReader(StringIO((tmp_path / "items.csv").read_text())))
    opened = [row for row in rows if row["status"] == "open"]
    assert len(opened) == 8
    assert (
        sum(round(float(row["variance"]) * 100) for row in rows if row["bank day"] == str(DAY)) == report.variance_cents
    )


def test_what_a_spreadsheet_would_calculate_stays_text(connection: Connection, tmp_path: Path) -> None:
    connection.execute("update reconciliation.items set description = '=cmd|'' /C calc''!A0' where cause = 'fee'")
    report = gather(connection, DAY)
    write_csv(connection, report, tmp_path / "items.csv")
    assert "'=cmd" in (tmp_path / "items.csv").read_text()
    write_xlsx(connection, report, tmp_path / "day.xlsx")
    cells = [cell for sheet in openpyxl.load_workbook(tmp_path / "day.xlsx") for row in sheet for cell in row]
    assert any(str(cell.value).startswith("=cmd") for cell in cells)
    assert {cell.data_type for cell in cells} <= {"s", "n", "d", "b"}


def test_the_workbook_has_typed_cells_and_adds_up(connection: Connection, tmp_path: Path) -> None:
    report = gather(connection, DAY)
    write_xlsx(connection, report, tmp_path / "day.xlsx")
    book = openpyxl.load_workbook(tmp_path / "day.xlsx")
    assert book.sheetnames == [
        "Summary", "Totals", "Bridge", "Balances", "Statements", "Items", "Cases", "Suggestions", "Decisions", "Methods",
        "Thirty days",
    ]  # fmt: skip
    items = list(book["Items"].iter_rows(min_row=2, values_only=True))
    assert {type(row[0]).__name__ for row in items} == {"datetime"}
    assert round(sum(row[6] for row in items if row[0].date() == DAY) * 100) == report.variance_cents
    totals = {row[1]: row for row in book["Totals"].iter_rows(min_row=2, values_only=True)}
    assert totals["card"][2:5] == (55_201.80, 56_874.92, -1_673.12)
    assert [cell.number_format for cell in book["Bridge"]["E"]][1:] == ["#,##0.00;[Red]-#,##0.00"] * len(report.causes)


def test_the_command_writes_page_and_pdf_unless_told_otherwise(
    month: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAYMENTS_HOME", str(tmp_path))
    monkeypatch.setenv("PAYMENTS_DATABASE_URL", month.url)
    done = CliRunner().invoke(reconciliation, ["--date", str(DAY)], catch_exceptions=False)
    assert "Somebody must look at 5 items." in done.output
    assert {path.name for path in (tmp_path / "reports").iterdir()} == {
        f"reconciliation-{DAY}.html", f"reconciliation-{DAY}.pdf",
    }  # fmt: skip
    out = tmp_path / "elsewhere"
    asked = ["--date", str(DAY), "--out", str(out), "--format", "csv", "--format", "xlsx"]
    assert CliRunner().invoke(reconciliation, asked, catch_exceptions=False).exit_code == 0
    assert {path.suffix for path in out.iterdir()} == {".csv", ".xlsx"}


# The cost ---------------------------------------------------------------------------------------------------------------

_PARAMETERS = {"day": DAY, "as_of": DAY, "most": 200}


def _relations(plan: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if plan.get("Schema") in ("reconciliation", "reporting"):
        yield str(plan["Node Type"]), str(plan["Relation Name"])
    for child in plan.get("Plans", []):
        yield from _relations(child)


def test_years_of_history_are_not_read_for_the_report_of_a_day(connection: Connection) -> None:
    for table in ("days", "items", "bridge"):
        columns = ", ".join(
            f"r.{row['name']}" if row["name"] != "bank_day" else "%(day)s::date - n"
            for row in _columns(connection, table)
        )
        names = ", ".join(row["name"] for row in _columns(connection, table))
        condition = "and r.status <> 'open'" if table == "items" else ""
        connection.execute(
            f"insert into reconciliation.{table} ({names}) select {columns} from reconciliation.{table} as r, "
            f"generate_series(40, 3650) as n where r.bank_day = %(day)s {condition}".encode(), {"day": DAY},
        )  # fmt: skip
    for back in (1, 2, 30):
        connection.execute("select operations.open_day('reconciliation.matches', %s)", (DAY - timedelta(days=back),))
    build_mart(connection)
    connection.execute("create unique index on reporting.daily_reconciliation (business_date, account, channel)")
    connection.execute("analyze")

    read = {
        (statement, how, name)
        for statement in _statements_of_the_report()
        for how, name in _relations(_plan(connection, statement))
    }
    of_matches = {name for _, _, name in read if name.startswith("matches")}
    assert of_matches == {f"matches_{DAY:%Y%m%d}"}
    grown = {"days", "items", "bridge", "daily_reconciliation"}
    assert {(file, how, name) for file, how, name in read if name in grown and how == "Seq Scan"} == set()


def _statements_of_the_report() -> list[str]:
    names = [f"reporting/{path.stem}" for path in SQL_DIR.glob("reporting/reconciliation_*.sql")]
    return [*names, "reconciliation/bridge_of_day"]


def _columns(connection: Connection, table: str) -> list[dict[str, Any]]:
    rows = connection.execute(
        "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped "
        "and attgenerated = ''", (f"reconciliation.{table}",),
    )  # fmt: skip
    return [{"name": row[0]} for row in rows]


def _plan(connection: Connection, name: str) -> dict[str, Any]:
    (statement,) = statements(name)
    row = connection.execute(f"explain (verbose, format json) {statement.text}".encode(), _PARAMETERS).fetchone()
    assert row is not None
    found = row[0] if isinstance(row[0], list) else json.loads(row[0])
    return dict(found[0]["Plan"])


def test_every_statement_of_the_report_runs(connection: Connection) -> None:
    total(connection, DAY - timedelta(days=100), "collections", "wire", 5, 5, 1, 0, True)
    for name in _statements_of_the_report():
        query(connection, name, **_PARAMETERS)
