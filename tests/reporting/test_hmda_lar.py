"""The register: made from what the origination system says, versioned, and never written while an edit forbids it."""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from payments_pipeline.hmda.census import Census, read_census
from payments_pipeline.hmda.edits.model import YEARS, EditKind
from payments_pipeline.hmda.records import LoanApplication, read_record, read_sheet
from payments_pipeline.pii import PersonalDataError
from payments_pipeline.postgres.connect import Database
from payments_pipeline.postgres.server import Server
from payments_pipeline.reporting.hmda_files import BlockedRegisterError, Desk, confirm, judged, write_csv, write_lar
from payments_pipeline.reporting.hmda_lar import RegisterError, differences, lines
from payments_pipeline.reporting.hmda_register import markdown, write_register
from payments_pipeline.reporting.lifecycle import LifecycleError, approve, find_report, validated
from payments_pipeline.rules.hmda import QUARTERS, ActivityPeriod
from payments_pipeline.world.load import load_portfolio
from tests.conftest import WorldOf, migrated_template, new_database
from tests.reporting import originated
from tests.reporting.originated import PERSONAL_DATA, WORLD

PERIODS = [f"{year}{quarter}" for year in YEARS for quarter in ("", *(f"-Q{number}" for number in QUARTERS))]
SETTLED = [period for period in PERIODS if period != "2026-Q3"]
"""Those in which something was decided: the world's book was boarded in June 2026."""
BLOCKING = [kind for kind in EditKind if kind.blocks_filing]
Connection = psycopg.Connection[Any]


@pytest.fixture(scope="module")
def world(world_of: WorldOf) -> Path:
    return world_of(WORLD)


@pytest.fixture(scope="module")
def loaded(start_server: Callable[..., Server], world: Path) -> Iterator[Database]:
    server = start_server("embedded")
    with new_database(server, migrated_template(server)) as database:
        with database.connect() as connection:
            load_portfolio(connection, world, personal_data=PERSONAL_DATA)
        yield database


@pytest.fixture
def connection(loaded: Database) -> Iterator[Connection]:
    with originated.compliance(loaded) as found:
        yield found


@pytest.fixture(scope="module")
def census(world: Path) -> Census:
    return read_census(world / "originations" / "census.txt")


def _written(desk: Desk) -> list[LoanApplication]:
    return [read_record(line) for line in lines(desk.connection, desk.personal_data, desk.report)]


def _one(connection: Connection, statement: str, *values: object) -> Any:
    row = connection.execute(statement.encode(), values).fetchone()
    assert row is not None
    return row[0]


def test_every_register_passes_all_that_blocks_filing(connection: Connection, tmp_path: Path, census: Census) -> None:
    rows = {}
    for period in SETTLED:
        desk = originated.desk_of(connection, period, tmp_path, census=census)
        with judged(desk) as judgement:
            assert judgement.of_kind(*BLOCKING) == [], period
            assert {each.edit for each in judgement.broken} <= {"Q629"}, period  # companies, which have no income
        rows[period] = judgement.rows
    for year in (2024, 2025):
        assert sum(rows[f"{year}-Q{number}"] for number in QUARTERS) < rows[str(year)]
    assert not list(tmp_path.iterdir())  # what was only judged leaves nothing behind
    with pytest.raises(RegisterError, match="no action was taken on any application in 2026-Q3"):
        originated.desk_of(connection, "2026-Q3", tmp_path)


def test_the_register_has_a_row_for_each_application_of_its_days_and_no_other(
    connection: Connection, tmp_path: Path
) -> None:
    desk = originated.desk_of(connection, "2025-Q2", tmp_path)
    records = _written(desk)
    known = connection.execute(
        "select uli, action_taken from servicing.applications where action_taken_on between '2025-04-01' and '2025-06-30'"
    ).fetchall()
    assert sorted((record.uli, record.action_taken) for record in records) == sorted(known)
    assert {record.action_taken_date.month for record in records} <= {4, 5, 6}
    assert desk.report.summary["rows"] == len(known)


