"""HMDA: row for row what CFPB's own engine said of files that nobody here wrote.

The expected results are answers of the platform's unmodified rules for activity year 2025 (its README says how they
were made). Nothing is excepted but what the engine itself left out: a row's `ignore` lists edits on which it
stumbled.
"""

import gzip
import json
import tarfile
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from payments_pipeline.hmda.census import Census, read_census
from payments_pipeline.hmda.check import RegisterCheck
from payments_pipeline.hmda.edits import FILE_EDITS, ROW_EDITS, SHEET_EDITS
from payments_pipeline.hmda.edits.model import YEARS, EditKind
from payments_pipeline.hmda.layout import LAR_FIELDS
from payments_pipeline.rules.uli import check_digits, is_uli

FIXTURES = Path(__file__).resolve().parents[3] / "shared" / "fixtures" / "hmda"
pytestmark = pytest.mark.skipif(not FIXTURES.is_dir(), reason="the fixtures are not beside this checkout")
ORACLE = FIXTURES / "oracle"
NEVER_RUN = {2024: {"V719", "Q604"}, 2025: {"V719", "Q604", "Q651"}, 2026: {"V719", "Q604", "Q651"}}
"""Edits that have a text of the year and that no engine of the year runs."""
FEWER_FIELDS = {"Q614-1", "Q614-2", "Q646", "Q647"}
"""Their fields are cut off, or not there yet, in the quarterly lists of texts."""


@dataclass
class Said:
    """What is said of a file: the edits and formatting errors of each row (row 1 is the sheet), and of the file."""

    edits: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    faults: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    of_file: set[str] = field(default_factory=set)


@cache
def census() -> Census:
    return read_census(ORACLE / "mini_census.txt")


def we_say(path: Path, year: int) -> Said:
    said = Said()
    for findings in RegisterCheck(path, year=year, census=census()).findings():
        for finding in findings:
            for violation in finding.violations():
                if violation.row is None:
                    # the engine's answers have no macro edits: the platform runs them as a stage of their own
                    said.of_file |= {violation.edit} - ({violation.edit} if violation.kind is EditKind.MACRO else set())
                elif violation.kind is EditKind.PARSER:
                    said.faults[violation.row].append(f"{violation.field}={violation.value}")
                else:
                    said.edits[violation.row].add(violation.edit)
    return said


def disagreements(path: Path, expected: dict[str, Any]) -> list[str]:
    """Where we and the engine differ on a file, each with what is missing and what is too much."""
    said = we_say(path, expected["year"])
    found = []
    for row in [{"row": 1, **expected["ts"]}, *expected["lars"]]:
        number = row["row"]
        theirs = {edit for kind in "SVQ" for edit in row.get(kind, ())}
        ignored = set(row.get("ignore", ()))
        if said.faults[number] != row.get("parser", []):
            found.append(f"row {number}: formatting errors {said.faults[number]}, expected {row.get('parser', [])}")
        if (said.edits[number] ^ theirs) - ignored:
            missing, surplus = theirs - said.edits[number], said.edits[number] - theirs
            found.append(f"row {number}: missing {sorted(missing)}, too much {sorted(surplus)}")
    of_file = {edit for kind in "SQ" for edit in expected["file_edits"][kind]}
    if said.of_file != of_file:
        found.append(f"file: {sorted(said.of_file)}, expected {sorted(of_file)}")
    extra = (said.edits.keys() | said.faults.keys()) - {1} - {row["row"] for row in expected["lars"]}
    return [*found, *(f"row {row}: not in the engine's answer" for row in sorted(extra))]


def answers(name: str) -> list[dict[str, Any]]:
    with (ORACLE / f"{name}.expected.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def test_all_303_generated_files_agree_row_for_row(tmp_path: Path) -> None:
    with tarfile.open(ORACLE / "generator_2025.tar.gz") as archive:
        archive.extraction_filter = tarfile.data_filter if hasattr(tarfile, "data_filter") else None  # from 3.11.4 on
        archive.extractall(tmp_path)
    expected = answers("generator_2025")
    assert len(expected) == 303
    folder = tmp_path / "generator_2025"
    found = {one["file"]: disagreements(folder / one["file"], one) for one in expected}
    assert {file: differing for file, differing in found.items() if differing} == {}
    assert sum(len(one["lars"]) for one in expected) == 6_060


def test_the_differential_set_agrees_row_for_row(tmp_path: Path) -> None:
    (expected,) = answers("differential_2025")
    path = tmp_path / expected["file"]
    path.write_bytes(gzip.decompress((ORACLE / "differential_2025.txt.gz").read_bytes()))
    assert disagreements(path, expected) == []
    assert len(expected["lars"]) == 4_112


def test_the_check_digit_cases_agree() -> None:
    cases = json.loads((FIXTURES / "uli_check_digit_cases.json").read_text(encoding="utf-8"))
    for case in cases["generate"]:
        assert check_digits(case["loanId"]) == case["checkDigit"]
        assert case["loanId"] + check_digits(case["loanId"]) == case["uli"]
    assert all(is_uli(uli) for uli in cases["valid"])
    assert not any(is_uli(uli) for uli in cases["invalid"] + cases["errors"]["uli_must_be_23_45_alnum"])
    for identifier in cases["errors"]["loanId_must_be_21_43_alnum"]:
        with pytest.raises(ValueError, match="expected"):
            check_digits(identifier)


def texts_of(year: int, quarter: int | None) -> dict[str, tuple[str, set[str]]]:
    """CFPB's wording and fields of a filing's edits; the quarters of 2024 have no list of their own."""
    list_name = f"{year}{'Quarterly' if quarter and year > YEARS[0] else ''}EditsDescriptions.txt"
    lines = (FIXTURES / "reference" / list_name).read_text(encoding="utf-8").splitlines()[1:]
    found = {}
    for line in lines:
        edit, text, fields = line.split("|")
        names = {name.strip().removesuffix("(2024)") for name in fields.split(";") if name.strip()}
        found[edit] = (text.strip(), names)
    return found


@pytest.mark.parametrize("year", YEARS)
@pytest.mark.parametrize("quarter", [None, 1])
def test_every_edit_has_the_regulators_wording_and_every_wording_an_edit(year: int, quarter: int | None) -> None:
    texts = texts_of(year, quarter)
    running = [edit for edit in (*SHEET_EDITS, *ROW_EDITS, *FILE_EDITS) if edit.applies_to(year, quarter)]
    for edit in running:
        text, names = texts[edit.id]
        assert edit.text == text, edit.id
        if quarter is None or edit.id not in FEWER_FIELDS:
            assert set(edit.names()) <= names, edit.id
    of_other_filings = {"S307", "V718"} if quarter is None else {"V602"}
    macro = {edit.id for edit in FILE_EDITS if edit.kind is EditKind.MACRO}
    assert texts.keys() - {edit.id for edit in running} <= NEVER_RUN[year] | of_other_filings | macro


def test_the_layout_is_the_regulators() -> None:
    schema = json.loads((FIXTURES / "reference" / "SchemaLar.json").read_text(encoding="utf-8"))["schema"]
    names = [one["fieldName"].removesuffix(" or Non-Universal Loan Identifier (NULI)") for one in schema]
    assert [one.name for one in LAR_FIELDS] == names
