"""Readers of statements: what they read, what they prove, and that breaking any one field is found and named."""

import io
import json
import tracemalloc
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payments_pipeline.formats import bai2, nacha, statement_csv
from payments_pipeline.formats.sniff import Format, reader, sniff
from payments_pipeline.formats.statements import (
    CODES,
    MAX_FAULTS,
    MAX_LINE_BYTES,
    Fault,
    Item,
    Line,
    Reading,
    Statement,
    collect,
)
from payments_pipeline.paths import PROJECT_ROOT
from tests.formats.samples import (
    BAI2,
    CAMT053,
    CSV,
    CSV_MAPPING,
    DAY,
    MT940,
    VALID,
    bai2_file,
    line,
    nacha_file,
    statement,
)

MAPPING = statement_csv.mapping_of_toml(CSV_MAPPING, "house")


def read(content: bytes, format_: Format, *, is_lenient: bool = False) -> Reading:
    mapping = MAPPING if format_ == "csv" else None
    return collect(reader(format_, mapping)(io.BytesIO(content), is_lenient=is_lenient))


def brief(found: Reading) -> list[tuple[int, str, str, str, str, str]]:
    return [
        (one.amount_cents, one.family, one.type_code, one.bank_reference, one.customer_reference, one.text)
        for one in found.lines
    ]


@pytest.mark.parametrize("format_", VALID)
def test_a_valid_file_is_recognised_read_and_proven(format_: Format) -> None:
    for content in VALID[format_]:
        assert sniff(content[:8192], [MAPPING]) == (format_, MAPPING if format_ == "csv" else None)
        found = read(content, format_)
        assert found.is_sound
        assert found.lines
        assert all(one.is_proven is not False for one in found.statements)
        if format_ != "nacha":
            assert all(one.is_proven for one in found.statements)


def test_bai2_lines_have_their_sign_from_the_code_and_their_text_whole() -> None:
    found = read(BAI2, "bai2")
    assert brief(found) == [
        (50_000, "credit", "142", "BREF1", "CREF1", "ACME CORP, PPD"),
        (2_500, "credit", "195", "BREF2", "CREF2", "WIRE\nFROM A PAYER"),
        (-1_000, "debit", "475", "", "1001", "CHECK"),
    ]
    assert [(one.booked_on, one.value_on, one.record, one.file_line) for one in found.lines] == [
        (DAY, DAY, 5, 5), (DAY, date(2026, 3, 4), 6, 6), (DAY, DAY, 8, 8),
    ]  # fmt: skip
    assert found.statements == [
        Statement(
            1, "000123", "USD", "122099999", "260304/0200/1", DAY, DAY, found.statements[0].balances, 3, 51_500,
            record=3, file_line=3,
        )
    ]  # fmt: skip
    assert [balance.kind for balance in found.statements[0].balances] == ["opening", "closing", "closing_available"]


def test_bai2_funds_that_are_spread_over_days_are_no_part_of_the_totals() -> None:
    content = b"""01,1,2,260304,0200,1,,,2/
02,2,1,1,260303,9999,,/
03,000123,,010,+100,,S,1,2,3,072,50,,,074,0,,D,2,0,60,1,40/
16,115,300,S,100,200,0,B,C,TEXT WITH /SLASH, AND COMMA/
16,115,300,S,100,200,0/
88,B,C,TEXT
88,GOES ON
16,451,70,D,3,0,10,1,20,2,40,B,C
16,890,,,,,NO MONEY/
49,820,8/
98,820,1,10/
99,820,1,12/
"""
    found = read(content, "bai2")
    assert not found.faults
    assert brief(found) == [
        (300, "credit", "115", "B", "C", "TEXT WITH /SLASH, AND COMMA"),
        (300, "credit", "115", "B", "C", "TEXT\nGOES ON"),
        (-70, "debit", "451", "B", "C", ""),
        (0, "other", "890", "", "", "NO MONEY"),
    ]
    assert found.statements[0].currency == "USD"  # as where neither group nor account says


@pytest.mark.parametrize(
    ("status", "nature"), [("", "new"), ("1", "new"), ("2", "deletion"), ("3", "correction"), ("4", "test")]
)
@pytest.mark.parametrize(("modifier", "is_final"), [("", True), ("1", False), ("2", True), ("3", False), ("4", True)])
def test_bai2_says_what_a_group_is_to_those_before_it(status: str, nature: str, modifier: str, is_final: bool) -> None:
    content = BAI2.replace(
        b",122099999,1,260303,2400,USD,2/", f",122099999,{status},260303,2400,USD,{modifier}/".encode()
    )
    (found,) = read(content, "bai2").statements
    assert (found.nature, found.is_final) == (nature, is_final)