def test_a_row_says_what_origination_says(connection: Connection, tmp_path: Path) -> None:
    application, uli, amount, day, rate, term, street, apr, apor = connection.execute(
        "select a.application_id, a.uli, a.amount_cents, a.action_taken_on, t.note_rate_ppm, t.term_months, p.street, "
        "t.apr_ppm, t.apor_ppm from servicing.applications a join servicing.application_terms t using (application_id) "
        "join servicing.application_properties p using (application_id) "
        "where a.action_taken = 1 and a.loan_id is not null and t.apr_ppm is not null and "
        "a.action_taken_on between '2025-01-01' and '2025-12-31' order by 1 limit 1"
    ).fetchone() or pytest.fail("no loan was made in 2025")
    record = next(each for each in _written(originated.desk_of(connection, "2025", tmp_path)) if each.uli == uli)
    assert record.loan_amount == Decimal(amount) / 100
    assert record.action_taken_date == day
    assert record.interest_rate == Decimal(rate) / 10_000
    assert record.rate_spread == (Decimal(apr) - Decimal(apor)) / 10_000
    assert (record.loan_term, record.street_address) == (term, street)
    costs = connection.execute(
        "select loan_costs_cents, discount_points_cents from servicing.application_costs where application_id = %s",
        [application],
    ).fetchone()
    if costs and costs[0]:
        assert record.total_loan_costs == Decimal(costs[0]) / 100
        assert record.discount_points == (Decimal(costs[1]) / 100 if costs[1] else None)


def test_what_does_not_apply_says_so_in_the_words_of_its_field(connection: Connection, tmp_path: Path) -> None:
    for record in _written(originated.desk_of(connection, "2026", tmp_path)):
        action = record.action_taken
        assert (record.application_date == "NA") == (action == 6)
        assert (record.interest_rate == "NA") == (action in (3, 4, 5, 7))
        assert record.rate_spread == "NA" or action in (1, 2, 8)
        assert record.denial_reasons[0] == 10 or action in (3, 7)
        assert record.total_loan_costs == "NA" or action in (1, 6)
        assert record.purchaser_type == 0 or action in (1, 6)
        assert (record.submission_of_application == 3) == (action == 6)
        if action in (4, 5, 6):
            assert (record.debt_to_income_ratio, record.applicant.credit_score) == ("NA", 8888)
        if action in (7, 8):
            assert (record.preapproval, record.street_address, record.county) == (1, "NA", "NA")


def test_a_purchaser_is_named_only_if_the_sale_was_in_the_period_and_the_year(
    connection: Connection, tmp_path: Path
) -> None:
    application, uli = connection.execute(
        "select a.application_id, a.uli from servicing.applications a join servicing.loan_sales s using (application_id) "
        "where a.action_taken = 1 and a.action_taken_on between '2025-04-01' and '2025-06-30' limit 1"
    ).fetchone() or pytest.fail("nothing was sold")

    def purchaser(period: str, sold_on: date) -> int:
        connection.execute(
            "update servicing.loan_sales set sold_on = %s, purchaser_type = 71 where application_id = %s",
            [sold_on, application],
        )
        records = _written(originated.desk_of(connection, period, tmp_path))
        return next(each.purchaser_type for each in records if each.uli == uli)

    assert purchaser("2025-Q2", date(2025, 6, 30)) == 71
    assert purchaser("2025-Q2", date(2025, 7, 1)) == 0
    assert purchaser("2025", date(2025, 7, 1)) == 71
    assert purchaser("2025", date(2026, 1, 2)) == 0


def test_making_it_again_adds_nothing_and_a_change_is_a_version_of_one_row(
    connection: Connection, tmp_path: Path
) -> None:
    first = originated.desk_of(connection, "2025", tmp_path)
    before = list(lines(connection, PERSONAL_DATA, first.report))
    assert originated.desk_of(connection, "2025", tmp_path).report == first.report

    connection.execute(
        "update servicing.applications set nmlsr_id = '123456' where application_id = (select min(application_id) "
        "from servicing.applications where action_taken_on between '2025-01-01' and '2025-12-31')"
    )
    connection.execute(
        "update servicing.applications set action_taken_on = '2024-12-31', applied_on = '2024-12-01' "
        "where application_id = (select max(application_id) from servicing.applications where action_taken <> 6 and "
        "action_taken_on between '2025-01-01' and '2025-12-31')"
    )
    second = originated.desk_of(connection, "2025", tmp_path)
    assert second.report.version == 2
    assert second.report.summary["changed_rows"] == 2
    assert second.report.summary["rows"] == first.report.summary["rows"] - 1
    assert len(set(before) - set(lines(connection, PERSONAL_DATA, second.report))) == 2
    assert list(lines(connection, PERSONAL_DATA, first.report)) == before


