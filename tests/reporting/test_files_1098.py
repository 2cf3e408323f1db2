"""The files of Form 1098: what stands in them, and that none that would be refused gets its name."""

import csv
import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import psycopg
import pytest

from payments_pipeline.formats import fire, iris
from payments_pipeline.formats.tax_identity import Address, Identity
from payments_pipeline.reporting.filer import read_filer
from payments_pipeline.reporting.files_1098 import Desk, RefusedFileError, write_csv, write_fire, write_iris
from payments_pipeline.reporting.form_1098 import Form1098Error, draft
from payments_pipeline.reporting.lifecycle import WrittenFile
from payments_pipeline.reporting.register_1098 import write_register
from payments_pipeline.rules.form_1098 import Policy
from tests.reporting import taxbook
from tests.reporting.reading import records_of
from tests.reporting.taxbook import Loan

NOT_IN_OREGON = Address("1 Elm Street", "Salem", "OR", "10001")


def test_the_fire_file_holds_a_return_for_each_form_that_is_due(
    desk_of: Callable[[int], Desk], book: dict[str, Loan]
) -> None:
    desk = desk_of(2025)
    (written,) = write_fire(desk)
    assert fire.check_file(written.path).faults == []
    assert written.sha256 == hashlib.sha256(written.path.read_bytes()).digest()
    payees = {str(each["account_number"]): each for each in records_of(written.path) if each["record_type"] == "B"}
    due = desk.connection.execute(
        "select loan_id, box_1_cents from compliance.forms_1098 where disposition = 'reportable'"
    ).fetchall()
    assert {number: each["amount_1"] for number, each in payees.items()} == {
        f"LN{loan:010}": cents for loan, cents in due
    }
    assert written.records == len(due) == 14

    abroad = payees[f"LN{book['of someone abroad with a long name'].loan_id:010}"]
    assert (abroad["name_control"], abroad["tin"], abroad["tin_type"]) == ("VAND", "900555666", "2")
    assert (abroad["name"], abroad["name_2"]) == (
        "VAN DER BERGH-OSTERREICH OSHAUGHNESSY JR",
        "WILHELMINA-ALEXANDRINA Q",
    )
    assert (abroad["foreign_country"], abroad["city"], abroad["state"]) == ("1", "HAMBURG 22767 GERMANY", "")
    assert (abroad["address"], abroad["property"]) == ("GROSSE ELBSTRASSE 45", "LOT 7 BLOCK 12 CEDAR RIDGE")
    assert (abroad["properties"], abroad["other"]) == (3, "OWNER FANNIE MAE")

    bought = payees[f"LN{book['bought a home'].loan_id:010}"]
    assert (bought["amount_2"], bought["amount_6"]) == (3_000_00, 201_000_00)
    assert (bought["origination_date"], bought["property_is_address"]) == (date(2025, 10, 15), "1")
    assert payees[f"LN{book['refunded'].loan_id:010}"]["amount_3"] == 700_00
    nobody = payees[f"LN{book['without a number'].loan_id:010}"]
    assert (nobody["tin"], nobody["tin_type"], nobody["property"]) == ("", "", "19 ELM STREET SALEM OR 97301")


def test_fire_takes_no_returns_of_2026(desk_of: Callable[[int], Desk]) -> None:
    with pytest.raises(RefusedFileError, match="FIRE takes no returns of 2026"):
        write_fire(desk_of(2026))


def test_a_file_that_would_be_refused_gets_no_name_and_its_faults_show_no_person(
    desk_of: Callable[[int], Desk], kept: Any, book: dict[str, Loan], tmp_path: Path
) -> None:
    desk = desk_of(2025)
    with kept.connect("owner") as owner:
        desk.connection.rollback()
        taxbook.identify(owner, book["ordinary"], 2, book["ordinary"].identity, NOT_IN_OREGON)
        report = draft(owner, 2025, Policy(), "Pat")
        with pytest.raises(RefusedFileError) as refused:
            write_fire(Desk(owner, desk.personal_data, report, desk.filer, tmp_path))
        owner.rollback()
    assert "record 3 (B), zip (490-498): expected a postal code of the state, found 99999" in refused.value.message
    assert "10001" not in refused.value.message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("write", [write_fire, write_iris])
def test_a_surname_in_letters_that_the_authority_does_not_have_is_not_left_out(
    owner: psycopg.Connection[Any],
    book: dict[str, Loan],
    tmp_path: Path,
    write: Callable[[Desk], list[WrittenFile]],
) -> None:
    taxbook.identify(owner, book["ordinary"], 2, Identity(first="Jane", last="Петрова", tin="900123456"))
    desk = Desk(owner, taxbook.PERSONAL_DATA, draft(owner, 2025, Policy(), "Pat"), read_filer(), tmp_path)
    with pytest.raises(RefusedFileError, match=r"(, name |PersonLastNm)"):
        write(desk)


@pytest.mark.parametrize("changed", ["hash = sha256('x')", "box_4_cents = 99999900, box_2_cents = 1"])
def test_forms_that_somebody_changed_are_not_filed(
    kept: Any, desk_of: Callable[[int], Desk], tmp_path: Path, changed: str
) -> None:
    template = desk_of(2025)
    template.connection.rollback()
    with kept.connect("owner") as owner:
        report = draft(owner, 2025, Policy(), "Pat")
        owner.execute(f"update compliance.forms_1098 set {changed} where loan_id = 1".encode())
        with pytest.raises(Form1098Error, match="are not what they were when it was drafted"):
            write_fire(Desk(owner, template.personal_data, report, template.filer, tmp_path))
        owner.rollback()