def test_a_bai2_code_that_nobody_knows_is_kept_and_told_once() -> None:
    found = read(BAI2.replace(b"16,142,", b"16,931,").replace(b"16,195,", b"16,931,"), "bai2")
    assert found.is_sound
    assert [(one.type_code, one.family, one.amount_cents) for one in found.lines[:2]] == [
        ("931", "credit", 50_000), ("931", "credit", 2_500),
    ]  # fmt: skip
    assert [(one.code, one.record) for one in found.warnings] == [("unknown_code", 5)]


def test_bai2_text_that_goes_on_without_88_and_several_records_on_a_line_are_read_leniently() -> None:
    content = (
        BAI2.replace(b"88,FROM A PAYER/", b"FROM A PAYER/").replace(b"/\n16,475", b"/  16,475").replace(b",7/", b",6/")
    )
    content = content.replace(b",1,9/", b",1,8/").replace(b",1,11/", b",1,10/")
    assert read(content, "bai2").faults
    found = read(content, "bai2", is_lenient=True)
    assert found.is_sound
    assert [(one.amount_cents, one.text) for one in found.lines] == [
        (50_000, "ACME CORP, PPD"), (2_500, "WIRE\nFROM A PAYER"), (-1_000, "CHECK"),
    ]  # fmt: skip


def test_mt940_pages_are_one_statement_and_every_field_finds_its_place() -> None:
    found = read(MT940, "mt940")
    assert brief(found) == [
        (50_000, "credit", "NTRF/166", "BREF1", "CREF1", "CREDIT\nINVOICE 1 AND 2\nACME\nmore of it"),
        (-1_550, "fee", "NCHG", "", "", "FEE FOR MARCH"),
        (-8_450, "return", "NTRF", "BREF3", "CREF2", ""),
    ]
    (whole,) = found.statements
    assert (whole.account, whole.currency, whole.line_count, whole.lines_cents) == ("000123", "USD", 3, 40_000)
    assert (whole.balance("opening"), whole.balance("closing"), whole.reference) == (100_000, 140_000, "STMT1/1/1")


def test_mt940_tells_from_its_first_booked_day_whatever_the_date_of_the_opening_balance() -> None:
    assert [(one.from_on, one.as_of) for one in read(MT940, "mt940").statements] == [(DAY, DAY)]
    earlier = MT940.replace(b":61:2603030303C500", b":61:2603020302C500")  # on the first page
    assert [(one.from_on, one.as_of) for one in read(earlier, "mt940").statements] == [(date(2026, 3, 2), DAY)]
    empty = b":20:A\n:25:1\n:28C:1\n:60F:C260302USD0,\n:62F:C260303USD0,\n-"
    assert [(one.from_on, one.as_of) for one in read(empty, "mt940").statements] == [(DAY, DAY)]


@pytest.mark.parametrize(
    ("value", "entry", "booked_on"),
    [("251231", "0102", date(2026, 1, 2)), ("260102", "1231", date(2025, 12, 31)), ("240228", "0229", date(2024, 2, 29)),
     ("260303", "0303", DAY)],
)  # fmt: skip
def test_mt940_entry_dates_are_of_the_year_nearest_to_the_value_date(value: str, entry: str, booked_on: date) -> None:
    content = f":20:A\n:25:1\n:28C:1\n:60F:C240101USD0,\n:61:{value}{entry}C1,NTRFNONREF\n:62F:C260303USD1,\n-".encode()
    found = read(content, "mt940")
    assert found.is_sound
    assert found.lines[0].booked_on == booked_on


def test_mt940_marks_say_where_the_money_went() -> None:
    marks = {"C": 1, "D": -1, "RC": -1, "RD": 1, "CR": 1, "DR": -1, "RCR": -1}
    for mark, sign in marks.items():
        closing = f"{'C' if sign > 0 else 'D'}260303USD2,50"
        content = f":20:A\n:25:1\n:28C:1\n:60F:C260303USD0,\n:61:260303{mark}2,5NTRFX//Y\n:62F:{closing}\n-".encode()
        (one,) = read(content, "mt940").lines
        assert one.amount_cents == sign * 250, mark
        assert (one.family == "return") == (mark in ("RC", "RD", "RCR"))


def test_camt_entries_are_read_by_local_names_in_every_version() -> None:
    for version in ("02", "04", "08", "13"):
        found = read(CAMT053.replace(b"001.08", f"001.{version}".encode()), "camt053")
        assert found.is_sound
        assert brief(found) == [
            (50_000, "credit", "PMNT/RCDT/ESCT", "BREF1", "CREF1", "INVOICE 1\nAND 2"),
            (-10_000, "return", "XX", "", "", ""),
        ]
    assert [one.code for one in read(CAMT053.replace(b"001.08", b"001.99"), "camt053").faults] == ["version"]


def test_camt_entries_that_are_not_booked_are_no_lines_but_are_told() -> None:
    content = CAMT053.replace(b"<Cd>BOOK</Cd></Sts><BookgDt><Dt>2026", b"<Cd>PDNG</Cd></Sts><BookgDt><Dt>2026")
    content = content.replace(b">1400.00<", b">900.00<")
    found = read(content, "camt053")
    assert found.is_sound
    assert [one.amount_cents for one in found.lines] == [-10_000]
    assert [one.code for one in found.warnings] == ["not_booked"]