def test_a_register_of_a_period_that_is_not_over_is_a_preview_and_cannot_be_approved(
    connection: Connection, tmp_path: Path
) -> None:
    desk = originated.desk_of(connection, "2026", tmp_path, today=date(2026, 12, 31))
    assert desk.report.preview_because == "the period ends on 2026-12-31"
    _write_confirmed(desk)
    with pytest.raises(LifecycleError, match="is a preview: the period ends on 2026-12-31"):
        approve(connection, find_report(connection, "hmda_lar", "2026"), "Kim")
    assert originated.desk_of(connection, "2026", tmp_path).report.preview_because is None


def _write_confirmed(desk: Desk) -> list[Path]:
    with judged(desk) as judgement:
        asked = {
            each.edit: "companies report no income" for each in judgement.of_kind(EditKind.QUALITY, EditKind.MACRO)
        }
        files = write_lar(desk, confirm(desk, judgement, asked, "Pat"))
        validated(desk.connection, desk.report, "Pat", files)
    return [file.path for file in files]


def test_an_edit_that_blocks_filing_leaves_no_file_and_is_named(connection: Connection, tmp_path: Path) -> None:
    connection.execute(
        "update servicing.applications set nmlsr_id = '0' where application_id = (select min(application_id) "
        "from servicing.applications where action_taken_on between '2025-01-01' and '2025-12-31')"
    )
    desk = originated.desk_of(connection, "2025", tmp_path)
    with judged(desk) as judgement:
        for write in (write_lar, write_csv):
            with pytest.raises(BlockedRegisterError, match=r"V695-2 \(1 row\)"):
                write(desk, judgement)
        with pytest.raises(BlockedRegisterError, match="V695-2: there is nothing to confirm"):
            confirm(desk, judgement, {"V695-2": "it is right"}, "Pat")
        page, rows, _ = write_register(desk, judgement)
        assert "Blocks filing" in page.path.read_text()
        (named,) = [line for line in rows.path.read_text().splitlines() if line.startswith("V695-2,validity,")]
        assert named.endswith(",NMLSR ID,0")
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".csv", ".csv", ".html"]
    assert _one(connection, "select rows from compliance.hmda_edits where edit = 'V695-2'") == 1


def test_what_is_asked_about_must_be_confirmed_with_a_reason_and_the_word_lapses_when_the_rows_change(
    connection: Connection, tmp_path: Path
) -> None:
    desk = originated.desk_of(connection, "2025", tmp_path)
    with judged(desk) as judgement:
        with pytest.raises(BlockedRegisterError, match=r"nobody has said so: Q629"):
            write_lar(desk, judgement)
        with pytest.raises(BlockedRegisterError, match="without a reason"):
            confirm(desk, judgement, {"Q629": " "}, "Pat")
        assert confirm(desk, judgement, {"Q629": "companies report no income"}, "Pat").refusal is None
    with judged(desk) as judgement:  # as it stands in the books, not in memory
        (path,) = (file.path for file in write_lar(desk, judgement))
    sheet, *rows = path.read_text().splitlines()
    assert read_sheet(sheet).total_entries == len(rows) == desk.report.summary["rows"]
    assert path.stat().st_mode & 0o077 == 0
    with judged(originated.desk_of(connection, "2025", tmp_path)) as judgement:
        (table,) = write_csv(desk, judgement)
        assert len(table.path.read_text().splitlines()) == len(rows) + 1

    connection.execute(
        "update servicing.applications set income_thousands = null where application_id = (select min(application_id) "
        "from servicing.applications where loan_purpose = 1 and income_thousands is not null and action_taken <> 6 and "
        "action_taken_on between '2025-01-01' and '2025-12-31')"
    )
    changed = originated.desk_of(connection, "2025", tmp_path)
    with judged(changed) as judgement, pytest.raises(BlockedRegisterError, match="Q629"):
        write_lar(changed, judgement)


