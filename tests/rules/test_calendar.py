from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments_pipeline.rules.calendar import add_bank_days, holidays, is_bank_day, next_bank_day

days = st.dates(date(2000, 1, 1), date(2099, 12, 1))


@pytest.mark.parametrize("day", ["2026-07-03", "2027-06-18", "2027-12-24", "2027-12-31", "2028-11-10"])
def test_banks_are_open_on_the_friday_before_a_saturday_holiday(day: str) -> None:
    assert is_bank_day(date.fromisoformat(day))


@pytest.mark.parametrize("day", ["2018-11-12", "2021-07-05", "2022-06-20", "2022-12-26", "2023-01-02"])
def test_banks_are_closed_on_the_monday_after_a_sunday_holiday(day: str) -> None:
    assert not is_bank_day(date.fromisoformat(day))


def test_the_reserve_banks_keep_these_holidays_in_2026() -> None:
    kept = {(1, 1), (1, 19), (2, 16), (5, 25), (6, 19), (9, 7), (10, 12), (11, 11), (11, 26), (12, 25)}
    assert holidays(2026) == {date(2026, month, day) for month, day in kept}  # the Fourth is a Saturday


def test_a_year_without_saturday_holidays_has_eleven() -> None:
    assert len(holidays(2025)) == 11


def test_juneteenth_closed_the_banks_from_2022_on() -> None:
    assert is_bank_day(date(2020, 6, 19))
    assert is_bank_day(date(2021, 6, 18))
    assert not is_bank_day(date(2023, 6, 19))


@given(days)
def test_the_next_bank_day_is_the_first_one_on_or_after_the_day(day: date) -> None:
    found = next_bank_day(day)
    assert is_bank_day(found)
    assert found >= day
    assert not any(is_bank_day(day + timedelta(days=n)) for n in range((found - day).days))


@given(days, st.integers(0, 15), st.integers(0, 15))
def test_adding_bank_days_twice_is_adding_their_sum(day: date, first: int, second: int) -> None:
    assert add_bank_days(add_bank_days(day, first), second) == add_bank_days(day, first + second)


def test_a_day_off_counts_from_the_bank_day_after_it() -> None:
    saturday = date(2026, 7, 4)
    assert add_bank_days(saturday, 0) == date(2026, 7, 6)
    assert add_bank_days(saturday, 2) == date(2026, 7, 8)


def test_bank_days_are_not_counted_backwards() -> None:
    with pytest.raises(ValueError, match="at least 0"):
        add_bank_days(date(2026, 7, 6), -1)
