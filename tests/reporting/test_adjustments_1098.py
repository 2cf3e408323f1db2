"""Form 1098 of loans of which something is rare: others paid them, the former system did, or they came or went late."""

from collections.abc import Callable
from datetime import date
from typing import Any

import psycopg
import pytest

from payments_pipeline.postgres.run import run
from payments_pipeline.reporting.form_1098 import draft
from payments_pipeline.rules.form_1098 import Policy, Received, box_1, month_before, upfront_premium_of_year
from tests.reporting.taxbook import Loan

Form = Callable[[Loan, int], dict[str, Any] | None]


@pytest.fixture
def form(owner: psycopg.Connection[Any]) -> Form:
    """The form of a loan and a year as it would be drafted now, if there is one."""

    def drafted(loan: Loan, tax_year: int) -> dict[str, Any] | None:
        draft(owner, tax_year, Policy(), "Pat")
        with owner.cursor(row_factory=psycopg.rows.dict_row) as cursor:
            cursor.execute(
                "select * from compliance.forms_1098 where loan_id = %s and tax_year = %s order by version desc limit 1",
                (loan.loan_id, tax_year),
            )
            return cursor.fetchone()

    return drafted


def _is_by_others(connection: psycopg.Connection[Any], loan: Loan, day: str) -> None:
    connection.execute(
        "insert into servicing.payments_by_others values (%s, %s, 'housing_assistance_fund')",
        (loan.loan_id, loan.payment_id(day)),
    )


# What others paid -------------------------------------------------------------------------------------------------------


def test_what_others_paid_ahead_is_nobody_s_interest_in_either_year(
    owner: psycopg.Connection[Any], book: dict[str, Loan], form: Form
) -> None:
    loan = book["first of January paid in December"]
    _is_by_others(owner, loan, "2025-12-28")
    this_year, next_year = form(loan, 2025), form(loan, 2026)
    assert this_year
    assert (this_year["box_1_cents"], this_year["prepaid_now_cents"]) == (loan.interest(1), 0)
    assert next_year
    assert (next_year["box_1_cents"], next_year["reported_last_year_cents"]) == (0, 0)
    assert next_year["ledger_interest_cents"] == next_year["paid_by_others_cents"] == loan.interest(2)


def test_a_release_is_the_borrower_s_where_what_others_paid_ahead_was_returned(
    owner: psycopg.Connection[Any], book: dict[str, Loan], form: Form
) -> None:
    loan = book["first of January paid in December"]
    _is_by_others(owner, loan, "2025-12-27")
    # a payment like that of December 28, and the difference that took it out of suspense when it was returned
    for seq, cash, suspense in ((1, 1, 1), (2, 0, -1)):
        owner.execute(
            "insert into ledger.allocations select effective_on, loan_id, %s, kind, %s, channel, policy, booked_on, run_no, "
            "%s * cash_cents, 0, 0, 0, 0, %s * suspense_cents, (%s - %s) * cash_cents, case when %s > 1 then 'returned' end "
            "from ledger.allocations where loan_id = %s and subject_id = %s",
            (
                loan.payment_id("2025-12-27"), seq, cash, suspense, cash, suspense, seq, loan.loan_id,
                loan.payment_id("2025-12-28"),
            ),
        )  # fmt: skip
    found = form(loan, 2025)
    assert found
    assert (found["box_1_cents"], found["paid_by_others_cents"]) == (loan.interest(1, 2), 0)


def test_late_charges_that_others_paid_are_not_the_borrower_s(
    owner: psycopg.Connection[Any], book: dict[str, Loan], form: Form
) -> None:
    loan = book["December paid late in January"]
    _is_by_others(owner, loan, "2026-01-25")
    found = form(loan, 2026)
    assert found
    assert found["ledger_fees_cents"] > 0
    assert found["service_fees_cents"] == 0
    assert (found["box_1_cents"], found["disposition"]) == (0, "nothing_received")


