"""Dates as numbers, and what the calendar and the rails make of each day of a world, as tables to index.

A day is its number since 1970-01-01, a month its number since January 1970: arrays of them add and compare without a
loop. The rules themselves are those of `rules/`, asked once for each day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt

from payments_pipeline.rules.calendar import NEW_YORK, is_bank_day, next_bank_day
from payments_pipeline.rules.settlement import RULES, settles_on
from payments_pipeline.world.draws import Flags, Int64s

CHANNELS: Final = tuple(RULES)
"""The rails; a channel's number is its place here."""

_EPOCH = date(1970, 1, 1)
_HORIZON_DAYS = 90  # how far beyond the last day a return or a settlement may be looked up


def day_number(day: date) -> int:
    """The number of a day."""
    return (day - _EPOCH).days


def day_of(number: int) -> date:
    """The day of a number."""
    return _EPOCH + timedelta(days=int(number))


def month_number(day: date) -> int:
    """The number of the month that a day is in."""
    return 12 * (day.year - 1970) + day.month - 1


def days_in_month(months: Int64s, days_of_month: Int64s) -> Int64s:
    """The day numbers of a day of the month (1 to 28) in each month."""
    starts = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return starts + days_of_month - 1


def months_of(days: Int64s) -> tuple[Int64s, Int64s]:
    """Month number and day of the month of each day."""
    dates = days.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    return months.astype(np.int64), (dates - months.astype("datetime64[D]")).astype(np.int64) + 1


def instant(day: date, seconds_of_day: int) -> datetime:
    """The UTC instant of a time of day in New York."""
    at = datetime.combine(day, time(), NEW_YORK) + timedelta(seconds=seconds_of_day)
    return at.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Days:
    """The days of a world and some beyond, each table indexed by day number less `first`."""

    first: int
    last: int
    midnight: Int64s
    """Start of the day in New York, in seconds of UTC since 1970."""
    is_bank_day: Flags
    settles: npt.NDArray[np.int64]
    """By day and channel, the day on which the bank shows the money."""
    bank_days: Int64s
    """All bank days from `first` on, ascending."""

    @classmethod
    def of(cls, first_day: date, last_day: date) -> Days:
        """The tables for a world of these days, and for the weeks after it into which settlements and returns reach."""
        span = [first_day + timedelta(days=n) for n in range((last_day - first_day).days + _HORIZON_DAYS)]
        return cls(
            first=day_number(first_day),
            last=day_number(last_day),
            midnight=np.array(
                [int(datetime.combine(day, time(), NEW_YORK).timestamp()) for day in span], dtype=np.int64
            ),
            is_bank_day=np.array([is_bank_day(day) for day in span]),
            settles=np.array(
                [[day_number(settles_on(channel, day)) for channel in CHANNELS] for day in span], dtype=np.int64
            ),
            bank_days=np.array(sorted({day_number(next_bank_day(day)) for day in span}), dtype=np.int64),
        )

    def settlement(self, days: Int64s, channels: npt.NDArray[np.uint8]) -> Int64s:
        """When the bank shows payments of these value dates and channels."""
        settled: Int64s = self.settles[days - self.first, channels]
        return settled

    def plus_bank_days(self, days: Int64s, counts: Int64s) -> Int64s:
        """The bank day so many bank days after the first one on or after each day."""
        later: Int64s = self.bank_days[np.searchsorted(self.bank_days, days) + counts]
        return later

    def at(self, days: Int64s, seconds_of_day: Int64s) -> Int64s:
        """Seconds of UTC since 1970 of a time of day in New York.

        Counted from midnight, so on the two days a year that clocks change, times after the change are an hour off; all
        our times are early enough (see `behaviour.py`) to stay on their day.
        """
        return self.midnight[days - self.first] + seconds_of_day
