"""Form 1098 from the ledger: every rule on a loan of its own, the general ledger to the cent, and nothing twice."""

from datetime import date
from typing import Any

import psycopg
import pytest

from payments_pipeline.postgres.connect import Database
from payments_pipeline.reporting import form_1098
from payments_pipeline.reporting.form_1098 import Form1098Error, draft
from payments_pipeline.reporting.whole_books import stream
from payments_pipeline.rules.form_1098 import Policy, Received, box_1, late_charges_paid
from tests.reporting import taxbook
from tests.reporting.taxbook import Loan

POLICY = Policy()


def forms(connection: psycopg.Connection[Any], book: dict[str, Loan]) -> dict[str, dict[str, Any]]:
    names = {loan.loan_id: what for what, loan in book.items()}
    with connection.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        cursor.execute("select distinct on (loan_id) * from compliance.forms_1098 order by loan_id, version desc")
        return {names[row["loan_id"]]: row for row in cursor.fetchall()}


def test_each_loan_of_the_year_has_a_form_with_its_disposition(
    compliance: psycopg.Connection[Any], book: dict[str, Loan]
) -> None:
    draft(compliance, 2025, POLICY, "Pat")
    found = forms(compliance, book)
    assert {what: form["disposition"] for what, form in found.items()} == {
        what: {
            "a corporation": "entity_payer",
            "small": "below_threshold",
            "December paid late in January": "nothing_received",
            "returned in January": "nothing_received",
            "of an unknown payer": "unknown_payer",
            "not paid at all": "nothing_received",
        }.get(what, "reportable")
        for what in book
    }


def test_box_1_is_the_interest_of_the_instalments_that_were_paid_in_the_year(
    compliance: psycopg.Connection[Any], book: dict[str, Loan]
) -> None:
    draft(compliance, 2025, POLICY, "Pat")
    found = {what: form["box_1_cents"] for what, form in forms(compliance, book).items()}
    # 200,000.00 at 6 per cent: 1,000.00 of interest with the first instalment
    assert book["ordinary"].interest(1) == 1_000_00
    assert found["ordinary"] == 1_000_00
    second = book["ordinary"].interest(2)
    assert found["first of January paid in December"] == 1_000_00 + second
    # December 20 to 31 are 12 of the 31 days of its month
    assert found["twentieth of January paid in December"] == 1_000_00 + (2 * second * 12 + 31) // 62
    assert found["tenth of January paid in December"] == 1_000_00 + second
    assert found["half in December and half in January"] == 1_000_00
    assert found["December paid late in January"] == 0
    assert found["returned in January"] == 0
    assert found["refunded"] == 1_000_00 - 50_00
    # the first instalment was the subsidy's; the borrower's own payment of December 15 waits for January 5
    assert found["subsidised"] == second
    assert found["small"] == 150_00


def test_late_charges_are_interest_and_the_fee_for_the_returned_payment_is_not(
    compliance: psycopg.Connection[Any], book: dict[str, Loan]
) -> None:
    draft(compliance, 2025, POLICY, "Pat")
    form = forms(compliance, book)["returned for lack of funds and paid again"]
    charged = dict(compliance.execute(
        "select kind, sum(amount_cents) from ledger.fees where loan_id = %s and effective_on < '2026-01-01' "
            "group by kind", (form["loan_id"],)
    ).fetchall())  # fmt: skip
    assert set(charged) == {"late", "nsf"}
    assert form["ledger_fees_cents"] == charged["late"] + charged["nsf"]
    assert form["service_fees_cents"] == charged["nsf"]
    assert form["box_1_cents"] == 1_000_00 + charged["late"]


def test_without_the_option_of_january_15_only_what_accrued_by_december_31_counts(
    compliance: psycopg.Connection[Any], book: dict[str, Loan]
) -> None:
    draft(compliance, 2025, Policy(uses_january_15=False), "Pat")
    second = book["ordinary"].interest(2)
    found = forms(compliance, book)
    assert found["first of January paid in December"]["prepaid_now_cents"] == second
    # December 10 to 31 are 22 of 31 days
    assert found["tenth of January paid in December"]["prepaid_now_cents"] == (2 * second * 22 + 31) // 62


