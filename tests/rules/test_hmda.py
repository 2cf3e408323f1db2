"""Activity periods: what days are in them, and when their registers are due."""

from datetime import date

import pytest

from payments_pipeline.rules.hmda import ActivityPeriod


@pytest.mark.parametrize(
    ("text", "first", "last", "due"),
    [
        ("2024", date(2024, 1, 1), date(2024, 12, 31), date(2025, 3, 3)),  # March 1 is a Saturday
        ("2025", date(2025, 1, 1), date(2025, 12, 31), date(2026, 3, 2)),  # a Sunday
        ("2026", date(2026, 1, 1), date(2026, 12, 31), date(2027, 3, 1)),
        ("2024-Q1", date(2024, 1, 1), date(2024, 3, 31), date(2024, 5, 30)),
        ("2025-Q2", date(2025, 4, 1), date(2025, 6, 30), date(2025, 8, 29)),
        ("2026-Q3", date(2026, 7, 1), date(2026, 9, 30), date(2026, 11, 30)),  # November 29 is a Sunday
    ],
)
def test_a_period_has_its_days_and_its_due_date(text: str, first: date, last: date, due: date) -> None:
    period = ActivityPeriod.of(text)
    assert str(period) == text
    assert (period.first_day, period.last_day, period.file_by) == (first, last, due)
    assert period.retain_until == due.replace(year=due.year + 3)


@pytest.mark.parametrize("text", ["25", "2025-Q5", "2025Q1", "2025-Q", ""])
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no activity period"):
        ActivityPeriod.of(text)
