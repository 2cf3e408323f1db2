"""A register is read as the platform reads it: forgiving where that is, and dropping what it drops."""

from collections.abc import Callable
from pathlib import Path

import pytest

from payments_pipeline.hmda import reader
from payments_pipeline.hmda.check import RegisterCheck
from payments_pipeline.hmda.layout import LAR_FIELDS, LAR_KEYS, LAR_WIDTH, WRONG_WIDTH_OF_LAR, Kind
from payments_pipeline.hmda.reader import FileError, number_column, parse_lines, parse_sheet, read_register
from payments_pipeline.hmda.sample import sample_applications, sample_sheet
from tests.hmda.applications import ORIGINATED, YEAR

LINE = ORIGINATED.line()
SHEET = sample_sheet(1, year=YEAR).line()


def with_value(key: str, value: str) -> str:
    return "|".join((ORIGINATED.texts() | {key: value}).values())


@pytest.mark.parametrize(
    "spoil",
    [
        lambda line: f"\ufeff{line}",
        lambda line: f"\u00ef\u00bb\u00bf{line}",
        lambda line: f"{line}|",
        lambda line: f"  {line}  ",
        lambda line: f"{line}\r",
        lambda line: line.replace("|", " | "),
        lambda line: line.replace("|", '"|"'),
        lambda line: line.replace("Maple", "Ma\tp\x00le"),
        lambda line: f"{line}| \r",
    ],
)
def test_what_the_platform_forgives_reads_like_the_clean_line(spoil: Callable[[str], str]) -> None:
    clean = parse_lines(f"{LINE}\n".encode())
    spoiled = parse_lines(f"{spoil(LINE)}\n".encode())
    assert spoiled.faults == []
    columns = [*LAR_KEYS, *(number_column(field.key) for field in LAR_FIELDS if field.kind is Kind.AMOUNT)]
    assert spoiled.rows.select(columns).equals(clean.rows.select(columns))


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("", 1),
        ("2|abc", 2),
        (LINE + "|2", 111),
        (LINE.rpartition("|")[0], 109),
        (LINE.rpartition("|")[0] + "|", 109),  # blanks at the end are no fields
        (LINE.rpartition("|")[0] + "| ", 109),
        (LINE + "||", 110),
        ("||||", 0),
    ],
)
def test_a_row_of_another_width_is_a_formatting_error_of_its_own_line(line: str, fields: int) -> None:
    chunk = parse_lines(f"{LINE}\n{line}\n{LINE}\n".encode())
    assert [(fault.row, fault.field, fault.value) for fault in chunk.faults] == [(3, WRONG_WIDTH_OF_LAR, str(fields))]
    assert chunk.rows["row"].to_list() == [2, 4]
    assert chunk.lines == 3


@pytest.mark.parametrize(
    ("key", "accepted", "refused"),
    [
        (
            "loan_type",
            ["1", "+1", "007", "-1", "2147483647"],
            ["", "1.0", "NA", "2147483648", "1_000", "1 2", "Exempt"],
        ),
        ("applicant_race_2", ["", "0", "1111"], ["NA", "a"]),
        ("application_date", ["NA", "20240229", "00010101"], ["", "na", "20250229", "2025-1-1", "250101", "+2020101"]),
        ("action_taken_date", ["20250131"], ["NA", "20250132", "20251301", "20250100"]),
        (
            "loan_amount",
            ["1", "1.", ".5", "-1", "1E5", "110500.00", "1e+0000000000003"],
            [
                "",
                "NA",
                "Exempt",
                "1,000",
                "$5",
                "nan",
                "inf",
                "1e",
                "1e99999999999999999999",
                "0E-99999999999999999999",
            ],
        ),
        ("income", ["NA", "-36"], ["", "Exempt", "36.5", "1e1"]),
        ("loan_term", ["NA", "Exempt", "360"], ["", "exempt", "1111.0"]),
        ("rate_spread", ["NA", "Exempt", "-0.428", "5.", ".5"], ["", "+1", "1e1", "nan", "--1", "1.1.1", "."]),
        ("discount_points", ["", "NA", "Exempt", "0.00"], ["na", "$1"]),
        ("nmlsr_id", ["", "anything at all"], []),
        ("uli", ["", "A-B"], ["A B", "A,B"]),
    ],
)
def test_each_kind_of_field_takes_what_the_parser_takes(key: str, accepted: list[str], refused: list[str]) -> None:
    lines = [with_value(key, value) for value in accepted + refused]
    chunk = parse_lines(("\n".join(lines) + "\n").encode())
    assert chunk.rows[key].to_list() == accepted
    assert [fault.value for fault in chunk.faults] == refused