@pytest.mark.parametrize(
    "document",
    [
        b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "b">]><Document>&a;</Document>',
        b'<?xml version="1.0"?><!DOCTYPE d SYSTEM "file:///etc/passwd"><Document/>',
        b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x">%p;]><Document/>',
        CAMT053.replace(b"INVOICE 1", b"<a>" * 100),
        b"<?xml version='1.0'?><Document a='" + b"x" * (1 << 20),
        CAMT053.replace(b"INVOICE 1", b"x" * (MAX_LINE_BYTES + 1)),
        CAMT053[:-30],
        b"<?xml version='1.0' encoding='no-such'?><Document/>",
    ],
    ids=["entity", "external", "parameter entity", "depth", "attribute", "text", "end", "encoding"],
)
def test_xml_that_is_meant_to_hurt_is_refused(document: bytes) -> None:
    found = read(document, "camt053")
    assert {one.code for one in found.faults} & {"markup", "line_length", "unfinished"}


def test_csv_is_read_by_its_mapping() -> None:
    found = read(CSV, "csv")
    assert [(one.booked_on, one.amount_cents, one.customer_reference, one.text, one.record) for one in found.lines] == [
        (DAY, 100_050, "CREF1", "ACH CREDIT\nACME", 2),
        (DAY, -1_550, "", "SERVICE FEE", 3),
        (date(2026, 3, 4), -98_500, "CREF2", "WIRE, OUT\na note", 4),
    ]
    (whole,) = found.statements
    assert (whole.balance("opening"), whole.balance("closing"), whole.from_on, whole.as_of) == (
        100_000, 100_000, DAY, date(2026, 3, 4),
    )  # fmt: skip


def test_csv_newest_first_with_credit_and_debit_columns_and_a_decimal_comma() -> None:
    mapping = statement_csv.StatementMapping(
        "other", {"booked_on": "Datum", "credit": "Haben", "debit": "Soll", "account": "Konto", "balance": "Saldo"},
        date_format="%d.%m.%Y", decimal_sign=",", delimiter=";", newest_first=True, skip_rows=1,
    )  # fmt: skip
    content = (
        "Kontoauszug\nDatum;Konto;Haben;Soll;Saldo\n04.03.2026;7;;1.000,50;99,50\n03.03.2026;7;1.100,00;;1.100,00\n"
    )
    found = collect(statement_csv.read(io.BytesIO(content.encode()), mapping))
    assert found.is_sound
    assert [one.amount_cents for one in found.lines] == [-100_050, 110_000]
    assert (found.statements[0].balance("opening"), found.statements[0].balance("closing")) == (0, 9_950)


MARKED = statement_csv.StatementMapping("marked", {"booked_on": "Date", "amount": "Amount", "mark": "D/C"}, account="1")
COLUMNS = statement_csv.StatementMapping("columns", {"booked_on": "Date", "credit": "In", "debit": "Out"}, account="1")


def read_row(row: str, mapping: statement_csv.StatementMapping) -> Reading:
    header = ",".join(mapping.wanted)
    return collect(statement_csv.read(io.BytesIO(f"{header}\n{row}\n".encode()), mapping))


@pytest.mark.parametrize(
    ("row", "mapping", "cents"),
    [
        ("2026-03-03,5.00,CR", MARKED, 500),
        ("2026-03-03,5.00,Credit", MARKED, 500),
        ("2026-03-03,5.00,+", MARKED, 500),
        ("2026-03-03,5.00,dr", MARKED, -500),
        ("2026-03-03,-5.00,D", MARKED, -500),
        ("2026-03-03,5.00,", replace(MARKED, credit_marks=[""]), 500),
        ("2026-03-03,5.00,soll", replace(MARKED, debit_marks=["Soll"], credit_marks=["Haben"]), -500),
        ("2026-03-03,5.00,", COLUMNS, 500),
        ("2026-03-03,,5.00", COLUMNS, -500),
        ("2026-03-03,,-5.00", COLUMNS, -500),
    ],
)
def test_csv_marks_and_columns_say_where_the_money_went(
    row: str, mapping: statement_csv.StatementMapping, cents: int
) -> None:
    found = read_row(row, mapping)
    assert found.is_sound, found.faults
    assert [one.amount_cents for one in found.lines] == [cents]


@pytest.mark.parametrize("mark", ["DB", "Debit card", "W", "", "dbt"])
def test_a_csv_mark_that_nobody_knows_is_refused_with_its_place(mark: str) -> None:
    found = read_row(f"2026-03-03,5.00,{mark}", MARKED)
    assert [(one.code, one.record, one.field) for one in found.faults] == [("value", 2, "mark")]
    assert not found.lines


