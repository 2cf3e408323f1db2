"""When a HMDA register is due, and what it is about: 12 CFR 1003.5, section by section for a domain expert to check.

Confidence: the dates are of the regulation as it stood in 2026 and want a human's eye before a filing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

QUARTERS: Final = (1, 2, 3)
"""Quarters that are filed by themselves; the fourth is filed with the year."""
RETENTION_YEARS: Final = 3
"""A register is kept at least three years from its submission (1003.5(a)(1)(i))."""
QUARTERLY_THRESHOLD: Final = 60_000
"""Who reports so many covered loans and applications in a year files quarterly in the next (1003.5(a)(1)(ii))."""
_PERIOD: Final = re.compile(r"(\d{4})(?:-Q([1-4]))?")
_DAYS_AFTER_QUARTER: Final = 60
_SATURDAY: Final = 5


@dataclass(frozen=True, slots=True, order=True)
class ActivityPeriod:
    """A year, or a quarter of one, by the day on which action was taken."""

    year: int
    quarter: int | None = None

    def __str__(self) -> str:
        return f"{self.year}-Q{self.quarter}" if self.quarter else str(self.year)

    @classmethod
    def of(cls, text: str) -> ActivityPeriod:
        """The period that was written so: 2025 or 2025-Q2."""
        found = _PERIOD.fullmatch(text)
        if not found:
            raise ValueError(f"{text} is no activity period, such as 2025 or 2025-Q2")
        return cls(int(found[1]), int(found[2]) if found[2] else None)

    @property
    def first_day(self) -> date:
        """Its first day."""
        return date(self.year, 3 * self.quarter - 2 if self.quarter else 1, 1)

    @property
    def last_day(self) -> date:
        """Its last day."""
        month = 3 * self.quarter if self.quarter else 12
        return date(self.year + month // 12, month % 12 + 1, 1) - timedelta(days=1)

    @property
    def file_by(self) -> date:
        """March 1 of the next year, or 60 days after the quarter; a weekend rolls to Monday."""
        due = self.last_day + timedelta(days=_DAYS_AFTER_QUARTER) if self.quarter else date(self.year + 1, 3, 1)
        return due + timedelta(days=7 - due.weekday()) if due.weekday() >= _SATURDAY else due

    @property
    def retain_until(self) -> date:
        """How long the register is kept, counted from the day on which it is due."""
        return self.file_by.replace(year=self.file_by.year + RETENTION_YEARS)
