"""FIRE files: the positions of every field, the fixtures byte for byte, and every way in which a file can be wrong."""

import io
import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments_pipeline.formats import fire
from payments_pipeline.formats.fire import LAYOUT, Checked, FireError, FireWriter, check_file, read_record, write_record
from payments_pipeline.paths import PROJECT_ROOT

FIXTURES = PROJECT_ROOT.parent / "shared" / "fixtures" / "fire1098" / "moov_irs"

TRANSMITTER: dict[str, fire.Value] = {
    "transmitter_tin": "123456789",
    "transmitter_control_code": "55AA5",
    "transmitter_name": "NORTHWIND SERVICING INC",
    "company_name": "NORTHWIND SERVICING INC",
    "company_address": "1 MAIN STREET",
    "company_city": "SALEM",
    "company_state": "OR",
    "company_zip": "97301",
    "contact_name": "PAT DOE",
    "contact_phone": "5035550100",
    "contact_email": "tax@example.com",
    "vendor_indicator": "I",
}
ISSUER: dict[str, fire.Value] = {
    "issuer_tin": "123456789",
    "issuer_name_control": "NORT",
    "return_type": "3",
    "issuer_name": "NORTHWIND SERVICING INC",
    "transfer_agent": "0",
    "issuer_address": "1 MAIN STREET",
    "issuer_city": "SALEM",
    "issuer_state": "OR",
    "issuer_zip": "97301",
    "issuer_phone": "5035550100",
}


def a_return(number: int = 1, **changed: fire.Value) -> dict[str, fire.Value]:
    return {
        "name_control": "DOE",
        "tin_type": "2",
        "tin": f"9{number:08}",
        "account_number": f"LN{number:010}",
        "amount_1": 1_234_567,
        "amount_6": 20_000_000,
        "name": "DOE JANE",
        "address": "12 ELM STREET",
        "city": "SALEM",
        "state": "OR",
        "zip": "97301",
        "origination_date": date(2020, 2, 29),
        "property_is_address": "1",
        **changed,
    }


def written(*groups: list[dict[str, fire.Value]]) -> bytes:
    out = io.BytesIO()
    writer = FireWriter(out, 2025, TRANSMITTER)
    for group in groups:
        writer.begin_group(ISSUER)
        for each in group:
            writer.payee(each)
        writer.end_group()
    writer.close()
    return out.getvalue()


@pytest.fixture
def check(tmp_path: Path) -> Callable[[bytes], Checked]:
    def checked(content: bytes) -> Checked:
        file = tmp_path / "file.txt"
        file.write_bytes(content)
        return check_file(file)

    return checked


def changed(content: bytes, record: int, first: int, text: str) -> bytes:
    at = (record - 1) * 750 + first - 1
    return content[:at] + text.encode() + content[at + len(text) :]


