"""The same days in any order, and again: the same matches and items."""

from collections.abc import Iterator
from datetime import date

import pytest

from payments_pipeline.postgres.connect import Database
from payments_pipeline.reconciliation.decisions import decide
from tests.reconciliation.desk import MONDAY, Desk, Row
from tests.reconciliation.test_passes import TUESDAY, deposit, explained, paid, run_days

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