def test_what_is_reported_early_is_not_reported_again_next_year(
    compliance: psycopg.Connection[Any], book: dict[str, Loan]
) -> None:
    draft(compliance, 2025, POLICY, "Pat")
    this_year = forms(compliance, book)
    compliance.rollback()
    draft(compliance, 2026, POLICY, "Pat")
    next_year = forms(compliance, book)
    for what, loan in book.items():
        if "paid in December" in what:
            assert this_year[what]["box_1_cents"] + next_year[what]["box_1_cents"] == loan.interest(1, 2), what
            assert next_year[what]["reported_last_year_cents"] == this_year[what]["prepaid_now_cents"] > 0, what
    assert next_year["December paid late in January"]["box_1_cents"] > 1_000_00  # with its late charge
    assert next_year["half in December and half in January"]["box_1_cents"] == book["ordinary"].interest(2)


@pytest.mark.parametrize("uses_january_15", [True, False])
@pytest.mark.parametrize("tax_year", [2025, 2026])
def test_the_statements_say_what_the_rules_say(
    compliance: psycopg.Connection[Any], book: dict[str, Loan], tax_year: int, *, uses_january_15: bool
) -> None:
    policy = Policy(uses_january_15=uses_january_15)
    draft(compliance, tax_year, policy, "Pat")
    for what, form in forms(compliance, book).items():
        loan = book[what]
        late = _late_charges(compliance, loan, tax_year)
        receipts = _received(compliance, loan)
        refunded = sum(cents for day, year, cents in loan.refunds if int(day[:4]) == year == tax_year)
        assert form["box_1_cents"] == box_1(receipts, [], tax_year, policy, late_charges_cents=late) - refunded, what


def _late_charges(connection: psycopg.Connection[Any], loan: Loan, tax_year: int) -> int:
    charges = connection.execute(
        "select kind = 'late', sum(amount_cents)::bigint from ledger.fees where loan_id = %s "
        "group by kind, fee_id order by min(effective_on), kind, fee_id",
        (loan.loan_id,),
    ).fetchall()
    before, by_end = (
        connection.execute(
            "select coalesce(sum(fees_cents), 0)::bigint from ledger.allocations where loan_id = %s and effective_on < %s",
            (loan.loan_id, date(year, 1, 1)),
        ).fetchall()[0][0]
        for year in (tax_year, tax_year + 1)
    )
    return late_charges_paid(charges, before, by_end)


def _received(connection: psycopg.Connection[Any], loan: Loan) -> list[Received]:
    """The interest of a loan as the rules want it, from its allocations one by one: what was released on the due date of
    January, and was in suspense before it, was received in December.
    """
    rows = connection.execute(
        "select effective_on, kind, subject_id, interest_cents, suspense_cents from ledger.allocations where loan_id = %s",
        (loan.loan_id,),
    ).fetchall()
    held = sum(suspense for day, *_, suspense in rows if day.year == 2025)
    due_on = date(2026, 1, loan.due_day)
    others = {loan.payment_id(day) for day in loan.by_others}
    found = []
    for day, kind, subject, interest, _ in rows:
        released = -sum(cents for on, of, *_, cents in rows if of == "release" and date(2026, 1, 1) <= on <= day)
        if kind == "release" and day == due_on and released <= held:
            found.append(Received(date(2025, 12, 31), interest, date(2025, 12, loan.due_day), due_on))
        else:
            found.append(Received(day, interest, is_from_borrower=subject not in others))
    return found


def test_principal_is_as_of_january_1_origination_or_acquisition(
    compliance: psycopg.Connection[Any], book: dict[str, Loan]
) -> None:
    draft(compliance, 2025, POLICY, "Pat")
    found = forms(compliance, book)
    ordinary, bought, acquired = found["ordinary"], found["bought a home"], found["acquired"]
    assert (ordinary["box_2_on"], ordinary["box_2_cents"]) == (date(2025, 1, 1), 200_000_00)
    assert ordinary["box_2_is_as_boarded"]  # our books begin in November
    assert (bought["box_2_on"], bought["box_2_cents"]) == (date(2025, 10, 15), 201_000_00)
    assert not bought["box_2_is_as_boarded"]
    assert (acquired["box_2_on"], acquired["box_2_cents"]) == (taxbook.BOARDED, 200_000_00)
    assert acquired["box_11_on"] == taxbook.BOARDED
    compliance.rollback()
    draft(compliance, 2026, POLICY, "Pat")
    found = forms(compliance, book)
    # one instalment was paid before January 1, 2026
    assert found["ordinary"]["box_2_cents"] == 200_000_00 - book["ordinary"].principal(1)
    assert not found["ordinary"]["box_2_is_as_boarded"]
    assert found["acquired"]["box_11_on"] is None


