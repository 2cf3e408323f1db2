"""Every edit lets valid applications pass, and stops each of them once the field that it minds is broken."""

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import polars as pl
import pytest

from payments_pipeline.hmda.census import Census
from payments_pipeline.hmda.check import RegisterCheck
from payments_pipeline.hmda.edits import ALL_EDITS, FILE_EDITS, ROW_EDITS, SHEET_EDITS
from payments_pipeline.hmda.edits.model import YEARS, EditKind, Institution
from payments_pipeline.hmda.layout import LAR_BY_KEY, LAR_KEYS, SHEET_BY_KEY
from payments_pipeline.hmda.records import LoanApplication, TransmittalSheet
from payments_pipeline.hmda.sample import LEI, sample_applications, sample_sheet
from tests.hmda.applications import APPLICATIONS, ORIGINATED, YEAR
from tests.hmda.breaking_cases import BREAKS, BREAKS_IN, PASSES, PREEMPTED, Case

CENSUS = Census(
    tracts=pl.Series(["06037264000", "48453002113"]),
    counties=pl.Series(["06037", "48453"]),
    small_counties=pl.Series(["48453"]),
)
HUD = 7
Row = dict[str, str]
Found = dict[int | None, set[str]]
KNOWN_WARNINGS = {("to a company", "Q629"), ("to two companies", "Q629"), ("exempt", "Q646"), ("exempt", "Q647")}
"""Quality edits that valid applications raise: a company has no income, and an exemption is to be verified."""


def check_rows(path: Path, rows: Iterable[Row], *, year: int, quarter: int | None = None, **sheet: object) -> Found:
    """The edits that rows of a register break, by row; those of the file under None."""
    lines = ["|".join(row[key] for key in LAR_KEYS) for row in rows]
    first = dataclasses.replace(sample_sheet(len(lines), year=year, quarter=quarter or 4), **sheet)  # type: ignore[arg-type]
    path.write_text("\n".join([first.line(), *lines]) + "\n", encoding="utf-8")
    found: Found = defaultdict(set)
    for findings in RegisterCheck(path, year=year, quarter=quarter, census=CENSUS).findings():
        for finding in findings:
            for violation in finding.violations():
                found[violation.row].add(violation.field if violation.kind is EditKind.PARSER else violation.edit)
    return found


def valid(name: str, year: int) -> Row:
    """A valid application of a year, as the texts of its fields."""
    texts = APPLICATIONS[name].texts()
    dated = ("application_date", "action_taken_date")
    return texts | {key: texts[key].replace(str(YEAR), str(year), 1) for key in dated}


def broken(case: Case, year: int) -> Row:
    """The application of a case, with its field broken."""
    name, key, value = case
    return valid(name, year) | {key: value.format(year=year, last_year=year - 1, two_years_ago=year - 2)}


@pytest.fixture(scope="module")
def found_in(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], dict[Case | str, set[str]]]:
    """What a year's edits say of every valid application and of every case, checked as one register."""

    @cache
    def check_year(year: int) -> dict[Case | str, set[str]]:
        cases = [*BREAKS.values(), *BREAKS_IN.values(), *PREEMPTED.values(), *(case for _, case in PASSES)]
        names: list[Case | str] = [*APPLICATIONS, *dict.fromkeys(cases)]
        rows = [valid(name, year) if isinstance(name, str) else broken(name, year) for name in names]
        path = tmp_path_factory.mktemp("registers") / f"{year}.txt"
        found = check_rows(path, rows, year=year, federal_agency=HUD)
        return {name: found[number] for number, name in enumerate(names, start=2)}

    return check_year


YEARS_OF_EDITS: dict[str, list[int]] = defaultdict(list)
for _edit in ROW_EDITS:
    if not _edit.is_preempted:
        YEARS_OF_EDITS[_edit.id] += [year for year in YEARS if _edit.applies_to(year, None)]


def test_every_edit_of_a_row_has_a_breaking_case_and_every_case_an_edit() -> None:
    changing = {edit for edit, _ in BREAKS_IN}
    assert set(YEARS_OF_EDITS) == set(BREAKS) | changing
    assert {(edit, year) for edit in changing for year in YEARS_OF_EDITS[edit]} == set(BREAKS_IN)
    assert {edit.id for edit in ROW_EDITS if edit.is_preempted} == set(PREEMPTED)