def test_a_written_file_has_no_fault_and_adds_up(check: Callable[[bytes], Checked]) -> None:
    content = written(
        [a_return(1), a_return(2, amount_2=60_000, amount_3=99)],
        [a_return(3, corrected="G", amount_1=0, amount_6=0)],
        [a_return(3, corrected="C", properties=2, property_is_address="", property="2 HOMES", other="TAXES 12")],
    )
    found = check(content)
    assert found.faults == []
    assert (found.records, found.payees) == (len(content) // 750, 4)
    assert found.totals["1"] == 3 * 1_234_567
    assert found.totals["2"] == 60_000
    kinds = "".join(content[at : at + 1].decode() for at in range(0, len(content), 750))
    assert kinds == "TABBCABCABCF"


def test_what_t_a_c_and_f_say_of_the_file_is_true() -> None:
    content = written([a_return(1), a_return(2, amount_2=60_000)], [a_return(3, corrected="G", amount_3=7)])
    records = [read_record(content[at : at + 750]) for at in range(0, len(content), 750)]
    assert records[0]["payees"] == 3
    assert [each["amount_codes"] for each in records if each["record_type"] == "A"] == ["126", "136"]
    totals = [each for each in records if each["record_type"] == "C"]
    assert [each["payees"] for each in totals] == [2, 1]
    assert totals[0]["total_1"] == 2 * 1_234_567
    assert totals[0]["total_6"] == 2 * 20_000_000
    assert (records[-1]["issuers"], records[-1]["payees"]) == (2, 3)
    assert [each["sequence"] for each in records] == list(range(1, len(records) + 1))


def test_the_amount_codes_are_not_the_numbers_of_the_boxes() -> None:
    assert fire.AMOUNT_OF_BOX == {1: "1", 2: "6", 4: "3", 5: "4", 6: "2"}


@pytest.mark.parametrize(
    ("record_type", "name", "first", "last"),
    [
        ("T", "transmitter_control_code", 16, 20),
        ("T", "payees", 296, 303),
        ("T", "contact_email", 359, 408),
        ("T", "vendor_indicator", 518, 518),
        ("A", "return_type", 26, 27),
        ("A", "amount_codes", 28, 45),
        ("A", "issuer_phone", 225, 239),
        ("B", "corrected", 6, 6),
        ("B", "amount_1", 55, 66),
        ("B", "amount_9", 151, 162),
        ("B", "amount_A", 163, 174),
        ("B", "amount_J", 259, 270),
        ("B", "foreign_country", 287, 287),
        ("B", "zip", 490, 498),
        ("B", "origination_date", 544, 551),
        ("B", "property_is_address", 552, 552),
        ("B", "property", 553, 591),
        ("B", "other", 592, 630),
        ("B", "properties", 670, 673),
        ("B", "special_data", 674, 722),
        ("B", "acquisition_date", 723, 730),
        ("C", "payees", 2, 9),
        ("C", "total_1", 16, 33),
        ("C", "total_J", 322, 339),
        ("F", "issuers", 2, 9),
        ("F", "payees", 50, 57),
    ],
)
def test_a_field_is_where_the_publication_puts_it(record_type: str, name: str, first: int, last: int) -> None:
    found = fire.field_of(record_type, name)
    assert (found.first, found.last) == (first, last)


@given(st.data())
def test_a_value_comes_back_from_its_positions_and_leaves_every_other_byte_alone(data: st.DataObject) -> None:
    record_type = data.draw(st.sampled_from(sorted(LAYOUT)))
    each = data.draw(st.sampled_from([f for f in LAYOUT[record_type] if f.kind is not fire.Kind.LINE_END]))
    plain = write_record(record_type, {})
    match each.kind:
        case fire.Kind.NUMBER | fire.Kind.NUMBER_OR_BLANK:
            value: fire.Value = data.draw(st.integers(0, 10**each.length - 1))
        case fire.Kind.DATE | fire.Kind.DATE_OR_BLANK:
            value = data.draw(st.dates(date(1900, 1, 1), date(2099, 12, 31)))
        case fire.Kind.CODE:
            value = data.draw(st.sampled_from(each.codes)).rstrip()
        case _:
            value = data.draw(st.text("ABCXYZ09", min_size=1, max_size=each.length))
    record = write_record(record_type, {each.name: value})
    assert read_record(record)[each.name] == value
    assert record[: each.first - 1] == plain[: each.first - 1]
    assert record[each.last :] == plain[each.last :]
    assert len(record) == 750


def test_the_quick_way_to_write_a_return_writes_the_same_bytes() -> None:
    values = a_return(7, properties=12, acquisition_date=date(2025, 3, 1), amount_2=5, special_data="x")
    content = written([values])
    expected = write_record("B", {**values, "tax_year": 2025, "sequence": 3})
    assert content[1500:2250] == expected


def test_a_value_too_long_for_its_field_is_refused_and_personal_ones_are_not_shown() -> None:
    with pytest.raises(FireError, match=r"B record, name \(288-327\): expected at most 40") as refused:
        written([a_return(name="SMITHSONIAN " * 5)])
    assert "SMITHSONIAN" not in str(refused.value)
    with pytest.raises(FireError, match=r"amount_1 \(55-66\)"):
        written([a_return(amount_1=-1)])
    with pytest.raises(FireError, match=r"amount_1 \(55-66\)"):
        written([a_return(amount_1=10**12)])


def test_names_unknown_to_the_layout_are_refused() -> None:
    with pytest.raises(FireError, match="no field tni"):
        write_record("B", {"tni": "1"})


# Fixtures ---------------------------------------------------------------------------------------------------------------

NAMES = {
    "T": {"payment_year": "tax_year", "transmitter_control_code": "transmitter_control_code",
          "total_number_of_payees": "payees", "contact_telephone_number_and_ext": "contact_phone",
          "contact_email_address": "contact_email", "record_sequence_number": "sequence", "vendor_name": "vendor_name",
          "vendor_contact_name": "vendor_contact_name", "vendor_foreign_entity_indicator": "vendor_foreign_entity",
          "company_zip_code": "company_zip", "prior_year_data_indicator": "prior_year"},
    "A": {"payer_tin": "issuer_tin", "payer_name_control": "issuer_name_control", "amount_codes": "amount_codes",
          "first_payer_name": "issuer_name", "payer_zip_code": "issuer_zip", "record_sequence_number": "sequence",
          "transfer_agent_control": "transfer_agent", "payer_telephone_number_and_ext": "issuer_phone"},
    "B": {"payees_name_control": "name_control", "type_of_tin": "tin_type", "payees_tin": "tin",
          **{f"payment_amount_{code}": f"amount_{code}" for code in fire.AMOUNTS},
          "first_payee_name_line": "name", "payee_city": "city", "payee_zip_code": "zip",
          "record_sequence_number": "sequence", "property_securing_mortgage_indicator": "property_is_address",
          "number_mortgaged_properties": "properties"},
    "C": {"number_of_payees": "payees", **{f"control_total_{code}": f"total_{code}" for code in fire.AMOUNTS},
          "record_sequence_number": "sequence"},
    "F": {"number_of_payer_records": "issuers", "total_number_of_payees": "payees",
          "record_sequence_number": "sequence"},
}  # fmt: skip


@pytest.mark.skipif(not FIXTURES.is_dir(), reason="the folder of shared fixtures is not on this machine")
@pytest.mark.parametrize(
    "name", ["transmitterRecord", "payerRecord", "payeeRecordWith1098", "endPayerRecord", "endTransmitterRecord"]
)
def test_a_record_of_another_implementation_is_read_as_it_reads_it_and_written_byte_for_byte(name: str) -> None:
    record = (FIXTURES / f"{name}.ascii").read_bytes()
    theirs: dict[str, Any] = json.loads((FIXTURES / f"{name}.json").read_text())
    ours = read_record(record)
    assert write_record(str(ours["record_type"]), ours) == record
    for their_name, our_name in NAMES[str(ours["record_type"])].items():
        assert ours[our_name] == theirs[their_name], our_name
    if name == "payeeRecordWith1098":
        assert ours["origination_date"] == date(2002, 9, 20)


@pytest.mark.skipif(not FIXTURES.is_dir(), reason="the folder of shared fixtures is not on this machine")
def test_a_whole_file_of_another_form_round_trips_and_is_refused_for_what_is_not_form_1098(
    check: Callable[[bytes], Checked],
) -> None:
    content = (FIXTURES / "oneTransactionFile.ascii").read_bytes()
    for at in range(0, len(content), 750):
        record = content[at : at + 750]
        if record[:1] != b"K":
            assert write_record(chr(record[0]), read_record(record)) == record
    faults = [str(fault) for fault in check(content).faults]
    assert (
        "record 6 (K), record_type (1-1): expected one of T, A, B, C, F (Form 1098 has no K record), found 'K'"
        in faults
    )
    assert any(fault.startswith("record 2 (A), return_type (26-27): expected '3 '") for fault in faults)
    assert any(fault.startswith("record 3 (B), amount_7 (127-138): expected zeros") for fault in faults)


# Faults -----------------------------------------------------------------------------------------------------------------

GOOD = written([a_return(1), a_return(2)])


@pytest.mark.parametrize(
    ("record", "first", "text", "said"),
    [
        (1, 2, "2024", r"record 2 \(A\), tax_year \(2-5\): expected 2024, found 2025"),
        (1, 296, "00000007", r"record 1 \(T\), payees \(296-303\): expected 2, found 7"),
        (1, 28, "X", r"record 1 \(T\), test_indicator \(28-28\): expected one of ' ', 'T', found 'X'"),
        (1, 16, "     ", r"transmitter_control_code \(16-20\): expected capitals"),
        (2, 12, "111111111", r"record 2 \(A\), issuer_tin \(12-20\): expected nine digits, not all the same"),
        (2, 26, "A ", r"return_type \(26-27\): expected '3 ', found 'A'"),
        (2, 28, "61", r"amount_codes \(28-45\): expected codes out of 12346, ascending, each once, found '61'"),
        (2, 28, "1 ", r"amount_codes \(28-45\): expected 6 among the codes, found '1'"),
        (2, 214, "ZZ", r"issuer_state \(214-215\): expected two letters of a state, found 'ZZ'"),
        (3, 2, "2024", r"record 3 \(B\), tax_year \(2-5\): expected 2025, as in the T record, found '2024'"),
        (3, 6, "X", r"corrected \(6-6\): expected one of"),
        (4, 6, "G", r"record 4 \(B\), corrected \(6-6\): expected ' ', as in the first of the group"),
        (3, 7, "ROE ", r"name_control \(7-10\): expected the first letters of the name, or blanks, found AAA"),
        (3, 11, " ", r"tin_type \(11-11\): expected a type beside a number"),
        (3, 12, "         ", r"tin \(12-20\): expected a number beside its type, found blanks"),
        (3, 12, "90000-001", r"tin \(12-20\): expected nine digits, not all the same, or blanks, found 99999-999"),
        (3, 12, "222222222", r"tin \(12-20\): expected nine digits, not all the same"),
        (3, 21, " " * 20, r"account_number \(21-40\): expected capitals"),
        (
            4,
            21,
            "LN0000000001",
            r"record 4 \(B\), account_number \(21-40\): expected one of its own, found that of record 3",
        ),
        (3, 55, "      123456", r"amount_1 \(55-66\): expected digits, filled with zeros"),
        (3, 55, "000000000000", r"amount_1 \(55-66\): expected an amount in at least one of boxes 1, 4, 5 and 6"),
        (3, 103, "000000000001", r"amount_5 \(103-114\): expected zeros: Form 1098 does not use it"),
        (3, 288, "doe jane", r"name \(288-327\): expected capitals, digits, & -, from the left, found aaa aaaa"),
        (3, 288, "D. O'E  ", r"name \(288-327\): expected capitals, digits, & -"),
        (3, 288, " DOEJANE", r"name \(288-327\): expected capitals, digits, & -, from the left"),
        (3, 488, "  ", r"state \(488-489\): expected a state, unless the address is abroad"),
        (3, 490, "9730     ", r"zip \(490-498\): expected five or nine digits"),
        (3, 490, "10001    ", r"zip \(490-498\): expected a postal code of the state"),
        (3, 500, "00000009", r"sequence \(500-507\): expected the number of the record, found '00000009'"),
        (3, 544, "20250229", r"origination_date \(544-551\): expected a date, YYYYMMDD, found '20250229'"),
        (3, 544, "        ", r"origination_date \(544-551\): expected a date"),
        (3, 552, " ", r"property \(553-591\): expected an address or description where box 7 is not marked"),
        (
            3,
            553,
            "5 OAK",
            r"property \(553-591\): expected an address or description where box 7 is not marked, and bl",
        ),
        (3, 670, "0001", r"properties \(670-673\): expected blanks, or a number of 2 or more"),
        (3, 723, "20240101", r"acquisition_date \(723-730\): expected a date in 2025, or blanks, found '20240101'"),
        (3, 749, "\n\n", r"line_end \(749-750\): expected blanks or a line end"),
        (3, 508, "X", r"blank_508 \(508-543\): expected blanks, found 'X'"),
        (5, 2, "00000003", r"record 5 \(C\), payees \(2-9\): expected 2, found 3"),
        (5, 16, f"{1:018}", r"total_1 \(16-33\): expected the sum 000000000002469134, found 1"),
        (5, 106, f"{0:018}", r"total_6 \(106-123\): expected the sum 000000000040000000, found 0"),
        (5, 1, "K", r"record 5 \(K\), record_type \(1-1\): expected one of T, A, B, C, F"),
        (6, 2, "00000002", r"record 6 \(F\), issuers \(2-9\): expected 1, found 2"),
        (6, 50, "00000001", r"record 6 \(F\), payees \(50-57\): expected 2, found 1"),
        (6, 10, "1", r"zeros_10 \(10-30\): expected '000000000000000000000'"),
        (6, 1, "C", r"expected an F record at the end, found none"),
        (2, 1, "T", r"record 2 \(T\), record_type \(1-1\): expected T first and only once"),
    ],
)
def test_a_fault_is_named_by_record_field_and_position(
    check: Callable[[bytes], Checked], record: int, first: int, text: str, said: str
) -> None:
    found = check(changed(GOOD, record, first, text))
    assert not found.is_accepted
    assert any(re.search(said, str(fault)) for fault in found.faults), [str(fault) for fault in found.faults]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "expected records of 750 characters each, found an empty file"),
        (GOOD[:-1], "expected records of 750 characters each"),
        (GOOD[:750] + GOOD[1500:], "expected an A record before it"),
        (GOOD[:-1500] + GOOD[-750:], "expected a C record for the group of record 2"),
        (GOOD[:-750], "expected an F record at the end, found none"),
        (GOOD + GOOD[-750:], "expected T first and only once, F last"),
        (GOOD.replace(b"\r\n", b"\r\n\n"), "expected records of 750 characters each"),
    ],
)
def test_a_file_that_is_not_whole_says_what_is_missing(
    check: Callable[[bytes], Checked], content: bytes, said: str
) -> None:
    assert any(said in str(fault) for fault in check(content).faults)