def test_a_fee_for_a_service_that_others_paid_is_left_out_once(
    owner: psycopg.Connection[Any], book: dict[str, Loan], form: Form
) -> None:
    loan = book["returned for lack of funds and paid again"]
    _is_by_others(owner, loan, "2025-12-29")
    found = form(loan, 2025)
    assert found
    assert found["service_fees_cents"] > 0
    late = found["ledger_fees_cents"] - found["service_fees_cents"]
    assert found["paid_by_others_cents"] == loan.interest(1) + late > loan.interest(1)
    assert (found["box_1_cents"], found["disposition"]) == (0, "nothing_received")


# What the former system applied -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("uses_january_15", [True, False])
@pytest.mark.parametrize("due_on", [date(2026, 1, 10), date(2026, 1, 20), date(2026, 2, 1)])
def test_what_the_former_system_applied_before_it_fell_due_is_of_the_year_in_which_it_accrues(
    owner: psycopg.Connection[Any], book: dict[str, Loan], due_on: date, *, uses_january_15: bool
) -> None:
    loan = book["not paid at all"]
    _was_converted(owner, loan)
    owner.execute("update servicing.loans set boarded_on = '2026-02-15' where loan_id = %s", (loan.loan_id,))
    owner.execute(
        "insert into ledger.conversions values (%s, 1, 'receipt', '2025-12-28', %s, 100000, 0, 0, 100000, 0, 0, 0, 0)",
        (loan.loan_id, due_on),
    )
    policy = Policy(uses_january_15=uses_january_15)
    received = Received(date(2025, 12, 28), 1_000_00, month_before(due_on), due_on)
    found = [_wanted_box_1(owner, loan, year, policy) for year in (2025, 2026)]
    assert found == [box_1([received], [], year, policy) for year in (2025, 2026)]
    assert sum(found) == 1_000_00


@pytest.mark.parametrize("due_on", [date(2025, 12, 5), date(2026, 2, 1)])
def test_what_others_paid_to_the_former_system_is_nobody_s_interest_fees_for_a_service_included(
    owner: psycopg.Connection[Any], book: dict[str, Loan], due_on: date
) -> None:
    loan = book["not paid at all"]
    _was_converted(owner, loan)
    owner.execute(
        "insert into ledger.conversions values (%s, 1, 'receipt', '2025-12-28', %s, 104500, 2000, 2500, 100000, 0, 0, 0, 0)",
        (loan.loan_id, due_on),
    )
    borrower_s = _wanted_box_1(owner, loan, 2025, Policy())
    assert borrower_s == (1_020_00 if due_on.year == 2025 else 20_00)  # the late charge, and what accrues in the year
    owner.execute(
        "insert into servicing.payments_by_others select loan_id, subject_id, 'subsidy' from ledger.conversions"
    )
    assert [_wanted_box_1(owner, loan, year, Policy()) for year in (2025, 2026)] == [0, 0]


def _was_converted(connection: psycopg.Connection[Any], loan: Loan) -> None:
    connection.execute(
        "insert into servicing.converted_loans values (%s, '2025-01-01', %s, 0, 0)",
        (loan.loan_id, loan.principal_cents),
    )


def _wanted_box_1(connection: psycopg.Connection[Any], loan: Loan, tax_year: int, policy: Policy) -> int:
    """As the statements have it before it is held against the general ledger, which has no entries of this past."""
    year = {
        "tax_year": tax_year,
        "year_begins": date(tax_year, 1, 1),
        "next_year_begins": date(tax_year + 1, 1, 1),
        "uses_january_15": policy.uses_january_15,
    }
    for step in ("received", "adjustments", "wanted"):
        run(connection, f"reporting/form_1098_{step}", **year)
    rows = connection.execute("select box_1_cents from wanted_1098 where loan_id = %s", (loan.loan_id,)).fetchall()
    return int(rows[0][0])


def test_a_refund_on_a_loan_that_ended_in_the_former_system_has_its_form(
    owner: psycopg.Connection[Any], book: dict[str, Loan], form: Form
) -> None:
    loan = book["not paid at all"]
    _was_converted(owner, loan)
    owner.execute(
        "update servicing.loans set term_instalments = 0, last_instalment = 0 where loan_id = %s", (loan.loan_id,)
    )
    assert form(loan, 2025) is None
    owner.execute(
        "insert into servicing.interest_refunds values (%s, operations.content_id('r'), '2025-12-10', 2024, 70000, 'x')",
        (loan.loan_id,),
    )
    found = form(loan, 2025)
    assert found
    assert (found["disposition"], found["box_4_cents"]) == ("reportable", 700_00)


