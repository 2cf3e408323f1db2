"""What day it is in New York, and on which days American banks are open.

The Federal Reserve keeps eleven holidays. One that falls on a Sunday is kept on the Monday after; one that falls on a
Saturday is not moved: the banks are open on the Friday before. Ready-made "US federal" calendars close that Friday,
which is right for government offices and wrong for money (2026-07-03, 2027-06-18, 2027-12-24, 2027-12-31 and
2028-11-10 are bank days), hence a calendar of our own.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

NEW_YORK: Final = ZoneInfo("America/New_York")

_DAY = timedelta(days=1)
_MONDAY, _THURSDAY, _SATURDAY, _SUNDAY = 0, 3, 5, 6

_FIRST_YEAR_OF_KING_DAY = 1986
_FIRST_YEAR_OF_JUNETEENTH = 2022  # law since June 2021; the first one on which the Reserve Banks closed was 2022's


def business_date(instant: datetime) -> date:
    """The date on which an instant falls in New York."""
    return instant.astimezone(NEW_YORK).date()


def is_bank_day(day: date) -> bool:
    """Whether banks are open: not a weekend and not a holiday of the Federal Reserve."""
    return day.weekday() < _SATURDAY and day not in holidays(day.year)


def next_bank_day(day: date) -> date:
    """The first bank day on or after `day`: `day` itself if it is one."""
    while not is_bank_day(day):
        day += _DAY
    return day


def add_bank_days(day: date, count: int) -> date:
    """The bank day `count` bank days after `day`, counted from the first bank day on or after it.

    A card captured on Saturday is taken up on Monday, so that two bank days later is Wednesday. `count` is not
    negative.
    """
    if count < 0:
        raise ValueError(f"expected a number of bank days of at least 0, found {count}")
    day = next_bank_day(day)
    for _ in range(count):
        day = next_bank_day(day + _DAY)
    return day


@cache
def holidays(year: int) -> frozenset[date]:
    """The days of `year` on which the Federal Reserve Banks are closed, weekends aside."""
    return frozenset(_kept(year))


def _kept(year: int) -> Iterator[date]:
    yield from _moved_off_sunday(date(year, 1, 1))  # New Year's Day
    if year >= _FIRST_YEAR_OF_KING_DAY:
        yield _nth(year, 1, _MONDAY, 3)  # Birthday of Martin Luther King, Jr.
    yield _nth(year, 2, _MONDAY, 3)  # Washington's Birthday
    yield _last(year, 5, _MONDAY)  # Memorial Day
    if year >= _FIRST_YEAR_OF_JUNETEENTH:
        yield from _moved_off_sunday(date(year, 6, 19))  # Juneteenth National Independence Day
    yield from _moved_off_sunday(date(year, 7, 4))  # Independence Day
    yield _nth(year, 9, _MONDAY, 1)  # Labor Day
    yield _nth(year, 10, _MONDAY, 2)  # Columbus Day
    yield from _moved_off_sunday(date(year, 11, 11))  # Veterans Day
    yield _nth(year, 11, _THURSDAY, 4)  # Thanksgiving Day
    yield from _moved_off_sunday(date(year, 12, 25))  # Christmas Day


def _moved_off_sunday(day: date) -> Iterator[date]:
    """The day on which a holiday with a fixed date closes the banks; none if it falls on a Saturday."""
    if day.weekday() == _SUNDAY:
        yield day + _DAY
    elif day.weekday() != _SATURDAY:
        yield day


def _nth(year: int, month: int, weekday: int, n: int) -> date:
    first = date(year, month, 1)
    return first + _DAY * ((weekday - first.weekday()) % 7 + 7 * (n - 1))


def _last(year: int, month: int, weekday: int) -> date:
    """The last such weekday of a month that is not December."""
    last = date(year, month + 1, 1) - _DAY
    return last - _DAY * ((last.weekday() - weekday) % 7)