def test_refunds_points_premiums_and_the_property_are_in_their_boxes(
    compliance: psycopg.Connection[Any], book: dict[str, Loan]
) -> None:
    draft(compliance, 2025, POLICY, "Pat")
    found = forms(compliance, book)
    assert found["refunded"]["box_4_cents"] == 700_00
    assert found["bought a home"]["box_6_cents"] == 3_000_00
    assert found["refinanced"]["box_6_cents"] == 0
    assert {form["box_5_cents"] for form in found.values()} == {0}  # nothing before 2026
    assert found["ordinary"]["box_7_is_mailing_address"]
    assert found["ordinary"]["box_8_property"] is None
    assert found["without a number"]["box_8_property"] == "19 Elm Street, Salem, OR 97301"
    abroad = found["of someone abroad with a long name"]
    assert (abroad["box_8_property"], abroad["box_9_properties"]) == ("LOT 7 BLOCK 12 CEDAR RIDGE", 3)
    assert abroad["box_10_other"] == "Owner: Fannie Mae"


def test_premiums_are_reported_from_2026_on_where_they_reach_six_hundred(kept: Database, book: dict[str, Loan]) -> None:
    loan = book["insured"]
    with kept.connect("owner") as owner:
        for monthly, expected in ((599_99, 0), (600_00, 600_00)):
            owner.execute(
                "update servicing.loan_tax_terms set monthly_premium_cents = %s where loan_id = %s",
                (monthly, loan.loan_id),
            )
            draft(owner, 2026, POLICY, "Pat")  # one escrow payment, that of January 5, was made whole in 2026
            assert forms(owner, book)["insured"]["box_5_cents"] == expected
            owner.execute("delete from compliance.forms_1098")
        owner.rollback()


# The ledger behind it ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tax_year", [2025, 2026])
def test_the_forms_and_what_rules_leave_out_are_the_ledger_s_receipts_to_the_cent(
    compliance: psycopg.Connection[Any], tax_year: int
) -> None:
    report = draft(compliance, tax_year, POLICY, "Pat")
    assert form_1098.differences(compliance, tax_year, report.version) == []
    lines = form_1098.bridge(compliance, tax_year, report.version)
    ledger, accounted = (sum(line["cents"] for line in lines if line["side"] == side) for side in ("ledger", "forms"))
    assert ledger == accounted > 0


def test_a_cent_that_the_ledger_has_and_no_form_is_found_and_stops_the_draft(
    kept: Database, book: dict[str, Loan]
) -> None:
    with kept.connect("owner") as owner:
        owner.execute(
            "insert into ledger.entries select effective_on, loan_id, subject_id, kind, 99, account, -1, booked_on, run_no "
            "from ledger.entries where loan_id = %s and account = 1220 and kind = 'receipt' limit 1",
            (book["ordinary"].loan_id,),
        )
        with pytest.raises(
            Form1098Error, match="differ for 1 loan, in cents: loan 1: interest 100001 by the ledger, 100000"
        ):
            draft(owner, 2025, POLICY, "Pat")
        owner.rollback()


@pytest.mark.parametrize("tax_year", [2025, 2026])
def test_the_evidence_of_each_box_adds_up_to_the_box(compliance: psycopg.Connection[Any], tax_year: int) -> None:
    draft(compliance, tax_year, POLICY, "Pat")
    wrong = compliance.execute(
        "with boxes as (select f.loan_id, v.box, v.cents from compliance.forms_1098 as f cross join lateral "
        "(values (1, box_1_cents), (2, box_2_cents), (4, box_4_cents), (5, box_5_cents), (6, box_6_cents)) v (box, cents)), "
        "evidence as (select loan_id, box, sum(amount_cents) as cents from compliance.form_1098_evidence group by 1, 2) "
        "select b.loan_id, b.box, b.cents, e.cents from boxes as b left join evidence as e using (loan_id, box) "
        "where b.cents <> coalesce(e.cents, 0)"
    ).fetchall()
    assert wrong == []


def test_computing_again_adds_nothing(compliance: psycopg.Connection[Any]) -> None:
    first = draft(compliance, 2025, POLICY, "Pat")
    counted = compliance.execute("select count(*) from compliance.forms_1098").fetchone()
    assert draft(compliance, 2025, POLICY, "Kim") == first
    assert compliance.execute("select count(*) from compliance.forms_1098").fetchone() == counted
    assert compliance.execute("select count(*) from compliance.compliance_audit_log").fetchone() == (1,)