@pytest.mark.parametrize(
    ("row", "mapping", "field"),
    [
        ("2026-03-03,-5.00,CR", MARKED, "amount"),
        ("2026-03-03,(5.00),C", MARKED, "amount"),
        ("2026-03-03,-5.00,", COLUMNS, "credit"),
    ],
)
def test_a_csv_sign_that_contradicts_mark_or_column_is_refused(
    row: str, mapping: statement_csv.StatementMapping, field: str
) -> None:
    found = read_row(row, mapping)
    assert [(one.code, one.record, one.field) for one in found.faults] == [("sign", 2, field)]
    assert not found.lines


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("date_format = 1\n[columns]\nbooked_on = 'a'\namount = 'b'", "date_format is not of the right kind"),
        ("[columns]\namount = 'b'", "no column is booked_on"),
        ("account = '1'\n[columns]\nbooked_on = 'a'\namount = 'b'\ncredit = 'c'\ndebit = 'd'", "where the amount is"),
        ("account = '1'\n[columns]\nbooked_on = 'a'\ncredit = 'c'", "credit and debit go together"),
        ("[columns]\nbooked_on = 'a'\namount = 'b'", "whose statement it is"),
        ("account = '1'\ndate_format = '%m/%d'\n[columns]\nbooked_on = 'a'\namount = 'b'", "day, month and year"),
        ("account = '1'\n[columns]\nbooked_on = 'a'\namount = 'b'\nvalue = 'c'", "no field is called value"),
        ("account = '1'\n[columns]\nbooked_on = 'a'\namount = 'b'\ntext = 'c'", "text is not of the right kind"),
        ("account = '1'\ncolour = 'red'\n[columns]\nbooked_on = 'a'\namount = 'b'", "nothing is called colour"),
        ("account = '1'\ntime_zone = 'Mars/Olympus'\n[columns]\nbooked_on = 'a'\namount = 'b'", "no time zone"),
        ("account = '1'\ncredit_marks = ['d']\n[columns]\nbooked_on = 'a'\namount = 'b'", "both debits and credits"),
        ("debit_marks = [1]\n[columns]\nbooked_on = 'a'\namount = 'b'", "debit_marks is not of the right kind"),
        ("account = ", "is not TOML"),
    ],
)
def test_a_mapping_that_cannot_be_read_by_is_refused_with_what_to_do(text: str, told: str) -> None:
    with pytest.raises(statement_csv.MappingError) as refused:
        statement_csv.mapping_of_toml(text, "bad")
    assert told in refused.value.message
    assert refused.value.remedy


def test_columns_report_keeps_what_moved_and_knows_each_row() -> None:
    out = io.BytesIO()
    at = datetime(2026, 3, 4, 3, 30, tzinfo=UTC)  # still the third in New York
    rows = [
        statement_csv.ColumnReportRow(at, "bacc_1", "acht_1", "ach.incoming_transfer.settled", 1_000, 1_000),
        statement_csv.ColumnReportRow(at, "bacc_1", "acht_2", "ach.incoming_transfer.scheduled", None, 1_000),
        statement_csv.ColumnReportRow(at, "bacc_1", "acht_2", "ach.outgoing_transfer.initiated", 0, 1_000),
        statement_csv.ColumnReportRow(at, "bacc_2", "acht_1", "ach.incoming_transfer.settled", -300, -300),
    ]
    assert statement_csv.write_column_report(out, rows, "America/Los_Angeles") == 4
    found = collect(statement_csv.read(io.BytesIO(out.getvalue()), statement_csv.COLUMN_REPORT))
    assert found.is_sound
    assert [
        (one.account, one.amount_cents, one.booked_on, one.type_code, one.customer_reference) for one in found.lines
    ] == [
        ("bacc_1", 1_000, DAY, "ach.incoming_transfer.settled", "acht_1"),
        ("bacc_2", -300, DAY, "ach.incoming_transfer.settled", "acht_1"),
    ]
    assert found.lines[0].identity == "acht_1|ach.incoming_transfer.settled|2026-03-04T03:30:00Z|bacc_1"


def test_nacha_returns_name_the_entry_that_comes_back() -> None:
    found = list(nacha.entries(io.BytesIO(nacha_file())))
    entries = [one for one in found if isinstance(one, nacha.Entry)]
    assert [(one.kind, one.code, one.amount_cents, one.original_trace) for one in entries] == [
        ("return", "R01", -12_354, "121042880000001"), ("return", "R01", 4_565, "121042880000002"),
    ]  # fmt: skip
    assert found[-1] == nacha.File(found[-1].header, 1, 2, 12_354, 4_565)  # type: ignore[union-attr]
    assert [one.customer_reference for one in read(nacha_file(), "nacha").lines] == [
        one.original_trace for one in entries
    ]


@pytest.mark.parametrize("code", ["R68", "R73"])
def test_nacha_tells_dishonored_and_contested_returns_apart(code: str) -> None:
    entries = [one for one in nacha.entries(io.BytesIO(nacha_file(code=code))) if isinstance(one, nacha.Entry)]
    assert {one.kind for one in entries} == {"dishonored" if code == "R68" else "contested"}


