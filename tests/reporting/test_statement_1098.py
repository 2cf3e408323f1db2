"""The borrower's statement: one page in words, two where they do not fit, and nothing of others on it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest

from payments_pipeline.formats.tax_identity import Address, Identity, co_borrower_place
from payments_pipeline.reporting.filer import read_filer
from payments_pipeline.reporting.files_1098 import Desk, write_statements
from payments_pipeline.reporting.form_1098 import draft
from payments_pipeline.reporting.statement_1098 import Statement, write_statement
from payments_pipeline.rules.form_1098 import Policy
from tests.reporting.reading import pages_of
from tests.reporting.taxbook import PERSONAL_DATA, Loan

PLAIN = Statement(
    tax_year=2025,
    loan_number="LN0000000042",
    tin_type="ssn",
    identity=Identity(first="Jane", last="Doe", tin="900123456"),
    co_borrowers=["Sam Doe"],
    address=Address("12 Elm Street", "Salem", "OR", "97301", "US"),
    is_due=True,
    is_corrected=False,
    interest_cents=11_845_11,
    late_charges_cents=59_96,
    paid_by_others_cents=0,
    reported_last_year_cents=1_002_30,
    prepaid_now_cents=999_00,
    refunded_cents=0,
    box_1_cents=11_901_77,
    box_2_cents=196_789_02,
    box_2_on=date(2025, 1, 1),
    box_3_on=date(2019, 5, 5),
    box_4_cents=0,
    box_5_cents=0,
    box_6_cents=0,
    box_7_is_mailing_address=True,
    box_8_property=None,
    box_9_properties=None,
    box_10_other=None,
    box_11_on=None,
)


@pytest.fixture
def shown(tmp_path: Path) -> Callable[..., list[str]]:
    def pages(**changed: object) -> list[str]:
        path = tmp_path / "statement.pdf"
        write_statement(path, replace(PLAIN, **changed), read_filer())  # type: ignore[arg-type]
        return pages_of(path)

    return pages


def test_box_1_is_taken_apart_into_what_adds_up_to_it(shown: Callable[..., list[str]]) -> None:
    assert sum(cents for _, cents in PLAIN.box_1_lines) == PLAIN.box_1_cents
    (page,) = shown()
    for words in (
        "$11,901.77",
        "$11,845.11",
        "$59.96",
        "$999.00",
        "-$1,002.30",
        "How box 1 was worked out",
        "$196,789.02",
    ):
        assert words in page


def test_the_number_is_masked_and_the_other_signer_is_named_by_name_only(shown: Callable[..., list[str]]) -> None:
    (page,) = shown()
    assert "***-**-3456" in page
    assert "900123456" not in page
    assert "Also on this loan: Sam Doe" in page


def test_a_statement_without_adjustments_has_no_working_out(shown: Callable[..., list[str]]) -> None:
    (page,) = shown(
        late_charges_cents=0, reported_last_year_cents=0, prepaid_now_cents=0, box_1_cents=11_845_11, co_borrowers=[]
    )
    assert "worked out" not in page
    assert "taken apart" not in page
    assert "Also on" not in page


def test_letters_of_other_languages_are_drawn_or_lose_their_accents(shown: Callable[..., list[str]]) -> None:
    address = Address("Große Elbstraße 45", "Łódź", "", "90-001", "PL")
    (page,) = shown(address=address, identity=Identity(first="Zoë", last="Żółć", tin="900123456"))
    assert "Große Elbstraße 45" in page
    assert "Lódz 90-001" in page
    assert "Zoë Zólc" in page
    assert "POLAND" in page
    assert "outside the United States" in page


def test_what_does_not_fit_goes_to_a_second_page_whole(shown: Callable[..., list[str]]) -> None:
    pages = shown(
        identity=Identity(first="Wilhelmina-Alexandrina " * 3, last="van der Bergh-Österreich " * 3),
        tin_type="unknown",
        is_corrected=True,
        box_4_cents=700_00,
        box_5_cents=960_00,
        box_6_cents=3_000_00,
        box_7_is_mailing_address=False,
        box_8_property="LOT 7 BLOCK 12 CEDAR RIDGE ADDITION PHASE III " * 4,
        box_9_properties=3,
        box_10_other="Owner: Federal National Mortgage Association",
        box_11_on=date(2025, 8, 4),
        paid_by_others_cents=1_00,
        refunded_cents=1_00,
    )
    assert len(pages) == 2
    assert "CORRECTED" in pages[0]
    assert "not on file" in pages[0]
    assert "continued on next page" in pages[0]
    assert "LN0000000042, continued" in pages[1]
    assert "Caution" in pages[1]
    assert "Number of properties securing the mortgage" in pages[0]


def test_the_same_statement_is_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_statement(tmp_path / name, PLAIN, read_filer())
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_every_borrower_whose_form_is_due_gets_a_statement(
    desk_of: Callable[[int], Desk], book: dict[str, Loan]
) -> None:
    desk = desk_of(2025)
    (listing,) = write_statements(desk)
    files = sorted(desk.folder.rglob("*.pdf"))
    assert listing.records == len(files) == 14
    assert {path.parent.name for path in files} == {"LN0000000"}
    abroad = next(
        path for path in files if path.stem.endswith(f"{book['of someone abroad with a long name'].loan_id:010}")
    )
    page = pages_of(abroad)[0].replace("\n", " ")
    for words in (
        "van der Bergh-Österreich",
        "GERMANY",
        "LOT 7 BLOCK 12 CEDAR RIDGE",
        "Owner: Fannie Mae",
        "$1,000.00",
    ):
        assert words in page
    assert write_statements(desk, [1])[0].records == 1


def test_who_else_signed_is_named_though_places_on_the_note_are_left_out(
    owner: psycopg.Connection[Any], tmp_path: Path
) -> None:
    sealed = PERSONAL_DATA.encrypt(Identity(first="Ida", last="Roe").to_text(), co_borrower_place(1, 3))
    owner.execute("insert into servicing.co_borrowers values (1, 3, %s)", (sealed,))
    write_statements(Desk(owner, PERSONAL_DATA, draft(owner, 2025, Policy(), "Pat"), read_filer(), tmp_path), [1])
    (file,) = tmp_path.rglob("*.pdf")
    page = pages_of(file)[0].replace("\n", " ")
    assert "Sam Doe" in page
    assert "Ida Roe" in page


def test_a_word_that_is_wider_than_its_column_is_cut_and_runs_into_nothing(tmp_path: Path) -> None:
    place = "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch"
    abroad = replace(PLAIN, address=Address("1 Station Road", place, "", "LL61 5UJ", "GB"))
    write_statement(tmp_path / "one.pdf", abroad, read_filer())
    lines = pages_of(tmp_path / "one.pdf")[0].splitlines()
    assert place not in lines
    (first,) = [number for number, line in enumerate(lines) if line.startswith("Llanfair")]
    assert "".join(lines[first : first + 2]).startswith(place)
