"""The cases that payments and returns of a day give cause for."""

from collections.abc import Iterator
from datetime import date, timedelta
from uuid import UUID

import pytest

from payments_pipeline.operations.cases import Cases, open_cases
from payments_pipeline.postgres.connect import Database
from tests.reconciliation.desk import MONDAY, Desk

RECEIPT = UUID(int=7)
FRIDAY = MONDAY + timedelta(days=4)
OPENED_NOTHING = Cases(opened=0, resolved=0)


@pytest.fixture
def desk(furnished: Database) -> Iterator[Desk]:
    with furnished.connect() as connection:
        connection.execute("select operations.open_day('ledger.allocations', %s)", (MONDAY,))
        yield Desk(connection)


def allocate(
    desk: Desk, policy: str, cash: int, suspense: int, returned: int = 0, *, seq: int = 1, kind: str = "receipt"
) -> None:
    desk.connection.execute(
        "insert into ledger.allocations values (%s, 5, %s, %s, %s, 'ach', %s, %s, 1, %s, 0, %s, 0, 0, %s, %s, %s)",
        (
            MONDAY, RECEIPT, kind, seq, policy, MONDAY, cash, cash - suspense - returned, suspense, returned,
            None if seq == 1 else "folded again",
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("policy", "severity"),
    [
        ("bankruptcy", "medium"),
        ("closed", "medium"),
        ("unknown", "medium"),
        ("legal_hold", "high"),
        ("unidentified", "high"),
    ],
)
def test_a_receipt_under_a_policy_that_asks_for_review_is_a_case(desk: Desk, policy: str, severity: str) -> None:
    allocate(desk, policy, 120_050, 120_050)
    assert open_cases(desk.connection, MONDAY) == Cases(opened=1, resolved=0)
    assert desk.cases() == [("validation", policy, severity, "open")]
    [(loan, payment, day, summary)] = desk.rows(
        "select loan_id, payment_id, business_date, summary from operations.exception_cases"
    )
    assert (loan, payment, day) == (5, RECEIPT, MONDAY)
    assert summary.startswith("$1,200.50 by ach is held: the ")
    assert open_cases(desk.connection, MONDAY) == OPENED_NOTHING


@pytest.mark.parametrize("policy", ["current", "delinquent", "default", "charged_off"])
def test_a_receipt_under_any_other_policy_is_none(desk: Desk, policy: str) -> None:
    allocate(desk, policy, 100, 0)
    assert open_cases(desk.connection, MONDAY) == OPENED_NOTHING


def test_a_case_closes_when_its_receipt_goes_back(desk: Desk) -> None:
    allocate(desk, "bankruptcy", 100, 100)
    open_cases(desk.connection, MONDAY)
    allocate(desk, "none", 0, -100, 100, seq=2)
    assert open_cases(desk.connection, MONDAY) == Cases(opened=0, resolved=1)
    [(state, resolution)] = desk.rows("select state, resolution from operations.exception_cases")
    assert (state, resolution) == ("resolved", "The payment went back; nothing is held any more.")


def test_a_case_closes_when_the_receipt_comes_under_another_policy_and_reopens_when_it_is_back(desk: Desk) -> None:
    allocate(desk, "bankruptcy", 100, 100)
    open_cases(desk.connection, MONDAY)
    allocate(desk, "current", 0, -100, seq=2)
    assert open_cases(desk.connection, MONDAY) == Cases(opened=0, resolved=1)
    allocate(desk, "legal_hold", 0, 100, seq=3)
    assert open_cases(desk.connection, MONDAY) == Cases(opened=1, resolved=0)
    assert desk.cases() == [("validation", "legal_hold", "high", "open")]


def test_a_case_that_a_person_closed_is_not_opened_again(desk: Desk) -> None:
    allocate(desk, "bankruptcy", 100, 100)
    open_cases(desk.connection, MONDAY)
    desk.connection.execute("update operations.exception_cases set state = 'resolved', resolution = 'trustee paid'")
    assert open_cases(desk.connection, MONDAY) == OPENED_NOTHING
    assert desk.rows("select resolution from operations.exception_cases") == [("trustee paid",)]


@pytest.mark.parametrize(
    ("channel", "code", "case"),
    [
        ("ach", "R01", ("ach_return", "R01", "medium", "open")),
        ("ach", "R10", ("dispute", "R10", "high", "open")),
        ("check", "R02", ("check_return", "R02", "high", "open")),
        ("wire", "R02", ("wire_recall", "R02", "high", "open")),
        ("ach", "R11", ("dispute", "R11", "high", "open")),
        ("ach", "R62", ("ach_return", "R62", "high", "open")),
        ("wire", "FRAD", ("dispute", "FRAD", "critical", "open")),
        ("wire", "DUPL", ("wire_recall", "DUPL", "high", "open")),
        ("check", "N", ("dispute", "N", "critical", "open")),
        ("ach", "Z99", ("ach_return", "Z99", "high", "open")),
        ("ach", None, ("ach_return", "none", "high", "open")),
    ],
)
def test_a_payment_that_went_back_is_a_case_by_rail_and_code(
    desk: Desk, channel: str, code: str | None, case: tuple[str, str, str, str]
) -> None:
    payment = desk.payment("REF", 50_000, channel=channel, returned_on=FRIDAY, code=code)
    assert open_cases(desk.connection, FRIDAY) == Cases(opened=1, resolved=0)
    assert desk.cases() == [case]
    [(subject, day, summary)] = desk.rows("select payment_id, business_date, summary from operations.exception_cases")
    assert (subject, day) == (payment, FRIDAY)
    assert summary.startswith(f"The {channel} payment of $500.00 of value date {MONDAY} went back on {FRIDAY}: ")
    assert open_cases(desk.connection, FRIDAY) == OPENED_NOTHING


def next_step_of(desk: Desk, code: str | None, channel: str = "ach") -> str:
    desk.payment("REF", 50_000, channel=channel, returned_on=FRIDAY, code=code)
    open_cases(desk.connection, FRIDAY)
    [(next_step,)] = desk.rows("select next_step from operations.exception_cases")
    return str(next_step)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("R02", "ask for another way to pay"),
        ("R08", "only with a new authorization"),
        ("R10", "Gather the authorization"),
        ("R11", "a corrected debit may be sent until 2026-09-08"),
        ("R68", "Hold further payments from this account"),
        ("Z99", "Find out what the code means"),
        (None, "Ask the bank why"),
    ],
)
def test_the_case_says_what_the_code_allows(desk: Desk, code: str | None, expected: str) -> None:
    assert expected in next_step_of(desk, code)