def test_nacha_layouts_leave_no_column_out_and_use_none_twice() -> None:
    for name, layout in nacha.LAYOUTS.items():
        columns = [column for one in layout for column in range(one.first, one.last + 1)]
        assert columns == list(range(1, 95)), name


def test_the_committed_table_of_nacha_records_is_current() -> None:
    committed = (PROJECT_ROOT / "docs" / "nacha.md").read_text(encoding="utf-8")
    assert committed == nacha.layouts_as_markdown(), "run: python -m payments_pipeline.formats.nacha > docs/nacha.md"


# What is broken is found ------------------------------------------------------------------------------------------------

BROKEN = {
    "bai2": [
        (b"16,142,50000,", b"16,142,50001,", "total", 9),
        (b"49,456500,7", b"49,456501,7", "total", 9),
        (b"49,456500,7", b"49,456500,8", "count", 9),
        (b"98,456500,1,9", b"98,456500,2,9", "count", 10),
        (b"98,456500,1,9", b"98,456500,1,8", "count", 10),
        (b"98,456500,1,9", b"98,456,1,9", "total", 10),
        (b"99,456500,1,11", b"99,456500,2,11", "count", 11),
        (b"99,456500,1,11", b"99,456500,1,10", "count", 11),
        (b"99,456500,1,11", b"99,0,1,11", "total", 11),
        (b"010,100000", b"010,1000x0", "value", 3),
        (b"16,142,50000", b"16,142,-50000", "value", 5),
        (b"16,142,50000", b"16,14,50000", "value", 5),
        (b"V,260304,", b"V,269304,", "value", 6),
        (b",Z,BREF1", b",Q,BREF1", "value", 5),
        (b"1,260303,2400", b"1,260231,2400", "value", 2),
        (b",122099999,1,260303", b",122099999,7,260303", "value", 2),
        (b",,,2/\n02", b",,,3/\n02", "version", 1),
        (b"88,FROM A PAYER/\n", b"", "count", 8),
        (b"16,475,1000,0,,1001,CHECK/\n", b"", "total", 8),
        (b"49,456500,7/\n", b"", "structure", 9),
        (b"03,000123,USD,010,100000,,,015,151500,,/\n88,045,151500,,/\n", b"", "missing", 3),
        (b"99,456500,1,11/\n", b"", "unfinished", 10),
        (b"01,122099999", b"07,122099999", "not_the_format", 1),
        (b"WIRE", b"WI\x00E", "encoding", 6),
    ],
    "mt940": [
        (b"C500,00NTRF", b"C501,00NTRF", "balance", 9),
        (b"D15,5NCHG", b"D15NCHG", "length", 7),
        (b":60F:C260302USD1000,00", b":60F:C260302USD1000,01", "balance", 9),
        (b":60F:C", b":60F:D", "balance", 9),
        (b":60M:C260303USD1484,50", b":60M:C260303USD1484,51", "page", 13),
        (b":62F:C260303USD1400,", b":62F:C260303EUR1400,", "currency", 15),
        (b":62F:C260303", b":62F:C260203", "order", 15),
        (b":62F:C260303USD1400,", b":62F:X260303USD1400,", "value", 15),
        (b":61:2603030303C500", b":61:2603330303C500", "value", 5),
        (b":61:2603030303RC84,50", b":61:2603030303RX84,50", "value", 14),
        (b"CREF1//", b"CREF1CREF1CREF1CREF1//", "length", 5),
        (b":62F:C260303USD1400,\n", b"", "missing", 15),
        (b":60F:C260302USD1000,00\n", b"", "structure", 4),
        (b":25:000123\n:28C:1/1\n", b":28C:1/1\n", "missing", 3),
        (b":28C:1/1\n", b":25:999\n", "structure", 3),
        (b":20:STMT1\n:25:000123\n:28C:1/2\n:60M", b":20:STMT1\n:25:000124\n:28C:1/2\n:60M", "page", 13),
    ],
    "camt053": [
        (b">500.00</Amt>", b">500.01</Amt>", "balance", 5),
        (b">1400.00</Amt>", b">1400.01</Amt>", "balance", 5),
        (b"<Sum>600.00", b"<Sum>600.01", "total", 5),
        (b"<Sum>500.00", b"<Sum>5", "total", 5),
        (b"<NbOfNtries>2", b"<NbOfNtries>3", "count", 5),
        (b'"USD">1400', b'"EUR">1400', "currency", 3),
        (b'"USD">500', b'"EUR">500', "value", 4),
        (b">500.00</Amt>", b">5OO.00</Amt>", "value", 4),
        (b">500.00</Amt>", b">500.001</Amt>", "value", 4),
        (b"<CdtDbtInd>DBIT", b"<CdtDbtInd>DEBT", "value", 5),
        (b"<Cd>BOOK</Cd></Sts><BookgDt><DtTm>", b"<Cd>BOOX</Cd></Sts><BookgDt><DtTm>", "value", 5),
        (b"<DtTm>2026-03-03T12", b"<DtTm>2026-13-03T12", "value", 5),
        (b"<BookgDt><Dt>2026-03-03</Dt></BookgDt>", b"", "missing", 4),
        (b"<Cd>CLBD</Cd>", b"<Cd>XPCD</Cd>", "missing", 5),
        (b"<Othr><Id>000123</Id></Othr>", b"", "value", 5),
        (b"</Ntry>\n</Stmt>", b"</Stmt>", "markup", 5),
        (b"BkToCstmrStmt>", b"BkToCstmrAcctRpt>", "not_the_format", 1),
        (b"<Stmt>", b"<Smtt>", "markup", 1),
    ],
    "csv": [
        (b'"1,000.50"', b'"1,00.50"', "value", 2),
        (b"-15.50", b"-15.51", "balance", 3),
        (b"-15.50", b"-15.505", "value", 3),
        (b"03/04/2026", b"13/04/2026", "value", 4),
        (b'"2,000.50"', b'"2,000.60"', "balance", 3),
        (b",CREF2,", b",", "count", 4),
        (b"Amount", b"Betrag", "not_the_format", 1),
        (b'"WIRE, OUT"', b'"WIRE, OUT', "structure", 3),
    ],
    "nacha": [
        (b"0000012354", b"0000012355", "total", 7),
        (b"626121042882", b"626121042883", "check_digit", 3),
        (b"626121042882", b"626121042899", "check_digit", 3),
        (b"R01", b"X01", "value", 4),
        (b"82000000040", b"82000000050", "count", 7),
        (b"9000001000001", b"9000002000001", "count", 8),
        (b"9000001000001", b"9000001000002", "count", 10),
        (b"101 121042882", b"102 121042882", "value", 1),
        (b"5200SERVICER", b"5201SERVICER", "value", 2),
        (b"5200SERVICER", b"5220SERVICER", "sign", 3),
        (b"A PAYER", b"\xc1 PAYER", "encoding", 3),
        (b"1091000010000001\n799", b"0091000010000001\n799", "structure", 3),
        (b"091000010000002\n799", b"091000010000000\n799", "order", 5),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("format_", "old", "new", "code", "record"), [(format_, *one) for format_, many in BROKEN.items() for one in many]
)
def test_one_broken_field_refuses_the_file_and_the_record_is_named(
    format_: Format, old: bytes, new: bytes, code: str, record: int
) -> None:
    content = VALID[format_][0]
    assert old in content
    found = read(content.replace(old, new, 1), format_)
    assert (code, record) in {(one.code, one.record) for one in found.faults}, [str(one) for one in found.faults]
    assert all(one.remedy and one.expected and one.found and one.code in CODES for one in found.faults)


@pytest.mark.parametrize(
    ("format_", "old", "new", "code"),
    [
        ("bai2", b"49,456500,7", b"49,456501,7", "total"),
        ("bai2", b"99,456500,1,11/\n", b"", "unfinished"),
        ("mt940", b"C500,00NTRF", b"C501,00NTRF", "balance"),
        ("mt940", b":60M:C260303USD1484,50", b":60M:C260303USD1484,51", "page"),
        ("camt053", b"<Sum>600.00", b"<Sum>600.01", "total"),
        ("csv", b"-15.50", b"-15.51", "balance"),
        ("nacha", b"0000012354", b"0000012355", "total"),
        ("nacha", b"626121042882", b"626121042883", "check_digit"),
    ],
)
def test_what_is_forgiven_leniently_is_told_as_a_warning(format_: Format, old: bytes, new: bytes, code: str) -> None:
    content = VALID[format_][0].replace(old, new, 1)
    strict, lenient = read(content, format_), read(content, format_, is_lenient=True)
    assert not strict.is_sound
    assert lenient.is_sound
    assert code in {one.code for one in lenient.warnings}
    assert len(lenient.lines) == len(read(VALID[format_][0], format_).lines)


def test_a_fault_tells_no_text_of_the_banks() -> None:
    content = BAI2.replace(b"16,195,2500,V,260304,,BREF2", b"16,195,2500,V,2603,,BREF2").replace(
        b"FROM A PAYER", b"FROM JANE DOE"
    )
    content = content.replace(b"16,475,1000,0,,1001,CHECK/", b"JANE DOE LIVES HERE")
    assert "JANE" not in " ".join(str(one) for one in read(content, "bai2").faults)


def test_a_hopeless_file_is_given_up_after_so_many_faults() -> None:
    content = BAI2.replace(b"16,142,50000", b"16,142,x") + b"".join(b"16,142,x,Z,,,/\n" for _ in range(500))
    assert len(read(BAI2.replace(b"88,FROM", b"16,142,x,Z,,,/\n" * 200 + b"88,FROM"), "bai2").faults) == MAX_FAULTS
    assert len(read(content, "bai2").faults) <= MAX_FAULTS
    one_record = BAI2.replace(b"010,100000,,,", b"010,x,,," * 500)
    assert len(read(one_record, "bai2").faults) == MAX_FAULTS


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (BAI2.decode().encode("utf-16"), "UTF-16"),
        (b"\x1f\x8b\x08" + BAI2, "gzip"),
        (b"PK\x03\x04" + BAI2, "ZIP"),
        (b"%PDF-1.4", "PDF"),
    ],
)
def test_what_is_no_text_is_refused_by_name(content: bytes, told: str) -> None:
    formats: tuple[Format, ...] = ("bai2", "mt940", "nacha")
    for format_ in formats:
        (fault,) = read(content, format_).faults
        assert (fault.code, told in fault.found) == ("not_the_format", True)


