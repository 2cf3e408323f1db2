from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments_pipeline.rules.calendar import is_bank_day
from payments_pipeline.rules.settlement import RULES, parse, settles_on

HEADER = (
    "channel,lag_bank_days,every_day,ready_signal,account,grouped_by,fee_ppm,fee_cents_each,late_after_bank_days,"
    "window_bank_days,description"
)
days = st.dates(date(2020, 1, 1), date(2040, 12, 31))


def test_there_is_a_rule_for_each_rail() -> None:
    assert list(RULES) == ["ach", "wire", "realtime", "check", "card", "paypal", "venmo", "book"]


@pytest.mark.parametrize(
    ("channel", "expected"),
    [
        ("ach", "2026-07-06"),
        ("wire", "2026-07-06"),
        ("check", "2026-07-06"),
        ("book", "2026-07-06"),
        ("realtime", "2026-07-04"),
        ("card", "2026-07-08"),
        ("paypal", "2026-07-07"),
        ("venmo", "2026-07-07"),
    ],
)
def test_money_of_a_saturday_holiday_settles_by_its_rail(channel: str, expected: str) -> None:
    assert settles_on(channel, date(2026, 7, 4)) == date.fromisoformat(expected)


@pytest.mark.parametrize("channel", ["ach", "wire", "check", "book", "realtime"])
def test_money_of_an_open_friday_before_a_holiday_settles_that_day(channel: str) -> None:
    assert settles_on(channel, date(2026, 7, 3)) == date(2026, 7, 3)


@given(st.sampled_from(sorted(set(RULES) - {"realtime"})), days)
def test_settlement_days_are_bank_days(channel: str, value_date: date) -> None:
    assert is_bank_day(settles_on(channel, value_date))


@given(st.sampled_from(sorted(RULES)), days, days)
def test_later_money_never_settles_earlier(channel: str, one: date, other: date) -> None:
    assert settles_on(channel, min(one, other)) <= settles_on(channel, max(one, other))


@pytest.mark.parametrize(
    ("channel", "signal"),
    [
        ("ach", "settled"),
        ("check", "settled"),
        ("wire", "completed"),
        ("realtime", "completed"),
        ("book", "completed"),
        ("card", "captured"),
        ("paypal", "captured"),
        ("venmo", "captured"),
    ],
)
def test_one_word_completes_the_payments_of_a_rail(channel: str, signal: str) -> None:
    assert RULES[channel].ready_signal == signal


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            "ach,soon,false,settled,own,transfer,0,0,0,1,x",
            "line 2: expected lag_bank_days as a whole number from 0, found 'soon'",
        ),
        ("ach,0,maybe,settled,own,transfer,0,0,0,1,x", "line 2: expected every_day as true or false, found 'maybe'"),
        ("ach,1,true,settled,own,transfer,0,0,0,1,x", "line 2: a rail that settles every day has no lag"),
        ("ach,0,false,,own,transfer,0,0,0,1,x", "line 2: expected ready_signal as one of"),
        ("ach,0,false,initiated,own,transfer,0,0,0,1,x", "line 2: expected ready_signal as one of"),
        ("ach,0,false,settled|completed,own,transfer,0,0,0,1,x", r"found 'settled\|completed'"),
        ("ach,0,false,settled,,transfer,0,0,0,1,x", "line 2: expected the account on which the rail settles"),
        ("ach,0,false,settled,own,heap,0,0,0,1,x", "line 2: expected grouped_by as one of"),
        (
            "ach,0,false,settled,own,transfer,2.9,0,0,1,x",
            "line 2: expected fee_ppm as a whole number from 0, found '2.9'",
        ),
    ],
)
def test_a_wrong_rule_is_named_by_its_line(row: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse([HEADER, row])


def test_two_rules_for_a_rail_are_refused() -> None:
    with pytest.raises(ValueError, match="line 3: channel 'ach' has a rule already"):
        parse([HEADER, "ach,0,false,settled,own,transfer,0,0,0,1,x", "ach,1,false,settled,own,transfer,0,0,0,1,x"])
