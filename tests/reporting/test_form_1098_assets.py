"""Form 1098 in the graph: computed, checked, written and told of, without a word about who anybody is."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from payments_pipeline import clock
from payments_pipeline.formats.tax_identity import Address
from payments_pipeline.graph import build_defs
from payments_pipeline.postgres import run as postgres_run
from payments_pipeline.postgres.connect import Database
from payments_pipeline.postgres.statements import Statement
from payments_pipeline.reporting import form_1098_assets
from payments_pipeline.reporting.lifecycle import approve, find_report, find_reports
from payments_pipeline.resources import Platform
from payments_pipeline.settings import load_settings
from tests.reporting import taxbook

EDITS = {
    "control_totals_are_those_of_the_records",
    "every_field_is_as_the_layout_says",
    "no_mortgage_is_filed_twice",
    "records_are_in_order_and_counted",
}


@dataclass
class Office:
    """The book of the tests, and Dagster over it."""

    database: Database
    home: Path
    instance: dg.DagsterInstance

    def run(self, job: str, year: str) -> dg.ExecuteInProcessResult:
        """A job for a year."""
        platform = Platform(self.database, self.home, self.home)
        return (
            build_defs({"platform": platform})
            .resolve_job_def(job)
            .execute_in_process(
                instance=self.instance,
                partition_key=year,
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
                raise_on_error=False,
            )
        )

    def everything_told(self) -> str:
        """All that Dagster keeps of its runs."""
        runs = self.instance.get_runs()
        return "\n".join(
            str(record.event_log_entry)
            for run in runs
            for record in self.instance.get_records_for_run(run.run_id).records
        )


@pytest.fixture(scope="module")
def office(kept: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with dg.DagsterInstance.ephemeral() as instance, pytest.MonkeyPatch.context() as patched:
        patched.setenv("PAYMENTS_PII_KEY", _key())
        yield Office(kept, tmp_path_factory.mktemp("office"), instance)
        with kept.connect("owner") as owner:  # the other tests find the book as it was
            for table in (
                "reports", "report_files", "compliance_audit_log", "forms_1098", "filed_1098", "filing_references",
            ):  # fmt: skip
                owner.execute(f"truncate compliance.{table}".encode())
            owner.execute("drop view if exists reporting.form_1098_evidence")
            owner.execute("drop table if exists reporting.form_1098_boxes, reporting.form_1098_to_ledger")


@pytest.fixture(scope="module")
def reported(office: Office) -> dg.ExecuteInProcessResult:
    """The first report of 2025, which the tests of what comes after it need, in whatever order they are run."""
    return office.run("report_the_tax_year", "2025")


def _key() -> str:
    import base64

    return base64.b64encode(taxbook.PERSONAL_DATA.key).decode()


def _checks(result: dg.ExecuteInProcessResult) -> dict[str, bool]:
    return {check.check_name: check.passed for check in result.get_asset_check_evaluations()}


def _metadata(result: dg.ExecuteInProcessResult, table: str) -> dict[str, Any]:
    (event,) = [
        event
        for event in result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey(["compliance", table])
    ]
    return {name: value.value for name, value in event.materialization.metadata.items()}


def test_a_year_goes_from_the_ledger_to_a_file_and_a_page(office: Office, reported: dg.ExecuteInProcessResult) -> None:
    assert reported.success
    assert _checks(reported) == dict.fromkeys(EDITS, True) | {
        "forms_agree_with_the_general_ledger": True,
        "no_form_waits_for_a_person": False,  # one without a number, one abroad: a warning
        "the_audit_log_is_whole": True,
    }
    files = _metadata(reported, "report_files")
    written = Path(files["file: 1098-2025-v1.fire.txt"])
    assert written.is_file()
    assert written.stat().st_mode & 0o077 == 0
    assert written.parent == form_1098_assets.reports_folder(office.home, "2025") == Path(files["folder"])
    page = _metadata(reported, "reports")["review page"]
    assert page.startswith("# Form 1098 for 2025, version 1: validated")
    assert "**Yes, to the cent, in the sum and for each loan.**" in page
    assert "LN0000000019" in page, "the loan without a number"
    assert "payments report approve 1098 --year 2025" in page


@pytest.mark.usefixtures("reported")
def test_the_page_shows_the_life_of_the_report_and_nothing_that_was_approved_is_written_again(office: Office) -> None:
    with office.database.connect("compliance") as connection:
        approve(connection, find_report(connection, "form_1098", "2025"), "Kim", "all read")
    again = office.run("report_the_tax_year", "2025")
    assert again.success
    assert [name for name in _metadata(again, "report_files") if name.startswith("file: ")] == []
    page = _metadata(again, "reports")["review page"]
    assert page.startswith("# Form 1098 for 2025, version 1: approved")
    assert re.search(r"\| approved \| done \| Kim \|", page)
    assert "| submitted | open |" in page
    with office.database.connect("compliance") as connection:
        assert len(find_reports(connection, "form_1098", "2025")) == 1


def test_a_file_that_would_be_refused_is_told_by_its_edits_and_not_kept(
    office: Office, book: dict[str, taxbook.Loan]
) -> None:
    loan = book["insured"]
    with office.database.connect("owner") as owner:
        taxbook.identify(owner, loan, 2, loan.identity, Address("####", "Salem", "OR", "97301"))
    try:
        result = office.run("report_the_tax_year", "2026")
    finally:
        with office.database.connect("owner") as owner:
            owner.execute("delete from servicing.tax_identities where version = 2")
    assert not result.success
    assert {name for name, passed in _checks(result).items() if not passed} - {"no_form_waits_for_a_person"} == {
        "every_field_is_as_the_layout_says"
    }
    (refused,) = [
        check
        for check in result.get_asset_check_evaluations()
        if check.check_name == "every_field_is_as_the_layout_says"
    ]
    assert "AddressLine1Txt" in str(refused.metadata["faults"].value)
    assert not list(form_1098_assets.reports_folder(office.home, "2026").glob("*.xml"))


@pytest.mark.usefixtures("reported")
def test_nothing_that_dagster_keeps_says_who_anybody_is(office: Office) -> None:
    told = office.everything_told()
    assert "forms_agree_with_the_general_ledger" in told
    for personal in ("Bergh", "BERGH", "900555666", "900123456", "071234567", "Doe", "Elbstra", "Holdings"):
        assert personal not in told


# a constant, since Dagster shows the lines of code that failed
SPILLED = "select 'Jane Doe 900123456'::integer"


def _spills_by_statement(connection: Any, *_: object) -> None:
    connection.execute(SPILLED)


def _spills_by_file(connection: Any, *_: object) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(postgres_run, "statements", lambda _: (Statement(SPILLED, 12),))
        postgres_run.run(connection, "reporting/forms_1098")


@pytest.mark.parametrize(
    ("spill", "told"),
    [
        (_spills_by_statement, "InvalidTextRepresentation (22P02)"),
        (_spills_by_file, "sql/reporting/forms_1098.sql, line 12: InvalidTextRepresentation (22P02)"),
    ],
)
def test_an_error_of_the_database_is_told_without_the_row_that_it_is_about(
    office: Office, monkeypatch: pytest.MonkeyPatch, spill: Any, told: str
) -> None:
    monkeypatch.setattr(form_1098_assets, "draft", spill)
    result = office.run("report_the_tax_year", "2025")
    assert not result.success
    everything = office.everything_told()
    assert told in everything
    assert "Jane Doe" not in everything


@pytest.mark.usefixtures("reported")
def test_each_box_is_held_against_its_ledger_entries_by_the_marts(office: Office) -> None:
    result = office.run("prove_the_tax_year", "2025")
    assert result.success
    assert _checks(result) == {
        "all_forms_add_up_to_the_general_ledger": True,
        "evidence_adds_up_to_each_box": True,
        "every_box_is_one_of_the_form": True,
        "every_form_is_in_the_bridge": True,
    }
    with office.database.connect() as connection:
        found = connection.execute(
            "select count(*), count(*) filter (where cents <> evidence_cents) from reporting.form_1098_boxes where tax_year = 2025"
        ).fetchone()
        assert found is not None
        assert found[0] > 20
        assert found[1] == 0
        columns = connection.execute(
            "select string_agg(attname, ' ') from pg_attribute where attrelid = 'reporting.form_1098_evidence'::regclass"
        ).fetchone()
    assert columns is not None
    assert "borrower" not in columns[0]


@pytest.mark.parametrize(("hour", "is_prior"), [(4, 0), (5, 1)])  # the new year begins in New York
def test_whether_a_year_is_a_prior_one_goes_by_the_clock_of_the_home_as_for_the_command(
    office: Office, tmp_path: Path, hour: int, is_prior: int
) -> None:
    clock.set_clock(tmp_path, datetime(2028, 1, 1, hour, tzinfo=UTC))
    replace(office, home=tmp_path).run("report_the_tax_year", "2026")
    (file,) = form_1098_assets.reports_folder(tmp_path, "2026").glob("*.xml")
    assert f"<PriorYearDataInd>{is_prior}</PriorYearDataInd>".encode() in file.read_bytes()


def test_the_settings_of_the_tests_have_a_key() -> None:
    assert load_settings().pii_key is not None
