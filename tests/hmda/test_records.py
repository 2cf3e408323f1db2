"""A record survives its own bytes, and bytes in their one spelling survive the record."""

from datetime import date
from decimal import Decimal

import pytest

from payments_pipeline.hmda.layout import LAR_KEYS, SHEET_BY_KEY
from payments_pipeline.hmda.records import RecordError, read_record, read_sheet, write_register
from payments_pipeline.hmda.sample import sample_applications, sample_sheet
from tests.hmda.applications import APPLICATIONS, ORIGINATED, YEAR


@pytest.mark.parametrize("name", APPLICATIONS)
def test_a_record_written_and_read_is_the_record(name: str) -> None:
    application = APPLICATIONS[name]
    assert read_record(application.line()) == application
    assert read_record(application.line()).line() == application.line()


def test_every_outcome_of_the_samples_survives() -> None:
    for application in sample_applications(300, year=YEAR):
        assert read_record(application.line()) == application


def test_a_row_has_its_fields_in_their_places() -> None:
    assert list(ORIGINATED.texts()) == list(LAR_KEYS)
    fields = ORIGINATED.line().split("|")
    assert fields[:4] == ["2", ORIGINATED.lei, ORIGINATED.uli, "20250120"]
    assert (fields[9], fields[10], fields[11]) == ("240000", "1", "20250304")
    assert fields[24:32] == ["5", "", "", "", "", "", "2", "4"]
    assert fields[-3:] == ["2", "2", "2"]


def test_amounts_are_plain_and_keep_their_places() -> None:
    row = ORIGINATED.changed(loan_amount=Decimal("1E+5"), interest_rate=Decimal("4.1250"), discount_points=None)
    texts = row.texts()
    assert (texts["loan_amount"], texts["interest_rate"], texts["discount_points"]) == ("100000", "4.1250", "")


def test_the_sheet_ends_with_the_lei_and_survives() -> None:
    sheet = sample_sheet(7, year=YEAR)
    assert list(sheet.texts()) == list(SHEET_BY_KEY)
    assert sheet.line().split("|")[11:] == ["9", "7", "99-9999999", sheet.lei]
    assert read_sheet(sheet.line() + "\n") == sheet


def test_a_file_is_the_sheet_and_the_rows_a_line_each() -> None:
    written = b"".join(write_register(sample_sheet(1, year=YEAR), [ORIGINATED]))
    assert written == f"{sample_sheet(1, year=YEAR).line()}\n{ORIGINATED.line()}\n".encode()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("2|too short", "expected 110 fields, found 2"),
        (ORIGINATED.line().replace("20250304", "20250231"), "Action Taken Date: expected a date as YYYYMMDD"),
        (ORIGINATED.line().replace("|240000|", "|240,000|"), "Loan Amount: expected a number"),
    ],
)
def test_a_line_of_another_layout_is_refused_without_repeating_what_it_says(line: str, found: str) -> None:
    with pytest.raises(RecordError) as raised:
        read_record(line)
    assert raised.value.message == found


def test_dates_are_dates() -> None:
    assert read_record(ORIGINATED.line()).action_taken_date == date(YEAR, 3, 4)
    assert read_record(APPLICATIONS["purchased"].line()).application_date == "NA"