def test_no_message_shows_whose_return_is_wrong(check: Callable[[bytes], Checked]) -> None:
    content = changed(changed(changed(GOOD, 3, 12, "90000000X"), 3, 288, "Doe Jane"), 3, 368, "12 Elm STREET")
    shown = " ".join(str(fault) for fault in check(content).faults)
    assert "Doe" not in shown
    assert "Elm" not in shown
    assert "90000000" not in shown
    assert "99999999A" in shown


def test_an_address_abroad_needs_no_state_and_no_postal_code_of_ours(check: Callable[[bytes], Checked]) -> None:
    abroad = a_return(foreign_country="1", city="TORONTO ON M5V 2T6 CANADA", state="", zip="")
    assert check(written([abroad])).faults == []


def test_faults_are_counted_all_and_shown_up_to_a_limit(tmp_path: Path) -> None:
    file = tmp_path / "file.txt"
    file.write_bytes(written([a_return(number, zip="10001") for number in range(1, 51)]))
    found = check_file(file, most=10)
    assert (found.fault_count, len(found.faults)) == (50, 10)


def test_a_file_longer_than_a_block_is_checked_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fire, "_BLOCK_RECORDS", 7)
    file = tmp_path / "file.txt"
    content = written([a_return(number) for number in range(1, 31)], [a_return(40, corrected="G")])
    file.write_bytes(content)
    assert check_file(file).faults == []
    file.write_bytes(changed(content, 25, 500, "00000001"))
    assert [fault.record for fault in check_file(file).faults] == [25]


def test_the_page_about_the_layout_is_current() -> None:
    page = PROJECT_ROOT / "docs" / "form-1098-fire.md"
    assert page.read_text(encoding="utf-8") == fire.layout_page(), "write fire.layout_page() to it"