# Points and premiums ----------------------------------------------------------------------------------------------------


def test_points_of_a_closing_in_december_are_its_year_s_though_the_loan_is_boarded_in_january(
    owner: psycopg.Connection[Any], book: dict[str, Loan], form: Form
) -> None:
    loan = book["not paid at all"]
    owner.execute(
        "update servicing.loans set originated_on = '2025-12-30', boarded_on = '2026-01-02' where loan_id = %s",
        (loan.loan_id,),
    )
    assert form(loan, 2025) is None
    _points_were_paid(owner, loan, "2025-12-30")
    this_year, next_year = form(loan, 2025), form(loan, 2026)
    assert this_year
    assert (this_year["disposition"], this_year["box_6_cents"]) == ("reportable", 3_000_00)
    assert next_year
    assert next_year["box_6_cents"] == 0


def test_points_whose_closing_is_dated_into_another_year_leave_no_form_to_be_filed(
    owner: psycopg.Connection[Any], book: dict[str, Loan], form: Form
) -> None:
    loan = book["not paid at all"]
    owner.execute(
        "update servicing.loans set originated_on = '2025-12-30', boarded_on = '2026-01-02' where loan_id = %s",
        (loan.loan_id,),
    )
    _points_were_paid(owner, loan, "2025-12-30")
    first = form(loan, 2025)
    assert first
    assert first["disposition"] == "reportable"
    _points_were_paid(owner, loan, "2026-01-02")
    corrected = form(loan, 2025)
    assert corrected
    assert (corrected["disposition"], corrected["box_6_cents"]) == ("nothing_received", 0)


def test_points_of_long_ago_bring_no_form_of_a_year_before_the_loan_was_ours(
    owner: psycopg.Connection[Any], book: dict[str, Loan], form: Form
) -> None:
    loan = book["not paid at all"]
    owner.execute("update servicing.loans set boarded_on = '2026-01-02' where loan_id = %s", (loan.loan_id,))
    _points_were_paid(owner, loan, "2020-02-29")
    assert form(loan, 2025) is None


def _points_were_paid(connection: psycopg.Connection[Any], loan: Loan, day: str) -> None:
    connection.execute(
        "update servicing.loan_tax_terms set points_cents = 300000, points_paid_on = %s where loan_id = %s",
        (day, loan.loan_id),
    )


def test_an_upfront_premium_is_spread_over_the_term_where_that_is_shorter_than_84_months(
    owner: psycopg.Connection[Any], book: dict[str, Loan], form: Form
) -> None:
    loan, signed_on = book["ordinary"], date(2025, 10, 15)
    owner.execute(
        "update servicing.loans set originated_on = %s, term_instalments = 60, last_instalment = 60 where loan_id = %s",
        (signed_on, loan.loan_id),
    )
    _upfront_premium_was_paid(owner, loan, signed_on)
    found = form(loan, 2026)
    assert found
    assert found["box_5_cents"] == upfront_premium_of_year(7_000_00, signed_on, 60, 2026) == 1_400_00


def test_of_a_mortgage_that_was_paid_off_before_the_year_no_premium_is_reported(
    owner: psycopg.Connection[Any], book: dict[str, Loan], form: Form
) -> None:
    loan = book["not paid at all"]
    _upfront_premium_was_paid(owner, loan, date(2025, 12, 15))
    owed = form(loan, 2026)
    assert owed
    assert (owed["disposition"], owed["box_5_cents"]) == ("reportable", 1_000_00)
    owner.execute(
        "update ledger.balances set principal_paid_cents = %s where loan_id = %s", (loan.principal_cents, loan.loan_id)
    )
    paid_off = form(loan, 2026)
    assert paid_off
    assert (paid_off["disposition"], paid_off["box_5_cents"]) == ("nothing_received", 0)


def _upfront_premium_was_paid(connection: psycopg.Connection[Any], loan: Loan, signed_on: date) -> None:
    connection.execute(
        "update servicing.loan_tax_terms set upfront_premium_cents = 700000, premium_contract_on = %s where loan_id = %s",
        (signed_on, loan.loan_id),
    )