def test_marks_utf8_and_latin_1_are_read() -> None:
    umlaut = MT940.replace(b"FEE FOR MARCH", "GEBÜHR MÄRZ".encode())
    assert read(b"\xef\xbb\xbf" + umlaut, "mt940").lines[1].text == "GEBÜHR MÄRZ"
    latin = read(MT940.replace(b"FEE FOR MARCH", "GEBÜHR MÄRZ".encode("latin-1")), "mt940")
    assert (latin.lines[1].text, [one.code for one in latin.warnings]) == ("GEBÜHR MÄRZ", ["encoding"])
    assert latin.is_sound


@pytest.mark.parametrize("format_", ["bai2", "mt940", "csv", "nacha"])
def test_a_line_without_end_is_refused_before_it_fills_the_memory(format_: Format) -> None:
    found = read(VALID[format_][0] + b"x" * (MAX_LINE_BYTES * 3), format_)
    assert "line_length" in {one.code for one in found.faults}


def test_text_that_goes_on_for_ever_is_refused() -> None:
    assert "line_length" in {
        one.code for one in read(BAI2.replace(b"88,FROM A", b"88,x\n" * 70_000 + b"88,FROM A"), "bai2").faults
    }
    assert "line_length" in {
        one.code for one in read(MT940.replace(b"more of it", b"more of it\n" * 5_000), "mt940").faults
    }
    assert "line_length" in {one.code for one in read(CSV.replace(b"a note", b'"' + b"a\n" * 5_000), "csv").faults}


