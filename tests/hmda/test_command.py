"""`payments hmda check`: what a filer reads, what a program reads, and what the exit says."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from payments_pipeline.cli import payments
from payments_pipeline.errors import PaymentsError
from payments_pipeline.hmda.sample import sample_applications, sample_sheet
from tests.hmda.applications import ORIGINATED, YEAR


def run(*arguments: str) -> Result:
    return CliRunner().invoke(payments, ["hmda", *arguments])


def register(path: Path, *changes: dict[str, str]) -> str:
    """A register of originated loans, each with its changes."""
    loans = sample_applications(len(changes), year=YEAR)
    rows = [ORIGINATED.texts() | {"uli": loan.uli} | change for loan, change in zip(loans, changes, strict=True)]
    lines = [sample_sheet(len(rows), year=YEAR).line(), *("|".join(row.values()) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def violations(shown: Result) -> list[dict[str, Any]]:
    document = json.loads(shown.output)
    assert list(document) == ["violations"]
    found: list[dict[str, Any]] = document["violations"]
    return found


def test_a_file_that_can_be_filed_ends_with_0(tmp_path: Path) -> None:
    shown = run("check", register(tmp_path / "lar.txt", {}, {}), "--year", str(YEAR))
    assert shown.exit_code == 0, shown.output
    assert "2 rows read, 0 of them with formatting errors\nNothing blocks filing.\n" in shown.output


def test_quality_edits_do_not_block(tmp_path: Path) -> None:
    shown = run("check", register(tmp_path / "lar.txt", {"income": "10000"}), "--year", str(YEAR))
    assert shown.exit_code == 0
    assert "Q606  quality, 1\n  If Income is a number" in shown.output
    assert "row 2: Income = '10000'" in shown.output
    assert "Nothing blocks filing; 1 to be verified." in shown.output


@pytest.mark.parametrize("change", [{"loan_type": "9"}, {"loan_type": "abc"}, {"lei": "549300OTHER00LENDER0"}])
def test_what_blocks_filing_ends_with_1(change: dict[str, str], tmp_path: Path) -> None:
    path = register(tmp_path / "lar.txt", {}, change)
    for form in ((), ("--json",)):
        assert run("check", path, "--year", str(YEAR), *form).exit_code == 1


def test_json_names_every_violation_by_edit_kind_row_field_value_and_text(tmp_path: Path) -> None:
    path = register(
        tmp_path / "lar.txt", {"loan_type": "9"}, {"loan_term": ""}, {"income": "10000", "lien_status": "3"}
    )
    shown = run("check", path, "--year", str(YEAR), "--json")
    found = violations(shown)
    assert all(list(one) == ["edit", "kind", "row", "field", "value", "text"] for one in found)
    # Fannie Mae buys conventional loans, and the row with the formatting error is not counted
    assert [(one["edit"], one["kind"], one["row"]) for one in found] == [
        ("V611", "validity", 2),
        ("Q605-1", "quality", 2),
        ("parser", "parser", 3),
        ("V659", "validity", 4),
        ("Q606", "quality", 4),
        ("S304", "syntactic", None),
        ("Q600", "quality", None),
    ]
    assert found[0] == {
        "edit": "V611",
        "kind": "validity",
        "row": 2,
        "field": "Loan Type",
        "value": "9",
        "text": "Loan Type must equal 1, 2, 3, or 4, and cannot be left blank.",
    }
    assert (found[2]["field"], found[2]["value"]) == ("Loan Term", "")


def test_the_sheet_is_row_1(tmp_path: Path) -> None:
    path = register(tmp_path / "lar.txt", {})
    found = violations(run("check", path, "--year", "2026", "--json"))
    assert [(one["edit"], one["row"], one["value"]) for one in found] == [
        ("S302", 1, "2025"),
        ("V619-2", 2, "20250304; 20250120"),
    ]


def test_a_quarter_is_checked_as_a_quarter(tmp_path: Path) -> None:
    path = register(tmp_path / "lar.txt", {})
    found = violations(run("check", path, "--year", str(YEAR), "--quarter", "1", "--json"))
    assert [(one["edit"], one["row"]) for one in found] == [("V718", 1)]
    later = violations(run("check", path, "--year", str(YEAR), "--quarter", "2", "--json"))
    assert [(one["edit"], one["row"]) for one in later] == [("V718", 1), ("S307", None)]


def test_places_are_looked_up_where_a_census_is_given(tmp_path: Path) -> None:
    census = tmp_path / "census.txt"
    census.write_text(
        "collectionYear|msaMd|state|county|tract|smallCounty|name\n2025|1|06|037|264000||x\n2025|1|06|001|000100|S|y\n",
        encoding="utf-8",
    )
    changes = [{}, {"census_tract": "06037999999"}, {"census_tract": "NA"}, {"county": "06001", "census_tract": "NA"}]
    path = register(tmp_path / "lar.txt", *changes)
    arguments = ("check", path, "--year", str(YEAR), "--json")
    found = violations(run(*arguments, "--census", str(census)))
    assert [(one["edit"], one["row"]) for one in found] == [("V625-2", 3), ("Q603", 4)]
    assert violations(run(*arguments)) == []


def test_the_summary_shows_as_many_rows_as_asked_for(tmp_path: Path) -> None:
    path = register(tmp_path / "lar.txt", *({"loan_type": "9", "purchaser_type": "0"} for _ in range(5)))
    shown = run("check", path, "--year", str(YEAR), "--rows", "2")
    assert "V611  validity, 5\n" in shown.output
    assert shown.output.count("Loan Type = '9'") == 2


def test_without_rows_the_wording_is_shown_all_the_same(tmp_path: Path) -> None:
    path = register(tmp_path / "lar.txt", {"loan_type": "9", "purchaser_type": "0"})
    shown = run("check", path, "--year", str(YEAR), "--rows", "0")
    assert "V611  validity, 1\n  Loan Type must equal 1, 2, 3, or 4" in shown.output
    assert "row 2" not in shown.output
    assert run("check", path, "--year", str(YEAR), "--rows", "-1").exit_code == 2


@pytest.mark.parametrize("charset", ["ascii", "latin-1"])
def test_a_terminal_without_the_characters_of_a_wording_stops_nothing(charset: str, tmp_path: Path) -> None:
    path = register(tmp_path / "lar.txt", {"street_address": "12 Main St; 14 Ca\u00f1on \u6771"})
    arguments = ["hmda", "check", path, "--year", str(YEAR)]
    summary = CliRunner(charset=charset).invoke(payments, arguments)
    assert summary.exit_code == 0, summary.exception
    assert "Q660-2  quality, 1" in summary.output
    (found,) = json.loads(CliRunner(charset=charset).invoke(payments, [*arguments, "--json"]).stdout_bytes)[
        "violations"
    ]
    assert found["value"] == "12 Main St; 14 Ca\u00f1on \u6771"
    assert "\u201c;\u201d" in found["text"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "{missing}", "--year", "2025"),
        ("check", "{file}", "--year", "2018"),
        ("check", "{file}", "--year", "2025", "--quarter", "4"),
        ("check", "{file}", "--year", "2025", "--census", "{missing}"),
    ],
)
def test_what_cannot_be_checked_is_an_error_of_usage(arguments: tuple[str, ...], tmp_path: Path) -> None:
    file = register(tmp_path / "lar.txt", {})
    given = [argument.format(file=file, missing=tmp_path / "missing.txt") for argument in arguments]
    shown = run(*given)
    assert isinstance(shown.exception, PaymentsError)
    assert shown.exception.exit_code == 2
    assert shown.exception.remedy


def test_a_year_has_to_be_named(tmp_path: Path) -> None:
    assert run("check", register(tmp_path / "lar.txt", {})).exit_code == 2