@pytest.mark.parametrize("edit", YEARS_OF_EDITS)
def test_a_broken_field_is_found_where_the_valid_application_passes(
    edit: str, found_in: Callable[[int], dict[Case | str, set[str]]]
) -> None:
    for year in YEARS_OF_EDITS[edit]:
        case = BREAKS_IN.get((edit, year)) or BREAKS[edit]
        assert edit in found_in(year)[case], year
        assert edit not in found_in(year)[case[0]], year


@pytest.mark.parametrize("year", YEARS)
def test_valid_applications_break_nothing(year: int, found_in: Callable[[int], dict[Case | str, set[str]]]) -> None:
    found = {(name, edit) for name in APPLICATIONS for edit in found_in(year)[name]}
    assert found <= KNOWN_WARNINGS


def test_the_last_value_that_passes_passes(found_in: Callable[[int], dict[Case | str, set[str]]]) -> None:
    assert [(edit, case) for edit, case in PASSES if edit in found_in(YEAR)[case]] == []


@pytest.mark.parametrize(("edit", "case"), PREEMPTED.items())
def test_what_the_parser_refuses_is_a_formatting_error_and_no_edit_sees_the_row(
    edit: str, case: Case, found_in: Callable[[int], dict[Case | str, set[str]]]
) -> None:
    assert found_in(YEAR)[case] == {LAR_BY_KEY[case[1]].parser_name}


@pytest.mark.parametrize(
    ("edit", "fields", "value"),
    [
        ("Q657", "Age of Applicant or Borrower", "1111"),
        ("Q646", "Discount Points", "Exempt"),
        ("V610-2", "Application Date; Action Taken", "NA; 1"),
    ],
)
def test_a_violation_names_the_fields_and_what_stands_in_them(
    edit: str, fields: str, value: str, tmp_path: Path
) -> None:
    row = broken({"V610-2": ("originated", "application_date", "NA")}.get(edit, BREAKS[edit]), YEAR)
    path = tmp_path / "register.txt"
    path.write_text(f"{sample_sheet(1, year=YEAR).line()}\n{'|'.join(row.values())}\n", encoding="utf-8")
    violations = [
        violation
        for findings in RegisterCheck(path, year=YEAR).findings()
        for finding in findings
        for violation in finding.violations()
        if violation.edit == edit
    ]
    assert [(violation.row, violation.field, violation.value) for violation in violations] == [(2, fields, value)]


SHEET_BREAKS: dict[str, dict[str, object]] = {
    "S300": {"record_identifier": 2},
    "S302": {"calendar_year": 2019},
    "S303": {"tax_id": "11-1111111"},
    "V600": {"lei": "549300"},
    "V601": {"office_city": ""},
    "V602": {"calendar_quarter": 1},
    "V603": {"contact_phone": "(555) 555-0100"},
    "V604": {"office_state": "XX"},
    "V605": {"office_zip_code": "6270"},
    "V606": {"total_entries": 0},
    "V607": {"tax_id": "999999999"},
    "V717": {"contact_email": "hmda@lending"},
    "V718": {"calendar_quarter": 3},
    "V719-1": {"institution_name": "12345"},
    "V719-2": {"institution_name": LEI},
    "Q303": {"federal_agency": 5},
}


def test_every_edit_of_the_sheet_has_a_breaking_case() -> None:
    assert {edit.id for edit in SHEET_EDITS} == set(SHEET_BREAKS)


@pytest.mark.parametrize(
    ("edit", "year", "quarter"),
    [
        (edit.id, year, quarter)
        for edit in SHEET_EDITS
        for year in YEARS
        for quarter in (None, 2)
        if edit.applies_to(year, quarter)
    ],
)
def test_a_broken_sheet_is_found(edit: str, year: int, quarter: int | None, tmp_path: Path) -> None:
    sheet = sample_sheet(0, year=year, quarter=quarter or 4)
    institution = Institution(sheet.lei.lower(), sheet.federal_agency, sheet.tax_id)

    def found(sheet: TransmittalSheet) -> set[str]:
        path = tmp_path / "sheet.txt"
        path.write_text(sheet.line() + "\n", encoding="utf-8")
        check = RegisterCheck(path, year=year, quarter=quarter, institution=institution)
        return {finding.edit for finding in next(check.findings())}

    whole = dataclasses.replace(sheet, total_entries=1)
    assert found(whole) == set()
    assert edit in found(dataclasses.replace(whole, **SHEET_BREAKS[edit]))  # type: ignore[arg-type]