# Round trips ------------------------------------------------------------------------------------------------------------

_TEXT = st.text(st.characters(codec="ascii", min_codepoint=33, max_codepoint=126, exclude_characters="/"), max_size=30)
_REFERENCE = st.text(st.characters(codec="ascii", categories=["Lu", "Nd"]), max_size=16)
_INSTANTS = st.integers(10**9, 2 * 10**9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
_DAYS = st.dates(date(2000, 1, 1), date(2069, 12, 31))


@st.composite
def _statements(draw: st.DrawFn) -> list[tuple[Statement, list[Line]]]:
    made = []
    for number in range(1, draw(st.integers(1, 4)) + 1):
        day = draw(_DAYS)
        lines = []
        for nth in range(1, draw(st.integers(0, 5)) + 1):
            cents = draw(st.integers(-(10**12), 10**12))
            one = line(nth, cents, reference=draw(_REFERENCE), text=draw(_TEXT), day=day)
            lines.append(one._replace(statement=number, value_on=draw(st.one_of(st.just(day), _DAYS))))
        nature = draw(st.sampled_from(["new", "correction", "deletion", "test"]))
        head, _ = statement(lines, opening=draw(st.integers(-(10**9), 10**9)), as_of=day, number=number, nature=nature,
                            is_final=draw(st.booleans()), reference="260303/0200/1")  # fmt: skip
        made.append((head, lines))
    return made


def without_place(items: Iterable[Item]) -> Iterator[Item]:
    """The same without where in the file each stood."""
    for item in items:
        yield (item._replace(record=0, file_line=0) if isinstance(item, Line) else replace(item, record=0, file_line=0))


@settings(max_examples=150, deadline=None)
@given(_statements())
def test_bai2_that_is_written_and_read_is_the_same(made: list[tuple[Statement, list[Line]]]) -> None:
    found = read(bai2_file(made), "bai2")
    assert found.is_sound
    assert not [one for one in found.warnings if one.code == "balance"]
    assert list(without_place(found.statements)) == [head for head, _ in made]
    assert list(without_place(found.lines)) == [one for _, lines in made for one in lines]


def test_text_of_several_lines_survives_bai2() -> None:
    one = line(1, 100, text="FIRST, WITH A COMMA\nSECOND/HALF\n  THIRD")
    (found,) = read(bai2_file([statement([one])]), "bai2").lines
    assert found.text == one.text


@pytest.mark.parametrize(
    "one",
    [
        line(1, 1)._replace(type_code="451"),
        line(1, 1, reference="A,B"),
        line(1, 1, text="/ at first"),
        line(1, 1, text="a\x07b"),
    ],
)
def test_what_bai2_cannot_say_is_refused_on_writing(one: Line) -> None:
    with pytest.raises(bai2.Bai2Error):
        bai2_file([statement([one])])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 10**10 - 1), min_size=1, max_size=30))