def test_the_case_says_when_the_debit_is_presented_again(desk: Desk) -> None:
    payment = desk.payment("REF", 50_000, returned_on=FRIDAY, code="R01")
    desk.connection.execute(
        "insert into payments.representments values (1, %s, 1, %s, %s, %s, %s, 'R01', 50000, '2026-07-15', '2027-01-02', %s)",
        (payment, RECEIPT, payment, MONDAY, FRIDAY, FRIDAY),
    )
    open_cases(desk.connection, FRIDAY)
    [(next_step,)] = desk.rows("select next_step from operations.exception_cases")
    assert "collected once more on 2026-07-15 (attempt 1 of 2)" in next_step


def test_a_return_that_is_told_anew_as_earlier_stays_one_case(desk: Desk) -> None:
    payment = desk.payment("REF", 50_000, returned_on=FRIDAY, code="R01")
    open_cases(desk.connection, FRIDAY)
    thursday = FRIDAY - timedelta(days=1)
    desk.connection.execute(
        "insert into payments.reversals select loan_id, payment_id, 2, effective_on, 'recalled', occurred_at - interval '1 day', "
        "%s, 'R02', transfer_id, booked_on, batch_id, line from payments.reversals where payment_id = %s",
        (thursday, payment),
    )
    assert open_cases(desk.connection, thursday) == OPENED_NOTHING
    assert open_cases(desk.connection, FRIDAY) == OPENED_NOTHING


def test_news_of_a_return_that_comes_with_the_value_date_is_a_case_too(desk: Desk) -> None:
    desk.payment("REF", 50_000, returned_on=FRIDAY)
    assert open_cases(desk.connection, MONDAY).opened == 1
    assert open_cases(desk.connection, FRIDAY) == OPENED_NOTHING


def test_other_days_know_nothing_of_it(desk: Desk) -> None:
    desk.payment("REF", 50_000, returned_on=FRIDAY)
    assert open_cases(desk.connection, date(2026, 7, 8)) == OPENED_NOTHING


def test_the_return_of_a_payment_that_never_came_is_an_orphan_until_it_turns_up(desk: Desk) -> None:
    payment = desk.payment("REF", 50_000, returned_on=FRIDAY, is_known=False)
    assert open_cases(desk.connection, FRIDAY).opened == 2
    assert [row[0] for row in desk.cases()] == ["orphan_return", "unknown_return"]
    desk.connection.execute("select operations.open_day('payments.payments', %s)", (MONDAY,))
    desk.connection.execute(
        "insert into payments.payments (effective_on, loan_id, payment_id, channel, reference, loan_number, amount_cents, "
        "occurred_at, settles_on, booked_on, batch_id, line) "
        "values (%s, 1, %s, 'ach', 'REF', 'LN0000000001', 50000, now(), %s, %s, %s, 1)",
        (MONDAY, payment, MONDAY, FRIDAY, RECEIPT),
    )
    # the run of the value date is the one that brings the payment
    assert open_cases(desk.connection, MONDAY) == Cases(opened=0, resolved=1)
    assert desk.cases()[0] == ("orphan_return", "R01", "medium", "resolved")