def rows_of(*changes: dict[str, str]) -> list[Row]:
    """Originated loans with identifiers of their own, each with its changes."""
    applications = sample_applications(len(changes), year=YEAR, seed=7)
    return [
        ORIGINATED.texts() | {"uli": application.uli} | change
        for application, change in zip(applications, changes, strict=True)
    ]


TWICE: dict[str, str] = {"uli": ORIGINATED.uli}
FILE_BREAKS: dict[str, tuple[int, int | None, list[Row], dict[str, object]]] = {
    "S304": (YEAR, None, rows_of({}, {}), {"total_entries": 3}),
    "S305": (YEAR, None, rows_of(TWICE, TWICE), {}),
    "S306": (YEAR, None, rows_of(TWICE, {"uli": ORIGINATED.uli.lower(), "loan_term": "240"}), {}),
    "S307": (YEAR, 2, rows_of({"action_taken_date": f"{YEAR}0630"}, {"action_taken_date": f"{YEAR}0701"}), {}),
    "Q600": (YEAR, None, rows_of(TWICE, TWICE | {"action_taken": "2"}), {}),
    "Q634": (YEAR, None, rows_of(*({} for _ in range(26))), {}),
    "Q635": (YEAR, None, rows_of(*({} for _ in range(5)), {"action_taken": "2"}), {}),
    "Q636": (YEAR, None, rows_of({}, {}, {"action_taken": "4"}), {}),
    "Q637": (YEAR, None, rows_of(*({} for _ in range(5)), {"action_taken": "5"}), {}),
    "Q638": (YEAR, None, rows_of({}, *({"action_taken": "3"} for _ in range(5))), {}),
    "Q639": (YEAR, None, rows_of(*({"preapproval": "1"} for _ in range(1_001))), {}),
    "Q640": (YEAR, None, rows_of({}, {}, {}, {"income": "9"}), {}),
    "Q646": (2024, None, rows_of({"interest_rate": "Exempt"}), {}),
    "Q647": (2024, None, rows_of({"business_purpose": "1111"}), {"federal_agency": HUD}),
}
FILE_PASSES: dict[str, tuple[int, int | None, list[Row], dict[str, object]]] = {
    "S304": (YEAR, None, rows_of({}, {}), {}),
    "S305": (YEAR, None, rows_of(TWICE, TWICE | {"loan_term": "240"}), {}),
    "S306": (YEAR, None, rows_of(TWICE, TWICE | {"action_taken": "2"}), {}),
    "S307": (YEAR, 2, rows_of({"action_taken_date": f"{YEAR}0630"}, {"action_taken_date": f"{YEAR}0331"}), {}),
    "Q600": (YEAR, None, rows_of({}, {}), {}),
    "Q634": (YEAR, None, rows_of(*({} for _ in range(25))), {}),
    "Q635": (YEAR, None, rows_of(*({} for _ in range(6)), {"action_taken": "2"}), {}),
    "Q636": (YEAR, None, rows_of({}, {}, {}, {"action_taken": "4"}), {}),
    "Q637": (YEAR, None, rows_of(*({} for _ in range(6)), {"action_taken": "5"}), {}),
    "Q638": (YEAR, None, rows_of({}, *({"action_taken": "3"} for _ in range(4)), {"action_taken": "7"}), {}),
    "Q639": (YEAR, None, rows_of(*({"preapproval": "1"} for _ in range(1_000))), {}),
    "Q640": (YEAR, None, rows_of({}, {}, {}, {}, {"income": "9"}, {"income": "NA"}), {}),
    "Q646": (2024, None, rows_of({"interest_rate": "1111"}), {}),
    "Q647": (2024, None, rows_of({"business_purpose": "1111"}), {}),
}