def test_what_servicing_says_otherwise_is_flagged_and_overwrites_nothing(
    loaded: Database, connection: Connection, tmp_path: Path
) -> None:
    desk = originated.desk_of(connection, "2025", tmp_path)
    before = list(lines(connection, PERSONAL_DATA, desk.report))
    known = differences(connection, desk.period)
    connection.rollback()
    chosen = (
        "(select min(a.loan_id) from servicing.applications a where a.action_taken = 1 and a.action_taken_on between "
        "'2025-02-01' and '2025-12-31' and not exists (select from flagged f where f.loan_id = a.loan_id))"
    )
    with loaded.connect("owner") as owner:
        owner.execute(
            "create temporary table flagged as select a.loan_id from servicing.applications a join servicing.loans l "
            "using (loan_id) join servicing.application_terms t using (application_id) where a.amount_cents <> "
            "l.original_principal_cents or t.note_rate_ppm <> l.rate_ppm"
        )
        loan = owner.execute(f"select {chosen}".encode()).fetchone()
        assert loan
        owner.execute(
            "update servicing.loans set original_principal_cents = original_principal_cents + 100, rate_ppm = rate_ppm + "
            "1250, term_instalments = term_instalments - 12, last_instalment = least(last_instalment, term_instalments - 12) "
            "where loan_id = %s",
            loan,
        )
        owner.execute("insert into servicing.subordinate_liens values (%s, 2) on conflict do nothing", loan)
        owner.execute("update servicing.properties set zip = '00000' where property_id = %s", loan)
        owner.execute("set role payments_compliance")
        again = originated.desk_of(owner, "2025", tmp_path)
        assert list(lines(owner, PERSONAL_DATA, again.report)) == before
        found = differences(owner, again.period)
        for field in ("amount", "rate", "term", "zip"):
            assert found[field] == known.get(field, 0) + 1, field
        assert "lien" in found
        fields = owner.execute("select field from compliance.hmda_differences where loan_id = %s", loan).fetchall()
        assert {field for (field,) in fields} >= {"amount", "rate", "term", "zip"}
        owner.rollback()


def test_a_loan_of_the_year_that_no_application_tells_of_is_flagged(connection: Connection, tmp_path: Path) -> None:
    connection.execute(
        "update servicing.applications set loan_id = null where application_id = (select min(application_id) from "
        "servicing.applications where action_taken = 1 and loan_id is not null and extract(year from action_taken_on) = 2025)"
    )
    originated.desk_of(connection, "2025", tmp_path)
    assert differences(connection, ActivityPeriod(2025)).get("application", 0) >= 1


def _bought_back(connection: Connection, application: int, on: date, number: int = 1) -> None:
    """A purchase of the loan that came of an application, under a number of its own."""
    purchase = -application - number
    connection.execute(
        "insert into servicing.applications (application_id, uli, loan_id, action_taken, action_taken_on, loan_type, "
        "loan_purpose, is_preapproval_requested, occupancy_type, amount_cents, hoepa_status, submission_channel, "
        "initially_payable, nmlsr_id) select %s, uli, loan_id, 6, %s, loan_type, loan_purpose, false, occupancy_type, "
        "amount_cents, hoepa_status, 3, 3, nmlsr_id from servicing.applications where application_id = %s",
        (purchase, on, application),
    )
    connection.execute(
        "insert into servicing.application_terms (application_id, lien_status, note_rate_ppm, term_months) "
        "select %s, lien_status, note_rate_ppm, term_months from servicing.application_terms where application_id = %s",
        (purchase, application),
    )
    connection.execute(
        "insert into servicing.application_properties (application_id, street, city, state, zip, county_fips, "
        "census_tract, units, is_manufactured) select %s, street, city, state, zip, county_fips, census_tract, units, "
        "is_manufactured from servicing.application_properties where application_id = %s",
        (purchase, application),
    )


@pytest.fixture
def made(connection: Connection) -> tuple[int, str, int]:
    """An ordinary loan that we made in 2024: its application, its ULI, and its number."""
    found = connection.execute(
        "select a.application_id, a.uli, a.loan_id from servicing.applications a "
        "join servicing.application_properties p using (application_id) "
        "where a.action_taken = 1 and a.loan_id is not null and extract(year from a.action_taken_on) = 2024 "
        "and p.units = 1 and not p.is_manufactured and not a.is_reverse and not a.is_open_end "
        "and not a.is_business_purpose order by 1 limit 1"
    ).fetchone()
    assert found is not None
    application, uli, loan = found
    return application, uli, loan


def _actions(desk: Desk, uli: str) -> list[int]:
    return sorted(record.action_taken for record in _written(desk) if record.uli == uli)


def test_a_loan_that_was_made_sold_and_bought_back_is_reported_each_time_under_its_uli(
    connection: Connection, made: tuple[int, str, int], tmp_path: Path, census: Census
) -> None:
    application, uli, _ = made
    known = originated.desk_of(connection, "2024", tmp_path).report
    _bought_back(connection, application, date(2025, 3, 3))
    assert originated.desk_of(connection, "2024", tmp_path).report == known, "what was reported stays as it is"
    desk = originated.desk_of(connection, "2025", tmp_path, census=census)
    assert _actions(desk, uli) == [6]
    with judged(desk) as judgement:
        assert {each.edit for each in judgement.broken} <= {"Q629"}