def test_what_comes_late_makes_a_new_version_of_the_one_form_that_it_touches(
    kept: Database, book: dict[str, Loan]
) -> None:
    loan = book["not paid at all"]
    with kept.connect("owner") as owner:
        first = draft(owner, 2025, POLICY, "Pat")
        owner.execute(
            "insert into servicing.interest_refunds values (%s, operations.content_id('x'), '2025-12-24', 2024, 65000, 'x')",
            (loan.loan_id,),
        )
        second = draft(owner, 2025, POLICY, "Pat")
        assert (first.version, second.version) == (1, 2)
        assert second.content_hash != first.content_hash
        versions = owner.execute(
            "select version, report_version, disposition from compliance.forms_1098 where loan_id = %s order by 1",
            (loan.loan_id,),
        ).fetchall()
        assert versions == [(1, 1, "nothing_received"), (2, 2, "reportable")]
        assert owner.execute("select count(*) from compliance.forms_1098 where version > 1").fetchone() == (1,)
        # the first version is still there to be read as it was
        assert form_1098.content_hash(owner, 2025, 1) == first.content_hash
        owner.rollback()


@pytest.mark.parametrize("tax_year", [2015, 2024, 2027])
def test_a_year_that_is_not_in_the_books_has_no_forms_whoever_asks_for_them(
    compliance: psycopg.Connection[Any], tax_year: int
) -> None:
    with pytest.raises(Form1098Error, match=f"{tax_year} is (no tax year of this form|not a year of the books)"):
        draft(compliance, tax_year, POLICY, "Pat")


def test_books_of_which_no_day_was_posted_have_no_forms(database: Database) -> None:
    with (
        database.connect("compliance") as connection,
        pytest.raises(Form1098Error, match="there are no forms of 2025: no day has been posted"),
    ):
        draft(connection, 2025, POLICY, "Pat")


@pytest.mark.parametrize("server_kind", ["embedded", "debian"])
def test_a_year_without_a_payment_is_computed_on_the_oldest_server_too(
    database: Database, book: dict[str, Loan]
) -> None:
    taxbook.keep(database, {"only": book["not paid at all"]})
    with database.connect("compliance") as connection:
        report = draft(connection, 2025, POLICY, "Pat")
        assert report.version == 1
        assert report.preview_because is None
        assert form_1098.differences(connection, 2025, 1) == []
        assert list(stream(
            connection, "reporting/form_1098_returns", tax_year=2025, report_version=1, transactions=["original"]
        )) == []  # fmt: skip
        assert list(stream(
            connection, "reporting/form_1098_statements", tax_year=2025, report_version=1, loans=None
        )) == []  # fmt: skip
        assert connection.execute("select box, what from compliance.form_1098_evidence").fetchall() == [
            (2, "principal at boarding")
        ]


# Who may see it ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "select identity_encrypted from servicing.tax_identities",
        "select address_encrypted from servicing.tax_identities",
        "select * from servicing.co_borrowers",
        "select box_8_property from compliance.forms_1098",
        "update compliance.forms_1098 set box_1_cents = 0",
        "delete from compliance.compliance_audit_log",
        "insert into compliance.compliance_audit_log (entry_no) values (1)",
    ],
)
def test_the_pipeline_reads_no_personal_data_and_writes_no_report(kept: Database, statement: str) -> None:
    with kept.connect() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())


@pytest.mark.parametrize(
    "statement",
    [
        "update compliance.forms_1098 set box_1_cents = 0",
        "delete from compliance.reports",
        "update compliance.compliance_audit_log set actor = 'x'",
        "truncate compliance.report_files",
        "update ledger.entries set amount_cents = 1",
        "delete from servicing.tax_identities",
    ],
)
def test_not_even_compliance_changes_what_was_said(kept: Database, statement: str) -> None:
    with kept.connect("compliance") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())


def test_names_numbers_and_mailing_addresses_are_nowhere_in_the_clear(kept: Database, book: dict[str, Loan]) -> None:
    with kept.connect("compliance") as connection:
        stored = connection.execute("select i::text from servicing.tax_identities as i").fetchall()
    text = " ".join(row[0] for row in stored)
    for clear in ("900123456", "900555666", "Wilhelmina", "Elbstra", "Salem", "97301"):
        assert clear not in text
        assert clear.encode().hex() not in text
