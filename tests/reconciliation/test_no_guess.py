"""What speaks against a match, however much else agrees: such lines and payments stay open."""

from collections.abc import Iterator

import pytest

from payments_pipeline.postgres.connect import Database
from payments_pipeline.rules.settlement import RULES, fee_cents
from tests.reconciliation.desk import MONDAY, Desk
from tests.reconciliation.test_passes import CAPTURED, TUESDAY, deposit, paid, run_days


@pytest.fixture
def desk(database: Database) -> Iterator[Desk]:
    with database.connect() as connection:
        desk = Desk(connection)
        yield desk
        assert desk.broken_laws() == []


def test_ids_that_differ_speak_against_the_same_reference(desk: Desk) -> None:
    desk.payment("RENT", 10_000, transfer="acht_1")
    desk.line("RENT", 10_000, transfer="acht_2")
    run_days(desk, MONDAY)
    assert desk.matches() == []


def test_ids_that_differ_speak_against_the_parts_of_a_payment(desk: Desk) -> None:
    desk.payment("RENT", 10_000, transfer="acht_1")
    for transfer, cents in (("acht_2", 4_000), ("acht_3", 6_000)):
        desk.line("RENT", cents, transfer=transfer)
    run_days(desk, MONDAY)
    assert desk.matches() == []


def test_the_next_trace_number_is_not_a_spoiled_one(desk: Desk) -> None:
    desk.payment("TRC09101234567890", 10_000)
    desk.line("TRC09101234567891", 10_000)
    run_days(desk, MONDAY)
    assert desk.matches() == []


def test_the_next_deposit_is_not_this_one_less_a_payment(desk: Desk) -> None:
    deposit(desk, 1_000, 2_000, 4_000, batch="DEP000124")
    desk.line("DEP000123", 5_000, channel="check")
    run_days(desk, MONDAY)
    assert desk.matches() == []


def test_a_deposit_of_the_next_number_does_not_keep_one_from_its_line(desk: Desk) -> None:
    payments = deposit(desk, 1_000, 2_000, 4_000, batch="DEP000124")
    line = desk.line("DEP000124", 7_000, channel="check")
    desk.line("DEP000123", 3_300, channel="check")
    run_days(desk, MONDAY)
    assert paid(desk) == {payment: {(line, "batch_gross")} for payment in payments}


def test_the_same_amount_is_not_another_amount(desk: Desk) -> None:
    desk.payment("RENT", 10_000, transfer="acht_1")
    desk.line("RENT", 10_000)
    desk.payment("RENT", 10_000, transfer="acht_2", value_date=TUESDAY)
    run_days(desk, TUESDAY, MONDAY)
    assert not [method for *_, method in desk.matches() if "other_amount" in method]


def test_a_payment_smaller_than_its_fee_is_in_no_payout_of_several_lines(desk: Desk) -> None:
    amounts = (20, 10_000, 25, 12_000)
    for cents in amounts:
        desk.payment(f"A{cents}", cents, channel="card", value_date=CAPTURED, batch="stl1")
    net = sum(cents - fee_cents(cents, RULES["card"]) for cents in amounts)
    for cents in (9_700, net - 9_700):
        desk.line("STL1", cents, channel="card")
    run_days(desk, MONDAY)
    assert desk.matches() == []