def test_every_edit_of_the_file_has_a_breaking_case() -> None:
    assert {edit.id for edit in FILE_EDITS} == set(FILE_BREAKS) == set(FILE_PASSES)


@pytest.mark.parametrize("edit", FILE_BREAKS)
def test_a_broken_file_is_found_and_one_within_bounds_passes(edit: str, tmp_path: Path) -> None:
    for cases, is_found in ((FILE_BREAKS, True), (FILE_PASSES, False)):
        year, quarter, rows, sheet = cases[edit]
        found = check_rows(tmp_path / "register.txt", rows, year=year, quarter=quarter, **sheet)
        assert (edit in found[None]) is is_found, cases


def test_the_first_quarter_counts_whatever_was_decided_before_its_end(tmp_path: Path) -> None:
    early = {"action_taken_date": f"{YEAR - 1}1231", "application_date": f"{YEAR - 1}1201"}
    found = check_rows(tmp_path / "first.txt", rows_of(early), year=YEAR, quarter=1)
    assert "S307" not in found[None]
    assert "V619-2" in found[2]  # which is why no such row can be filed all the same
    assert "S307" in check_rows(tmp_path / "second.txt", rows_of(early), year=YEAR, quarter=2)[None]


def test_macro_edits_of_2026_are_not_run_as_the_platform_has_no_list_of_them(tmp_path: Path) -> None:
    rows = rows_of({"action_taken": "4"})
    assert "Q636" in check_rows(tmp_path / "2025.txt", rows, year=2025)[None]
    assert "Q636" not in check_rows(tmp_path / "2026.txt", rows, year=2026)[None]


@pytest.mark.parametrize("year", YEARS)
def test_every_outcome_of_the_samples_can_be_filed_without_a_warning(year: int, tmp_path: Path) -> None:
    applications: list[LoanApplication] = list(sample_applications(800, year=year))
    assert {application.action_taken for application in applications} == set(range(1, 9))
    sheet = sample_sheet(len(applications), year=year)
    path = tmp_path / "register.txt"
    path.write_text("\n".join([sheet.line(), *(one.line() for one in applications)]) + "\n", encoding="utf-8")
    assert [finding for findings in RegisterCheck(path, year=year).findings() for finding in findings] == []


def test_edits_are_declared_well() -> None:
    for edit in ALL_EDITS:
        assert edit.text == edit.text.strip()
        assert edit.first_year <= (edit.last_year or YEARS[-1])
        assert all(key in LAR_BY_KEY or key in SHEET_BY_KEY for key in edit.fields)
        assert edit.kind is not EditKind.MACRO or edit.is_macro


def test_no_edit_applies_twice_to_one_thing_in_one_filing() -> None:
    for edits in (SHEET_EDITS, ROW_EDITS, FILE_EDITS):
        for year in YEARS:
            for quarter in (None, 1):
                ids = [edit.id for edit in edits if edit.applies_to(year, quarter)]
                assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("year", "rows", "sheet", "file"),
    [
        (2024, {"S": 2, "V": 222, "Q": 62}, {"S": 3, "V": 11}, {"S": 3, "Q": 1}),
        (2025, {"S": 2, "V": 223, "Q": 66}, {"S": 2, "V": 11, "Q": 1}, {"S": 3, "Q": 1}),
        (2026, {"S": 2, "V": 223, "Q": 65}, {"S": 2, "V": 11, "Q": 1}, {"S": 3, "Q": 1}),
    ],
)
def test_a_year_has_as_many_edits_as_the_platform_runs(
    year: int, rows: dict[str, int], sheet: dict[str, int], file: dict[str, int]
) -> None:
    def counted(edits: Iterable[object]) -> dict[str, int]:
        ids = [edit.id for edit in edits if edit.applies_to(year, None) and not edit.is_macro]  # type: ignore[attr-defined]
        return {
            letter: sum(one.startswith(letter) for one in ids)
            for letter in "SVQ"
            if any(one.startswith(letter) for one in ids)
        }

    assert (counted(ROW_EDITS), counted(SHEET_EDITS), counted(FILE_EDITS)) == (rows, sheet, file)