def test_every_fault_of_a_row_is_named_and_the_row_is_dropped() -> None:
    texts = ORIGINATED.texts() | {"income": "", "loan_type": "abc", "business_purpose": "NA"}
    chunk = parse_lines(("|".join(texts.values()) + "\n").encode())
    assert chunk.rows.is_empty()
    found = [(fault.row, fault.field, fault.value) for fault in chunk.faults]
    assert found == [(2, "Loan Type", "abc"), (2, "Income", ""), (2, "Buisness or Commercial Purpose", "NA")]


def test_the_lei_is_read_in_upper_case() -> None:
    assert parse_lines((with_value("lei", ORIGINATED.lei.lower()) + "\n").encode()).rows["lei"][0] == ORIGINATED.lei


def test_leading_zeros_of_the_sheet_change_nothing() -> None:
    sheet, faults = parse_sheet(SHEET.replace("|2025|4|", f"|{'0' * 5_000}2025|+04|").encode())
    assert faults == []
    assert sheet is not None
    assert (sheet.calendar_year, sheet.calendar_quarter) == (2025, 4)


@pytest.mark.parametrize("spoil", [lambda line: line, lambda line: f"\ufeff{line}|\r\n", lambda line: f" {line} "])
def test_the_sheet_is_read_as_forgivingly(spoil: Callable[[str], str]) -> None:
    sheet, faults = parse_sheet(spoil(SHEET).encode())
    assert faults == []
    assert sheet is not None
    assert sheet.line() == SHEET


@pytest.mark.parametrize(
    ("line", "faults"),
    [
        ("", [("Incorrect Number of TS Fields", "1")]),
        (SHEET + "|x", [("Incorrect Number of TS Fields", "16")]),
        (SHEET.rpartition("|")[0] + "|", [("Incorrect Number of TS Fields", "15")]),
        (
            SHEET.replace("|9|1|", "|4||"),
            [("Federal Agency", "4"), ("Total Number of Entries Contained in Submission", "")],
        ),
        (
            SHEET.replace("|9|1|", f"|9|{'1' * 5_000}|"),
            [("Total Number of Entries Contained in Submission", "1" * 5_000)],
        ),
        # only spaces are trimmed, as in the rows
        (
            SHEET.replace("|2025|4|", "|2025\u00a0|\u20034|"),
            [("Calendar Year", "2025\u00a0"), ("Calendar Quarter", "\u20034")],
        ),
        (SHEET.replace("|2025|4|", "|MMXXV|4.0|"), [("Calendar Year", "MMXXV"), ("Calendar Quarter", "4.0")]),
    ],
)
def test_a_sheet_that_does_not_parse_is_a_formatting_error(line: str, faults: list[tuple[str, str]]) -> None:
    sheet, found = parse_sheet(line.encode())
    assert sheet is None
    assert [(fault.field, fault.value) for fault in found] == faults


def test_chunks_number_the_rows_of_the_file_and_lose_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "CHUNK_BYTES", 2_000)
    applications = list(sample_applications(50, year=YEAR))
    path = tmp_path / "register.txt"
    path.write_text(
        "\n".join([SHEET, *(one.line() for one in applications)]), encoding="utf-8"
    )  # no newline at the end
    chunks = list(read_register(path)[2])
    assert len(chunks) > 5
    assert [row for chunk in chunks for row in chunk.rows["row"]] == list(range(2, 52))
    assert [uli for chunk in chunks for uli in chunk.rows["uli"]] == [one.uli for one in applications]


def test_what_is_twice_in_a_file_is_found_across_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "CHUNK_BYTES", 2_000)
    lines = [one.line() for one in sample_applications(50, year=YEAR)]
    path = tmp_path / "register.txt"
    path.write_text("\n".join([sample_sheet(51, year=YEAR).line(), *lines, f" {lines[0]}\r"]) + "\n", encoding="utf-8")
    check = RegisterCheck(path, year=YEAR)
    found = {finding.edit for findings in check.findings() for finding in findings}
    assert {"S305", "Q600"} <= found
    assert check.totals is not None
    assert (check.totals.rows, check.totals.distinct_lines, check.totals.distinct_ulis) == (51, 50, 50)


@pytest.mark.parametrize("content", [None, b"\x00\x01\x02\n"])
def test_what_is_no_text_file_cannot_be_read(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "register.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(FileError) as raised:
        read_register(path)
    assert raised.value.exit_code == 2


def test_an_empty_file_has_no_sheet_and_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "register.txt"
    path.write_bytes(b"")
    check = RegisterCheck(path, year=YEAR)
    assert [finding.edit for finding in next(check.findings())] == ["parser"]
    assert LAR_WIDTH == 110
