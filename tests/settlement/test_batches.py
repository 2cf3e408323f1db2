"""What each rail should deliver to the bank on a day, and what it did."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from payments_pipeline.postgres.connect import Database
from payments_pipeline.reconciliation.days import reconcile_day
from payments_pipeline.rules.settlement import settles_on
from payments_pipeline.settlement.batches import settle_day
from tests.reconciliation.desk import MONDAY, Desk, Row


@pytest.fixture
def desk(database: Database) -> Iterator[Desk]:
    with database.connect() as connection:
        yield Desk(connection)


def batches(desk: Desk, day: date = MONDAY) -> list[Row]:
    settle_day(desk.connection, day)
    return desk.rows(
        "select channel, expected_count, expected_cents, actual_count, actual_cents, variance_cents, status "
        "from settlement.batches where bank_day = %s order by channel",
        day,
    )


def test_a_batch_that_the_bank_shows_in_full_is_settled(desk: Desk) -> None:
    for cents in (10_000, 5_000):
        desk.payment("REF", cents)
        desk.line("REF", cents)
    assert batches(desk) == [("ach", 2, 15_000, 2, 15_000, 0, "settled")]


def test_a_batch_of_which_the_bank_shows_nothing_is_late(desk: Desk) -> None:
    desk.payment("REF", 10_000)
    assert batches(desk) == [("ach", 1, 10_000, 0, 0, -10_000, "late")]


def test_a_batch_that_differs_is_a_variance_whichever_side_has_more(desk: Desk) -> None:
    desk.payment("A", 10_000)
    desk.line("A", 9_000)
    desk.line("W", 700, channel="wire")
    assert batches(desk) == [
        ("ach", 1, 10_000, 1, 9_000, -1_000, "variance"), ("wire", 0, 0, 1, 700, 700, "variance"),
    ]  # fmt: skip


def test_only_completed_payments_and_only_credits_count(desk: Desk) -> None:
    desk.payment("A", 10_000, is_completed=False)
    desk.line("A", -10_000, kind="return")
    desk.line("A", -35, kind="fee")
    assert batches(desk) == []


def test_a_payment_that_was_returned_later_was_delivered_all_the_same(desk: Desk) -> None:
    desk.payment("A", 10_000, returned_on=MONDAY + timedelta(days=2))
    desk.line("A", 10_000)
    assert batches(desk) == [("ach", 1, 10_000, 1, 10_000, 0, "settled")]


@pytest.mark.parametrize("channel", ["ach", "card", "paypal", "realtime"])
def test_every_payment_is_expected_on_the_one_day_on_which_its_rail_settles(desk: Desk, channel: str) -> None:
    # around Thanksgiving, when weekends and a holiday stand in the way
    days = [date(2026, 11, 20) + timedelta(days=n) for n in range(14)]
    for day in days:
        desk.payment("REF", 100, channel=channel, value_date=day)
    expected = {day: sum(settles_on(channel, value_date) == day for value_date in days) for day in days}
    for day in days:
        assert sum(row[1] for row in batches(desk, day)) == expected[day]


def test_running_a_day_again_replaces_its_batches(desk: Desk) -> None:
    desk.payment("A", 10_000)
    batches(desk)
    desk.line("A", 10_000)
    assert batches(desk) == [("ach", 1, 10_000, 1, 10_000, 0, "settled")]


# What is late ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def calendar(desk: Desk) -> None:
    """The banks are open on the weekdays around."""
    desk.connection.execute(
        "insert into settlement.calendar select channel, d::date, d::date from settlement.rules, "
        "generate_series('2026-06-29'::date, '2026-07-17'::date, interval '1 day') as d where extract(isodow from d) < 6"
    )


def lateness(desk: Desk) -> list[Row]:
    return desk.rows("select status, late_bank_days from settlement.batches where bank_day = %s", MONDAY)


def late_cases(desk: Desk) -> list[Row]:
    return desk.rows(
        "select subcategory, severity, state from operations.exception_cases where category = 'late_batch' order by 1"
    )


@pytest.mark.usefixtures("calendar")
def test_a_payout_may_take_the_time_that_its_rule_gives_and_then_opens_a_case_before_anyone_asks(desk: Desk) -> None:
    tuesday, wednesday = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
    desk.payment("A", 10_000, channel="card", value_date=date(2026, 7, 2))
    settle_day(desk.connection, MONDAY)
    assert lateness(desk) == [("pending", 0)]
    assert late_cases(desk) == []
    for day, days, severity in ((tuesday, 1, "medium"), (wednesday, 2, "high")):
        desk.line("W", 700, channel="wire", day=day)
        settle_day(desk.connection, day)
        assert lateness(desk) == [("late", days)]
        assert late_cases(desk) == [("card", severity, "open")]
    desk.line("A", 10_000, channel="card")
    settle_day(desk.connection, MONDAY)
    assert lateness(desk) == [("settled", 0)]
    assert late_cases(desk) == [("card", "high", "resolved")]


@pytest.mark.usefixtures("calendar")
def test_a_batch_that_comes_a_day_late_is_settled_then_and_its_case_closes(desk: Desk) -> None:
    tuesday = MONDAY + timedelta(days=1)
    desk.payment("A", 10_000)
    settle_day(desk.connection, MONDAY)
    reconcile_day(desk.connection, MONDAY)
    assert late_cases(desk) == [("ach", "medium", "open")]
    desk.line("A", 10_000, day=tuesday)
    settle_day(desk.connection, tuesday)
    reconcile_day(desk.connection, tuesday)
    assert lateness(desk) == [("settled", 1)]
    assert late_cases(desk) == [("ach", "medium", "resolved")]


@pytest.mark.usefixtures("calendar")
def test_a_batch_whose_line_of_another_day_is_withdrawn_is_late_again(desk: Desk) -> None:
    tuesday = MONDAY + timedelta(days=1)
    desk.payment("A", 10_000)
    desk.line("W", 700, channel="wire", day=tuesday)
    line = desk.line("A", 10_000, day=tuesday)
    for day in (MONDAY, tuesday):
        settle_day(desk.connection, day)
        reconcile_day(desk.connection, day)
    assert lateness(desk) == [("settled", 1)]
    desk.connection.execute(
        "insert into settlement.line_corrections values (%s, %s, 1, gen_random_uuid(), true)", (tuesday, line)
    )
    settle_day(desk.connection, tuesday)
    reconcile_day(desk.connection, tuesday)
    assert lateness(desk) == [("late", 1)]
    assert late_cases(desk) == [("ach", "medium", "open")]


def of_rail(desk: Desk, channel: str) -> list[Row]:
    return desk.rows(
        "select status, late_bank_days from settlement.batches where bank_day = %s and channel = %s", MONDAY, channel
    )


@pytest.mark.usefixtures("calendar")
def test_a_late_batch_stays_late_when_a_day_of_which_the_bank_has_not_told_yet_changes_its_day(desk: Desk) -> None:
    tuesday, wednesday = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
    desk.payment("C", 10_000, channel="check")
    desk.line("EARLY", 700)  # of a payment of Wednesday
    desk.line("W", 800, channel="wire", day=tuesday)
    desk.payment("EARLY", 700, value_date=wednesday)
    for day in (MONDAY, tuesday, wednesday):
        settle_day(desk.connection, day)
        reconcile_day(desk.connection, day)
    assert of_rail(desk, "check") == [("late", 1)]
    assert ("check", "medium", "open") in late_cases(desk)


@pytest.mark.usefixtures("calendar")
@pytest.mark.parametrize("last", [0, 9])
def test_how_late_a_batch_is_does_not_depend_on_which_day_is_run_last(desk: Desk, last: int) -> None:
    days = [MONDAY + timedelta(days=n) for n in range(12)]
    desk.payment("C", 10_000, channel="check")
    for day in days:
        desk.line("W", 800, channel="wire", day=day)
    for day in [*days, MONDAY + timedelta(days=last)]:
        settle_day(desk.connection, day)
        reconcile_day(desk.connection, day)
    assert of_rail(desk, "check") == [("late", 8)]  # for ten days it may still come


def test_money_on_another_account_of_ours_is_not_delivered(desk: Desk) -> None:
    desk.payment("C", 10_000, channel="check")
    desk.line("C", 10_000, channel="check", account="collections")
    assert batches(desk) == [("check", 1, 10_000, 0, 0, -10_000, "pending")]


@pytest.mark.usefixtures("calendar")
def test_settling_a_day_by_itself_leaves_a_batch_that_came_late_settled(desk: Desk) -> None:
    tuesday = MONDAY + timedelta(days=1)
    desk.payment("A", 10_000)
    desk.line("A", 10_000, day=tuesday)
    for day in (MONDAY, tuesday):
        settle_day(desk.connection, day)
        reconcile_day(desk.connection, day)
    settle_day(desk.connection, MONDAY)
    assert lateness(desk) == [("settled", 1)]
    assert late_cases(desk) == [("ach", "medium", "resolved")]


def test_what_a_processor_keeps_is_expected_to_be_missing(desk: Desk) -> None:
    desk.payment("A", 10_000, channel="card", value_date=date(2026, 7, 2))
    desk.line("STL1", 9_680, channel="card")
    settle_day(desk.connection, MONDAY)
    assert desk.rows(
        "select account, expected_fee_cents, variance_cents, status, reference from settlement.batches"
    ) == [("processors", 320, 0, "settled", "STL1")]