def test_the_iris_transmission_holds_the_same_returns_with_first_and_last_names_apart(
    desk_of: Callable[[int], Desk], book: dict[str, Loan]
) -> None:
    desk = desk_of(2026)
    (written,) = write_iris(desk)
    assert iris.check_file(written.path).faults == []
    root = ElementTree.parse(written.path).getroot()
    space = "{" + iris.NAMESPACE + "}"
    details = {each.findtext(f"{space}RecipientAccountNum"): each for each in root.iter(f"{space}Form1098Detail")}
    due = desk.connection.execute(
        "select loan_id, box_1_cents from compliance.forms_1098 where disposition = 'reportable'"
    ).fetchall()
    found = {number: each.findtext(f"{space}MortgageInterestReceivedAmt") for number, each in details.items()}
    assert found == {f"LN{loan:010}": f"{cents / 100:.2f}" for loan, cents in due}
    abroad = details[f"LN{book['ordinary'].loan_id:010}"]
    assert abroad.findtext(f".//{space}PersonFirstNm") == "Jane"
    assert abroad.findtext(f".//{space}PersonLastNm") == "Doe"
    assert write_iris(desk)[0].sha256 == written.sha256  # the id of the transmission is a hash of what it is


def test_a_transmission_that_grows_too_large_is_followed_by_another(
    desk_of: Callable[[int], Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(iris, "LARGEST_FILE", 26_000)
    files = write_iris(desk_of(2025))
    assert len(files) > 2
    assert sum(file.records for file in files) == 14
    identities = {re.search(rb"<UniqueTransmissionId>([^<]+)", file.path.read_bytes())[1] for file in files}  # type: ignore[index]
    assert len(identities) == len(files)


@pytest.mark.parametrize(
    ("write", "limit", "size"), [(write_iris, "LARGEST_FILE", 26_000), (write_csv, "PORTAL_ROWS", 5)]
)
def test_of_several_files_none_has_its_name_where_one_would_be_refused(
    owner: psycopg.Connection[Any],
    book: dict[str, Loan],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    write: Callable[[Desk], list[WrittenFile]],
    limit: str,
    size: int,
) -> None:
    monkeypatch.setattr(iris, limit, size)
    last = book["without a number"]
    taxbook.identify(owner, last, 2, last.identity, NOT_IN_OREGON)
    desk = Desk(owner, taxbook.PERSONAL_DATA, draft(owner, 2025, Policy(), "Pat"), read_filer(), tmp_path)
    with pytest.raises(RefusedFileError, match="would be refused"):
        write(desk)
    assert list(tmp_path.iterdir()) == []


def test_a_test_and_what_is_filed_are_transmissions_of_their_own(desk_of: Callable[[int], Desk]) -> None:
    desk = desk_of(2026)
    identities = {}
    for is_test in (True, False):
        (file,) = write_iris(replace(desk, is_test=is_test))
        identities[is_test] = re.search(rb"<UniqueTransmissionId>([^<]+)", file.path.read_bytes())[1]  # type: ignore[index]
    assert identities[True] != identities[False]


def test_a_test_has_a_name_of_its_own_and_files_nothing(desk_of: Callable[[int], Desk]) -> None:
    desk = desk_of(2025)
    (test,) = write_fire(replace(desk, is_test=True))
    assert test.path.name == "1098-2025-v1.test.fire.txt"
    assert desk.connection.execute("select count(*) from compliance.filed_1098").fetchall() == [(0,)]
    (filed,) = write_fire(desk)
    assert (test.path.exists(), filed.path.name) == (True, "1098-2025-v1.fire.txt")
    assert desk.connection.execute("select count(*) from compliance.filed_1098").fetchall() == [(filed.records,)]


def test_the_portal_takes_a_hundred_returns_a_file(
    desk_of: Callable[[int], Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(iris, "PORTAL_ROWS", 5)
    files = write_csv(desk_of(2025))
    assert [file.records for file in files] == [5, 5, 4]
    with files[0].path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["RecipientAccountNum"] == "LN0000000001"
    assert rows[0]["MortgageInterestReceivedAmt"] == "1000.00"


def test_the_register_lists_every_form_with_its_reason_and_names_nobody(
    desk_of: Callable[[int], Desk], book: dict[str, Loan]
) -> None:
    desk = desk_of(2025)
    listing, page = write_register(desk)
    with listing.path.open(newline="") as file:
        rows = {row["loan_number"]: row for row in csv.DictReader(file)}
    assert len(rows) == len(book)
    assert rows[f"LN{book['a corporation'].loan_id:010}"]["disposition"] == "entity_payer"
    assert rows["LN0000000001"]["box_1"] == "1000.00"
    text = page.path.read_text()
    assert "They agree to the cent" in text
    for shown in ("January 15", "LN0000000019", "below threshold", "received by the general ledger"):
        assert shown in text
    for name in ("Jane", "Doe", "900123456", "Wilhelmina"):
        assert name not in text + listing.path.read_text()


def test_where_each_return_stands_is_noted_for_corrections(
    desk_of: Callable[[int], Desk], compliance: psycopg.Connection[Any]
) -> None:
    desk = desk_of(2025)
    (written,) = write_fire(desk)
    noted = compliance.execute(
        "select loan_id, transaction, file_name, record_id from compliance.filed_1098 order by loan_id limit 1"
    ).fetchone()
    assert noted == (1, "original", written.path.name, "3")
    assert write_fire(desk)[0].sha256 == written.sha256  # written again it is the same file, noted once
    assert compliance.execute("select count(*) from compliance.filed_1098").fetchone() == (14,)