def test_nacha_that_is_written_is_read_and_written_again_byte_for_byte(amounts: list[int]) -> None:
    content = nacha_file(amounts)
    found = list(nacha.entries(io.BytesIO(content)))
    assert not [one for one in found if isinstance(one, Fault)]
    entries = [one for one in found if isinstance(one, nacha.Entry)]
    assert [abs(one.amount_cents) for one in entries] == amounts
    again = io.BytesIO()
    header = found[-1].header  # type: ignore[union-attr]
    assert header is not None
    nacha.write(again, header, [(entries[0].batch.header, [(one.fields, one.addenda) for one in entries])])
    assert again.getvalue() == content


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(_REFERENCE.filter(bool), st.integers(-(10**12), 10**12).filter(bool),
                  _INSTANTS),
        max_size=8, unique_by=lambda row: row[0],
    )
)  # fmt: skip
def test_columns_report_that_is_written_and_read_is_the_same(rows: list[tuple[str, int, datetime]]) -> None:
    out = io.BytesIO()
    statement_csv.write_column_report(
        out,
        [
            statement_csv.ColumnReportRow(at, "bacc_1", name, "wire.incoming_transfer.completed", cents, 0)
            for name, cents, at in rows
        ],
    )
    found = collect(statement_csv.read(io.BytesIO(out.getvalue()), statement_csv.COLUMN_REPORT))
    assert found.is_sound
    assert [(one.bank_reference, one.amount_cents) for one in found.lines] == [(name, cents) for name, cents, _ in rows]


# Memory -----------------------------------------------------------------------------------------------------------------


class Repeated(io.RawIOBase):
    """A file of a beginning, a middle many times, and an end, of which nothing is held."""

    def __init__(self, head: bytes, middle: bytes, times: int, tail: bytes) -> None:
        self._parts: Iterator[bytes] = iter([head, *(middle for _ in range(times)), tail])
        self._left = b""

    def read(self, size: int = -1, /) -> bytes:
        while len(self._left) < size and (part := next(self._parts, None)) is not None:
            self._left += part
        data, self._left = self._left[:size], self._left[size:]
        return data

    def readline(self, size: int | None = -1, /) -> bytes:
        while b"\n" not in self._left and (part := next(self._parts, None)) is not None:
            self._left += part
        end = self._left.find(b"\n") + 1 or len(self._left)
        data, self._left = self._left[:end], self._left[end:]
        return data


LONG = {
    "bai2": (
        b"01,1,2,260304,0200,1,,,2/\n02,2,1,1,260303,2400,USD,2/\n03,1,,/\n",
        b"16,142,5,Z,BREF,CREF,SOME TEXT OF A PAYER/\n",
        b"",
    ),
    "mt940": (b":20:A\n:25:1\n:28C:1\n:60F:C260303USD0,\n", b":61:260303C1,00NTRFCREF//BREF\n:86:SOME TEXT\n", b""),
    "camt053": (
        CAMT053[: CAMT053.index(b"<Ntry>")],
        CAMT053[CAMT053.index(b"<Ntry>") : CAMT053.index(b"</Stmt>")],
        b"",
    ),
    "csv": (CSV.splitlines(keepends=True)[0], b"03/03/2026,ACH,ACME,C,1.00,\n", b""),
    "nacha": (b"", nacha_file().splitlines(keepends=True)[2] + nacha_file().splitlines(keepends=True)[3], b""),
}


@pytest.mark.parametrize("format_", LONG)
def test_memory_does_not_grow_with_the_file(format_: Format) -> None:
    head, middle, tail = LONG[format_]
    head = b"".join(nacha_file().splitlines(keepends=True)[:2]) if format_ == "nacha" else head
    peaks = []
    for times in (500, 3_000):
        lines = 0
        tracemalloc.start()
        try:
            for one in reader(format_, MAPPING if format_ == "csv" else None)(
                Repeated(head, middle, times, tail), is_lenient=True
            ):
                lines += isinstance(one, Line)
                assert isinstance(one, Line) or len(str(one)) < 2_000
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
        assert lines >= times
    assert peaks[1] < peaks[0] + (128 << 10)


def test_the_example_in_the_docstring_of_the_csv_reader_is_a_mapping(tmp_path: Path) -> None:
    example = (statement_csv.__doc__ or "").split("\n\n    ", 1)[1].rsplit("\n\nColumn", 1)[0]
    mapping = statement_csv.mapping_of_toml("\n".join(one.strip() for one in example.splitlines()), "example")
    assert json.loads(json.dumps(mapping.wanted)) == ["Posting Date", "Amount", "Description", "Memo", "Running Bal."]