def test_a_loan_that_is_bought_back_in_the_year_in_which_it_was_made_asks_for_a_confirmation(
    connection: Connection, made: tuple[int, str, int], tmp_path: Path, census: Census
) -> None:
    application, uli, _ = made
    _bought_back(connection, application, date(2024, 12, 30))
    _bought_back(connection, application, date(2024, 12, 31), number=2)
    desk = originated.desk_of(connection, "2024", tmp_path, census=census)
    assert _actions(desk, uli) == [1, 6, 6]
    with judged(desk) as judgement:
        assert {each.edit for each in judgement.broken} == {"Q600", "Q629"}
    assert len(_write_confirmed(desk)) == 1


def test_a_uli_is_of_one_application_and_of_one_purchase_a_day(
    connection: Connection, made: tuple[int, str, int]
) -> None:
    application, uli, _ = made
    _bought_back(connection, application, date(2025, 3, 3))
    with pytest.raises(psycopg.errors.UniqueViolation, match="applications_purchase"), connection.transaction():
        _bought_back(connection, application, date(2025, 3, 3), number=2)
    with pytest.raises(psycopg.errors.UniqueViolation, match="applications_uli"), connection.transaction():
        connection.execute(
            "update servicing.applications set uli = %s where application_id = "
            "(select max(application_id) from servicing.applications where action_taken <> 6)",
            (uli.lower(),),
        )


def test_a_loan_that_was_bought_back_is_flagged_until_a_purchase_tells_of_it(
    connection: Connection, made: tuple[int, str, int], tmp_path: Path
) -> None:
    application, _, loan = made
    connection.execute(
        "insert into servicing.loan_tax_terms (loan_id, acquired_on, is_purchase, is_principal_residence) "
        "values (%s, '2025-03-03', true, true) on conflict (loan_id) do update set acquired_on = excluded.acquired_on, "
        "owner_name = null",
        (loan,),
    )

    def is_flagged() -> bool:
        originated.desk_of(connection, "2025", tmp_path)
        return bool(
            _one(
                connection,
                "select exists (select from compliance.hmda_differences where loan_id = %s and field = 'application')",
                loan,
            )
        )

    assert is_flagged(), "its only application is that of 2024"
    _bought_back(connection, application, date(2025, 3, 3))
    assert not is_flagged()


def test_rows_that_were_touched_or_moved_are_found(loaded: Database, connection: Connection, tmp_path: Path) -> None:
    originated.desk_of(connection, "2024", tmp_path)
    connection.execute("set role none")
    connection.execute(
        "update compliance.hmda_lar set line_encrypted = (select line_encrypted from compliance.hmda_lar "
        "order by application_id limit 1) where period = '2024'"
    )
    connection.execute("set role payments_compliance")
    moved = originated.desk_of(connection, "2024", tmp_path)
    with pytest.raises(PersonalDataError, match="moved there from another row"):
        list(lines(connection, PERSONAL_DATA, moved.report))
    connection.execute("set role none")
    connection.execute("update compliance.hmda_lar set hash = '\\x00' where period = '2024'")
    connection.execute("set role payments_compliance")
    with pytest.raises(RegisterError, match="not what they were when it was drafted"), judged(moved):
        pass


def test_the_page_of_the_ui_names_no_row_and_nobody(connection: Connection, tmp_path: Path) -> None:
    desk = originated.desk_of(connection, "2025", tmp_path)
    with judged(desk) as judgement:
        told = markdown(desk, judgement, differences(connection, desk.period), [])
    assert "Q629" in told
    assert "--confirm Q629=REASON" in told
    for record in _written(desk):
        assert record.uli not in told
    assert "Loan originated" in told


def test_the_pipeline_reads_nothing_personal_of_a_register(loaded: Database) -> None:
    for hidden in (
        "select line_encrypted from compliance.hmda_lar",
        "select serviced from compliance.hmda_differences",
        "insert into compliance.hmda_confirmations values ('2025', 'Q629', '\\x00', 'x', 'x')",
    ):
        with loaded.connect() as pipeline, pytest.raises(psycopg.errors.InsufficientPrivilege):
            pipeline.execute(hidden.encode())
