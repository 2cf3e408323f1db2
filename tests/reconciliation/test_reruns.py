"""The same days in any order, and again: the same matches and items."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from payments_pipeline.postgres.connect import Database
from payments_pipeline.reconciliation.decisions import decide
from payments_pipeline.settlement.batches import settle_day
from tests.reconciliation.desk import MONDAY, Desk, Row
from tests.reconciliation.test_passes import TUESDAY, WEDNESDAY, deposit, explained, paid, run_days

THURSDAY = date(2026, 7, 2)  # before Monday


@pytest.fixture
def desk(database: Database) -> Iterator[Desk]:
    with database.connect() as connection:
        desk = Desk(connection)
        yield desk
        assert desk.broken_laws() == []


def found(desk: Desk) -> tuple[list[Row], list[Row]]:
    """The matches and the items of all days."""
    return (
        desk.rows("select bank_day, line_id, payment_id, method from reconciliation.matches order by 1, 2, 3"),
        desk.rows(
            "select bank_day, side, item_id, cause, status, variance_cents from reconciliation.items order by 1, 2, 3"
        ),
    )


def test_a_pair_that_is_found_in_another_way_keeps_its_match(desk: Desk) -> None:
    payment, line = desk.payment("REF-1", 10_000), desk.line("REF-1", 10_250)
    run_days(desk, MONDAY)
    decide(
        desk.connection, "match", MONDAY, lines=[line], payments=[payment], reason="the bank's advice", decided_by="Ann"
    )
    assert desk.matches() == [(line, payment, "credit", "decision")]


def test_a_pair_that_somebody_confirms_keeps_its_match(desk: Desk) -> None:
    payment, line = desk.payment("REF-1", 10_000), desk.line("REF-1", 10_000)
    run_days(desk, MONDAY)
    decide(
        desk.connection, "match", MONDAY, lines=[line], payments=[payment], reason="the bank's advice", decided_by="Ann"
    )
    assert desk.matches() == [(line, payment, "credit", "decision")]


def test_a_second_part_makes_the_first_a_part(desk: Desk) -> None:
    payment, first = desk.payment("FED-1", 10_000, channel="wire"), desk.line("FED-1", 4_000, channel="wire")
    run_days(desk, MONDAY)
    second = desk.line("FED-1", 6_000, channel="wire")
    run_days(desk, MONDAY)
    assert paid(desk) == {payment: {(first, "batch_of_several_lines"), (second, "batch_of_several_lines")}}


@pytest.mark.parametrize("again", [TUESDAY, MONDAY])
def test_a_deposit_of_two_days_stays_whole_whichever_of_them_is_run_again(desk: Desk, again: date) -> None:
    deposit(desk, 1_000, 2_000, 3_000)
    desk.line("DEP1", 2_500, channel="check")
    desk.line("DEP1", 3_500, channel="check", day=TUESDAY)
    run_days(desk, MONDAY, TUESDAY)
    before = found(desk)
    assert len(before[0]) == 4
    run_days(desk, again)
    assert found(desk) == before


@pytest.mark.parametrize("order", [(THURSDAY, MONDAY), (MONDAY, THURSDAY)])
def test_by_its_reference_a_payment_meets_the_line_of_its_own_day_first(desk: Desk, order: tuple[date, ...]) -> None:
    payment = desk.payment("RENT", 10_000, transfer="acht_1")
    desk.line("RENT", 10_000, day=THURSDAY)
    own = desk.line("RENT", 10_000)
    run_days(desk, *order)
    assert paid(desk) == {payment: {(own, "reference_amount")}}


def test_a_payment_of_the_next_day_does_not_undo_a_pair_by_its_reference(desk: Desk) -> None:
    desk.payment("RENT", 10_000, transfer="acht_1")
    desk.line("RENT", 10_000)
    desk.payment("RENT", 10_000, transfer="acht_2", value_date=TUESDAY)
    run_days(desk, MONDAY, TUESDAY)
    before = found(desk)
    run_days(desk, MONDAY)
    assert found(desk) == before


@pytest.mark.parametrize("order", [(MONDAY, TUESDAY), (TUESDAY, MONDAY), (MONDAY, TUESDAY, MONDAY)])
def test_a_line_that_came_early_and_again_on_its_day_is_a_duplicate(desk: Desk, order: tuple[date, ...]) -> None:
    desk.payment("REF-1", 10_000, transfer="acht_1", value_date=TUESDAY)
    for day in (MONDAY, TUESDAY):
        desk.line("REF-1", 10_000, transfer="acht_1", day=day)
    run_days(desk, *order)
    assert desk.rows("select bank_day, cause from reconciliation.items") == [(MONDAY, "duplicate_at_bank")]


def test_what_was_a_duplicate_is_the_line_once_the_other_is_withdrawn(desk: Desk) -> None:
    payment = desk.payment("REF-1", 10_000, transfer="acht_1")
    first = desk.line("REF-1", 10_000, transfer="acht_1")
    again = desk.line("REF-1", 10_000, transfer="acht_1", day=TUESDAY)
    run_days(desk, MONDAY, TUESDAY)
    desk.connection.execute(
        "insert into settlement.line_corrections values (%s, %s, 1, gen_random_uuid(), true)", (MONDAY, first)
    )
    run_days(desk, MONDAY)
    assert paid(desk) == {payment: {(again, "transfer_id")}}


def test_a_return_that_is_told_again_on_the_next_day_is_no_second_return(desk: Desk) -> None:
    desk.payment("REF-1", 10_000, value_date=THURSDAY, returned_on=MONDAY, transfer="acht_1")
    for day in (MONDAY, TUESDAY):
        desk.line("REF-1", -10_000, kind="return", transfer="acht_1", day=day)
    run_days(desk, MONDAY, TUESDAY)
    assert explained(desk, TUESDAY) == [("bank", "duplicate_at_bank", "open", -10_000)]


# What hangs together over several days --------------------------------------------------------------------------------

WEEK = [MONDAY + timedelta(days=n) for n in range(5)]
*_, NEXT_THURSDAY, FRIDAY = WEEK
BY_ANN = {"reason": "the payer sent the advice", "decided_by": "Ann"}


def stays(desk: Desk, *again: date) -> bool:
    """Whether matches and items stay what they are when these days are run again, and no law is broken on the way."""
    before = found(desk)
    for day in again:
        run_days(desk, day)
        if desk.broken_laws() or found(desk) != before:
            return False
    return True


@pytest.mark.parametrize("early", [0, 1])
def test_a_deposit_of_two_days_in_two_lines_of_one_stays_whole(desk: Desk, early: int) -> None:
    for number, cents in enumerate((1_000, 4_000)):
        value_date = MONDAY if number == early else TUESDAY
        desk.payment(f"P{number}", cents, channel="check", batch="DEP1", value_date=value_date)
    for cents in (2_000, 3_000):
        desk.line("DEP1", cents, channel="check", day=TUESDAY)
    run_days(desk, MONDAY, TUESDAY)
    assert len(desk.matches()) == 3
    assert stays(desk, MONDAY, TUESDAY, MONDAY)


def test_a_person_s_match_of_two_lines_and_payments_of_two_days_stays_whole(desk: Desk) -> None:
    payments = [desk.payment("A", 1_000), desk.payment("B", 4_000, value_date=TUESDAY)]
    lines = [desk.line("X", 2_000, day=TUESDAY), desk.line("Y", 3_000, day=TUESDAY)]
    run_days(desk, MONDAY, TUESDAY)
    decide(desk.connection, "match", TUESDAY, lines=lines, payments=payments, **BY_ANN)
    assert stays(desk, MONDAY, TUESDAY, MONDAY)


def test_a_person_s_match_of_a_line_with_returns_of_two_days_stays_whole(desk: Desk) -> None:
    before = MONDAY - timedelta(days=6)
    payments = [
        desk.payment("A", 1_000, value_date=before, returned_on=MONDAY),
        desk.payment("B", 2_000, value_date=before, returned_on=TUESDAY),
    ]
    line = desk.line("BACK", -3_000, kind="return", day=TUESDAY)
    run_days(desk, MONDAY, TUESDAY)
    decide(desk.connection, "match", TUESDAY, lines=[line], payments=payments, **BY_ANN)
    assert len(desk.matches()) == 2
    assert stays(desk, MONDAY, TUESDAY, MONDAY)


def test_a_payment_in_lines_at_both_ends_of_its_window_is_matched_once(desk: Desk) -> None:
    desk.payment("REF-1", 10_000, transfer="x_1", value_date=WEDNESDAY)
    desk.line("REF-1", 4_000, transfer="x_1", day=TUESDAY)
    desk.line("REF-1", 6_000, transfer="x_1", day=FRIDAY)
    run_days(desk, *WEEK, WEDNESDAY)
    assert len(desk.matches()) == 2
    assert stays(desk, TUESDAY, FRIDAY, WEDNESDAY)


def test_a_deposit_of_payments_at_both_ends_of_its_window_stays_whole(desk: Desk) -> None:
    desk.payment("A", 1_000, channel="check", batch="DEP1")
    desk.payment("B", 2_000, channel="check", batch="DEP1", value_date=NEXT_THURSDAY)
    desk.line("DEP1", 3_000, channel="check", day=WEDNESDAY)
    run_days(desk, *WEEK, WEDNESDAY)
    assert len(desk.matches()) == 2
    assert stays(desk, NEXT_THURSDAY, MONDAY, WEDNESDAY)


def test_what_a_person_matched_is_matched_however_late_the_bank_showed_it(desk: Desk) -> None:
    payment = desk.payment("W1", 10_000, channel="wire")
    line = desk.line("OTHER", 10_000, channel="wire", day=WEDNESDAY)
    run_days(desk, MONDAY, TUESDAY, WEDNESDAY)
    decide(desk.connection, "match", WEDNESDAY, lines=[line], payments=[payment], **BY_ANN)
    assert desk.matches() == [(line, payment, "credit", "decision")]
    assert stays(desk, MONDAY, WEDNESDAY)


@pytest.mark.parametrize("order", [WEEK, WEEK[::-1]])
def test_money_that_went_out_is_no_return_because_one_beyond_its_window_names_it(desk: Desk, order: list[date]) -> None:
    wire = {"channel": "wire", "reference": "SAME", "cents": 10_000}
    desk.payment(**wire, value_date=NEXT_THURSDAY, returned_on=FRIDAY, returned_by="out_1")  # type: ignore[arg-type]
    desk.payment(**wire, transfer="in_2", returned_on=TUESDAY)  # type: ignore[arg-type]
    desk.line("SAME", -10_000, channel="wire", kind="other", day=WEDNESDAY, transfer="out_1")
    run_days(desk, *order)
    assert desk.matches() == []


# What is said of what is open -----------------------------------------------------------------------------------------


def test_a_return_that_brought_money_is_not_taken_for_one_of_a_payment(desk: Desk) -> None:
    desk.payment("REF-1", 10_000)
    desk.line("REF-1", 10_000)
    desk.line("REF-1", 10_000, kind="return")
    run_days(desk, MONDAY)
    assert [cause for (cause,) in desk.rows("select cause from reconciliation.items")] != ["return"]


def test_a_reference_is_quoted_as_it_was_told(desk: Desk) -> None:
    desk.payment("Ref-Ours", 10_000)
    desk.line(" acht_SSh5iEXd", 20_000)
    run_days(desk, MONDAY)
    told = " ".join(text for (text,) in desk.rows("select description from reconciliation.items"))
    assert "reference acht_SSh5iEXd;" in told
    assert "reference Ref-Ours," in told


def test_a_late_batch_s_case_says_what_is_late_by_now(desk: Desk) -> None:
    desk.payment("A", 10_000)
    settle_day(desk.connection, MONDAY)
    desk.line("x", 1, channel="wire", day=TUESDAY)
    settle_day(desk.connection, TUESDAY)
    open_late = "select summary from operations.exception_cases where category = 'late_batch'"
    run_days(desk, MONDAY)
    desk.payment("B", 20_000)
    settle_day(desk.connection, MONDAY)
    settle_day(desk.connection, TUESDAY)
    run_days(desk, MONDAY)
    assert [summary.split(";")[0] for (summary,) in desk.rows(open_late)] == [
        "On 2026-07-06 the bank should have shown 2 payments of $300.00 by ach"
    ]
