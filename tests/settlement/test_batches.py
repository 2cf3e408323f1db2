"""What each rail should deliver to the bank on a day, and what it did."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from payments_pipeline.postgres.connect import Database
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
