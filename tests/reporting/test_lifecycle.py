"""The life of a report: four eyes, a log that tells when it was touched, and corrections of what was filed."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import psycopg
import pytest

from payments_pipeline.formats import fire, iris
from payments_pipeline.formats.tax_identity import Address, Identity
from payments_pipeline.reporting import lifecycle
from payments_pipeline.reporting.filer import read_filer
from payments_pipeline.reporting.files_1098 import (
    Desk,
    RefusedFileError,
    write_csv,
    write_fire,
    write_iris,
    write_statements,
)
from payments_pipeline.reporting.form_1098 import Form1098Error, draft
from payments_pipeline.reporting.lifecycle import LifecycleError, Report, find_report
from payments_pipeline.rules.form_1098 import Policy
from tests.reporting import taxbook
from tests.reporting.reading import pages_of, records_of
from tests.reporting.taxbook import Loan


@pytest.fixture
def desk(owner: psycopg.Connection[Any], tmp_path: Path) -> Callable[[], Desk]:
    def now() -> Desk:
        report = draft(owner, 2025, Policy(), "Pat Preparer")
        return Desk(owner, taxbook.PERSONAL_DATA, report, read_filer(), tmp_path)

    return now


def filed(desk: Desk, write: Callable[[Desk], list[lifecycle.WrittenFile]] = write_fire) -> Report:
    """Through all the steps to its submission."""
    files = write(desk)
    connection = desk.connection
    lifecycle.validated(connection, desk.report, "Pat Preparer", files)
    lifecycle.approve(connection, _now(desk), "Kim Reviewer")
    lifecycle.submit(connection, _now(desk), "Kim Reviewer", {file.path.name: f"R-{n}" for n, file in enumerate(files)})
    return _now(desk)


def _now(desk: Desk) -> Report:
    return find_report(desk.connection, "form_1098", "2025", desk.report.version)


def test_a_report_goes_from_draft_to_submission_step_by_step(desk: Callable[[], Desk]) -> None:
    at = desk()
    assert at.report.status == "drafted"
    with pytest.raises(LifecycleError, match="is drafted, and only what is validated can be approved"):
        lifecycle.approve(at.connection, at.report, "Kim Reviewer")
    with pytest.raises(LifecycleError, match="is drafted, not approved"):
        lifecycle.submit(at.connection, at.report, "Kim Reviewer", {})
    assert filed(at).status == "submitted"
    log = at.connection.execute(
        "select action, actor from compliance.compliance_audit_log order by entry_no"
    ).fetchall()
    assert log == [
        ("drafted", "Pat Preparer"), ("validated", "Pat Preparer"), ("approved", "Kim Reviewer"), ("submitted", "Kim Reviewer"),
    ]  # fmt: skip
    assert lifecycle.broken_entries(at.connection) == []


@pytest.mark.parametrize(
    "who",
    [
        "Pat Preparer",
        "pat preparer",
        " PAT  PREPARER ",
        "Preparer, Pat",
        "Pat-Preparer.",
        "Pát Preparer",
        "Pa\u0301t Preparer",
        "Pat\u200b Preparer",
        "\uff30at Preparer",
    ],
)
def test_nobody_approves_what_they_prepared(desk: Callable[[], Desk], who: str) -> None:
    at = desk()
    lifecycle.validated(at.connection, at.report, "Pat Preparer", write_fire(at))
    with pytest.raises(LifecycleError, match=r"prepared form_1098 2025, version 1 and may not approve it"):
        lifecycle.approve(at.connection, _now(at), who)
    with pytest.raises(LifecycleError, match="nobody is named"):
        lifecycle.approve(at.connection, _now(at), "  ")


def test_nobody_approves_what_they_wrote_the_files_of(desk: Callable[[], Desk]) -> None:
    at = desk()
    lifecycle.validated(at.connection, at.report, "Kim Reviewer", write_fire(at))
    lifecycle.validated(at.connection, _now(at), "Robin Writer", write_fire(at))
    for who in ("Kim Reviewer", "robin writer"):
        with pytest.raises(
            LifecycleError, match=f"{who} wrote files of form_1098 2025, version 1 and may not approve"
        ) as no:
            lifecycle.approve(at.connection, _now(at), who)
        assert "neither prepared it nor wrote its files" in str(no.value.remedy)
    lifecycle.approve(at.connection, _now(at), "Lee Reader")
    assert _now(at).status == "approved"


def test_what_was_approved_is_written_again_as_it_was_and_not_otherwise(desk: Callable[[], Desk]) -> None:
    at = desk()
    lifecycle.validated(at.connection, at.report, "Pat Preparer", write_fire(at))
    lifecycle.approve(at.connection, _now(at), "Kim Reviewer")
    approved = replace(at, report=_now(at))
    lifecycle.validated(at.connection, approved.report, "Pat Preparer", write_fire(approved))
    for other, write in ((replace(approved, is_test=True), write_fire), (approved, write_iris)):
        with pytest.raises(LifecycleError, match=r"is not what was approved: form_1098 2025, version 1 is approved"):
            lifecycle.validated(at.connection, approved.report, "Pat Preparer", write(other))


@pytest.mark.parametrize("write", [write_fire, write_iris, write_csv])
def test_what_differs_from_what_was_approved_leaves_the_approved_files_as_they_are(
    desk: Callable[[], Desk], write: Callable[[Desk], list[lifecycle.WrittenFile]]
) -> None:
    at = desk()
    files = write(at)
    lifecycle.validated(at.connection, at.report, "Pat Preparer", files)
    lifecycle.approve(at.connection, _now(at), "Kim Reviewer")
    before = {path.name: path.read_bytes() for path in at.folder.iterdir()}
    # the same forms in formats that nobody looked at, and in another filer's name, which an upload does not tell
    approved = replace(at, report=_now(at))
    ways: list[Callable[[Desk], list[lifecycle.WrittenFile]]] = [write_fire, write_iris, write_csv]
    others = [(approved, other) for other in ways if other is not write]
    if write is not write_csv:
        renamed = at.filer.filer.model_copy(update={"name": "Another Servicer"})
        others.append((replace(approved, filer=at.filer.model_copy(update={"filer": renamed})), write))
    for other, again in others:
        with pytest.raises(LifecycleError, match="is not what was approved"):
            again(other)
        assert {path.name: path.read_bytes() for path in at.folder.iterdir()} == before
    assert [file.sha256 for file in write(approved)] == [file.sha256 for file in files]


def test_a_year_goes_by_the_option_with_which_the_year_before_was_submitted(
    desk: Callable[[], Desk], owner: psycopg.Connection[Any]
) -> None:
    draft(owner, 2026, Policy(uses_january_15=False), "Pat Preparer")  # nothing is submitted yet
    filed(desk())
    with pytest.raises(Form1098Error, match="the forms of 2025 were submitted with --january-15") as refused:
        draft(owner, 2026, Policy(uses_january_15=False), "Pat Preparer")
    assert "give --january-15 for 2026 too" in str(refused.value.remedy)
    assert draft(owner, 2026, Policy(), "Pat Preparer").version == 2


def test_without_the_option_a_year_is_refused_the_option_too(owner: psycopg.Connection[Any], tmp_path: Path) -> None:
    report = draft(owner, 2025, Policy(uses_january_15=False), "Pat Preparer")
    filed(Desk(owner, taxbook.PERSONAL_DATA, report, read_filer(), tmp_path))
    with pytest.raises(Form1098Error, match="were submitted with --no-january-15"):
        draft(owner, 2026, Policy(), "Pat Preparer")


def test_what_was_replaced_by_a_newer_version_is_not_approved(
    desk: Callable[[], Desk], owner: psycopg.Connection[Any], book: dict[str, Loan]
) -> None:
    at = desk()
    lifecycle.validated(owner, at.report, "Pat Preparer", write_fire(at))
    _refund(owner, book["ordinary"], 10_00)
    desk()
    with pytest.raises(LifecycleError, match="was replaced by version 2"):
        lifecycle.approve(owner, _now(at), "Kim Reviewer")


def test_a_year_that_is_not_over_in_the_books_is_a_preview_that_nobody_approves(
    owner: psycopg.Connection[Any], desk: Callable[[], Desk]
) -> None:
    owner.execute("delete from ledger.days where business_date = '2026-01-31'")
    at = desk()
    lifecycle.validated(owner, at.report, "Pat Preparer", write_fire(at))
    with pytest.raises(LifecycleError, match="is a preview: the books are posted to 2026-01-25"):
        lifecycle.approve(owner, _now(at), "Kim Reviewer")
    owner.execute("insert into ledger.days (business_date) values ('2026-01-31')")
    again = desk()
    assert (again.report.version, again.report.content_hash) == (2, at.report.content_hash)
    assert filed(again).status == "submitted"


def test_each_file_needs_its_reference_and_no_other_is_taken(desk: Callable[[], Desk]) -> None:
    at = desk()
    (file,) = write_fire(at)
    lifecycle.validated(at.connection, at.report, "Pat Preparer", [file])
    lifecycle.approve(at.connection, _now(at), "Kim Reviewer")
    with pytest.raises(LifecycleError, match="has no file nonsense"):
        lifecycle.submit(at.connection, _now(at), "Kim Reviewer", {"nonsense": "R"})


def test_a_report_that_was_written_in_two_formats_is_filed_in_one(desk: Callable[[], Desk]) -> None:
    at = desk()
    written = [*write_fire(at), *write_iris(at)]
    lifecycle.validated(at.connection, at.report, "Pat Preparer", written)
    lifecycle.approve(at.connection, _now(at), "Kim Reviewer")
    with pytest.raises(
        LifecycleError, match="is filed in one format, and the references are to files in fire and iris"
    ):
        lifecycle.submit(at.connection, _now(at), "Kim Reviewer", {file.path.name: "R" for file in written})
    assert _now(at).status == "approved"
    lifecycle.submit(at.connection, _now(at), "Kim Reviewer", {written[0].path.name: "R"})
    assert _now(at).status == "submitted"


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (
            "update compliance.compliance_audit_log set actor = 'Mallory' where entry_no = 2",
            "it is not what was hashed",
        ),
        ("delete from compliance.compliance_audit_log where entry_no = 2", "an entry before it is missing"),
        ("update compliance.compliance_audit_log set prev_hash = sha256('x') where entry_no = 3", "does not follow"),
    ],
)
def test_a_log_that_was_touched_says_where(desk: Callable[[], Desk], statement: str, said: str) -> None:
    at = desk()
    filed(at)
    at.connection.execute(statement.encode())
    assert any(said in entry["fault"] for entry in lifecycle.broken_entries(at.connection))


# Corrections ------------------------------------------------------------------------------------------------------------


def _refund(connection: psycopg.Connection[Any], loan: Loan, cents: int) -> None:
    connection.execute(
        "insert into servicing.interest_refunds values (%s, operations.content_id(%s), '2025-12-30', 2025, %s, 'late news')",
        (loan.loan_id, f"{loan.loan_id}|{cents}", cents),
    )


def _after_filing(owner: psycopg.Connection[Any], book: dict[str, Loan]) -> None:
    """An amount, a name, an address and a threshold change, and a form that was missing turns up."""
    _refund(owner, book["ordinary"], 100_00)
    taxbook.identify(owner, book["acquired"], 2, Identity(first="Jane", last="Smith", tin="900123456"))
    taxbook.identify(
        owner, book["refinanced"], 2, book["refinanced"].identity, Address("7 Oak Street", "Salem", "OR", "97301")
    )
    _refund(owner, book["first of January paid in December"], 1_500_00)
    unknown = book["of an unknown payer"]
    unknown.payer_kind = "individual"
    taxbook.identify(owner, unknown, 1, unknown.identity)
    unknown.payer_kind = None


def test_after_filing_nothing_is_left_to_file_until_something_changes(desk: Callable[[], Desk]) -> None:
    filed(desk())
    again = desk()
    assert again.report.version == 1
    with pytest.raises(RefusedFileError, match="there is nothing to file"):
        write_fire(Desk(again.connection, again.personal_data, _as_version(again, 2), again.filer, again.folder))


def _as_version(desk: Desk, version: int) -> Report:
    return replace(desk.report, version=version)


def test_what_changed_after_filing_is_corrected_in_one_transaction_or_in_two(
    desk: Callable[[], Desk], owner: psycopg.Connection[Any], book: dict[str, Loan]
) -> None:
    filed(desk())
    _after_filing(owner, book)
    second = desk()
    assert second.report.version == 2
    (file,) = write_fire(second)
    assert fire.check_file(file.path).faults == []
    records = records_of(file.path)
    assert "".join(str(each["record_type"]) for each in records) == "TABCABBBBCABCF"
    said = {
        (str(each["account_number"]), str(each["corrected"])): each for each in records if each["record_type"] == "B"
    }

    def number(what: str) -> str:
        return f"LN{book[what].loan_id:010}"

    # one transaction: the whole record again, with G
    assert said[number("ordinary"), "G"]["amount_1"] == 1_000_00 - 100_00
    assert said[number("refinanced"), "G"]["address"] == "7 OAK STREET"
    # two transactions: the old name with zeros, then the new one
    old, new = said[number("acquired"), "G"], said[number("acquired"), "C"]
    assert (old["name"], old["amount_1"], old["amount_6"]) == ("DOE JANE", 0, 0)
    assert (new["name"], new["amount_1"]) == ("SMITH JANE", 1_000_00)
    # a form that is due no more is corrected to zeros; one that was missing is an original
    assert said[number("first of January paid in December"), "G"]["amount_1"] == 0
    assert said[number("of an unknown payer"), ""]["amount_1"] == 1_000_00
    assert len(said) == 6

    assert filed(second).status == "submitted"
    assert find_report(owner, "form_1098", "2025", 1).status == "corrected"
    assert desk().report.version == 2


def test_a_correction_is_corrected_again_by_what_was_filed_last(
    desk: Callable[[], Desk], owner: psycopg.Connection[Any], book: dict[str, Loan]
) -> None:
    filed(desk())
    _refund(owner, book["ordinary"], 100_00)
    filed(desk())
    _refund(owner, book["ordinary"], 50_00)
    (file,) = write_fire(desk())
    (record,) = [each for each in records_of(file.path) if each["record_type"] == "B"]
    assert (record["corrected"], record["amount_1"]) == ("G", 850_00)


def test_iris_corrections_refer_to_the_record_they_correct_in_a_transmission_of_their_own(
    desk: Callable[[], Desk], owner: psycopg.Connection[Any], book: dict[str, Loan]
) -> None:
    filed(desk(), write_iris)
    _after_filing(owner, book)
    files = {file.path.name.split("-")[-1][0]: file for file in write_iris(desk())}
    assert set(files) == {"O", "C"}
    space = "{" + iris.NAMESPACE + "}"
    corrections = {
        each.findtext(f"{space}RecipientAccountNum"): each
        for each in ElementTree.parse(files["C"].path).getroot().iter(f"{space}Form1098Detail")
    }
    assert len(corrections) == 4
    ordinary = corrections["LN0000000001"]
    assert ordinary.findtext(f".//{space}UniqueRecordId") == "R-0|1|1"  # receipt, submission, first record
    assert ordinary.findtext(f"{space}MortgageInterestReceivedAmt") == "900.00"
    originals = ElementTree.parse(files["O"].path).getroot().iter(f"{space}Form1098Detail")
    assert sorted(str(each.findtext(f".//{space}PersonLastNm")) for each in originals) == ["Doe", "Smith"]


@pytest.mark.parametrize("write", [write_iris, write_csv])
def test_what_fire_took_is_not_corrected_by_iris_and_it_is_said_what_to_do(
    desk: Callable[[], Desk],
    owner: psycopg.Connection[Any],
    book: dict[str, Loan],
    write: Callable[[Desk], list[lifecycle.WrittenFile]],
) -> None:
    filed(desk())
    before = sorted(path.name for path in desk().folder.iterdir())
    _after_filing(owner, book)
    second = desk()
    with pytest.raises(RefusedFileError, match="corrects returns that were submitted by FIRE") as refused:
        write(second)
    assert "--format fire" in refused.value.remedy
    assert sorted(path.name for path in second.folder.iterdir()) == before


def test_a_correction_refers_to_where_the_return_stands_in_what_was_submitted(
    desk: Callable[[], Desk], owner: psycopg.Connection[Any], book: dict[str, Loan]
) -> None:
    one = desk()
    files = write_iris(one)
    lifecycle.validated(owner, one.report, "Pat Preparer", files)
    lifecycle.approve(owner, _now(one), "Kim Reviewer")
    # before its receipt is noted a form turns up, and the next version is written: to it all returns are originals
    known = replace(book["of an unknown payer"], payer_kind="individual")
    taxbook.identify(owner, known, 1, known.identity)
    two = desk()
    assert [file.records for file in write_iris(two)] == [15]
    lifecycle.validated(owner, two.report, "Pat Preparer", write_iris(two))
    lifecycle.submit(owner, _now(one), "Kim Reviewer", {file.path.name: "FIRST" for file in files})
    three = desk()
    assert three.report.version == 3
    (file,) = write_iris(three)
    assert file.records == 1  # the other fourteen were submitted
    lifecycle.validated(owner, three.report, "Pat Preparer", [file])
    lifecycle.approve(owner, _now(three), "Kim Reviewer")
    lifecycle.submit(owner, _now(three), "Kim Reviewer", {file.path.name: "THIRD"})
    _refund(owner, book["insured"], 20_00)
    _refund(owner, known, 20_00)
    corrections = {each.loan_id: each.unique_record_id for each in desk().returns("corrected")}
    assert corrections == {book["insured"].loan_id: "FIRST|1|13", known.loan_id: "THIRD|1|1"}


def test_a_form_that_was_corrected_to_zeros_stands_under_the_name_under_which_it_was_filed(
    desk: Callable[[], Desk], owner: psycopg.Connection[Any], book: dict[str, Loan]
) -> None:
    loan = book["ordinary"]
    filed(desk())
    trust = replace(loan, payer_kind="trust")
    taxbook.identify(owner, trust, 2, Identity(business="Doe Family Trust", tin="071234567"))
    second = desk()
    assert _said(second) == [("corrected", "Jane Doe", 0)]
    filed(second)
    # it was the borrower after all: what is corrected is Jane Doe's form, since no trust has one
    taxbook.identify(owner, loan, 3, loan.identity)
    assert _said(desk()) == [("corrected", "Jane Doe", 1_000_00)]


def test_whose_filed_form_is_due_no_more_gets_one_corrected_statement_of_zeros(
    desk: Callable[[], Desk], owner: psycopg.Connection[Any], book: dict[str, Loan]
) -> None:
    loan = book["first of January paid in December"]
    filed(desk())
    _refund(owner, loan, 1_500_00)
    trust = replace(book["ordinary"], payer_kind="trust")  # due no more either, and never of the trust
    taxbook.identify(owner, trust, 2, Identity(business="Doe Family Trust", tin="071234567"))
    second = desk()
    assert [loan.loan_id in _sent(second), trust.loan_id in _sent(second), len(_sent(second))] == [True, True, 14]
    for due_no_more in (loan, trust):
        page = _sent(second)[due_no_more.loan_id]
        for words in ("CORRECTED", "every amount is now zero", "Jane Doe", "***-**-3456"):
            assert words in page
        assert set(re.findall(r"-?\$[\d,.]+", page)) == {"$0.00"}
    filed(second)
    assert len(_sent(desk())) == 14, "the same version says the same"

    _refund(owner, book["insured"], 20_00)
    third = _sent(desk())
    assert [loan.loan_id in third, trust.loan_id in third, len(third)] == [False, False, 12]
    assert "CORRECTED" in third[book["insured"].loan_id]


def _sent(desk: Desk) -> dict[int, str]:
    """The statements of a version: what each says, by its loan."""
    write_statements(desk)
    files = desk.path(".statements").rglob("*.pdf")
    return {int(path.stem[-10:]): "\n".join(pages_of(path)) for path in files}


def _said(desk: Desk) -> list[tuple[str, str, int]]:
    corrections = desk.returns("corrected", "withdrawn", "replaced")
    return [(each.transaction, each.identity.full_name, each.box_1_cents) for each in corrections]
