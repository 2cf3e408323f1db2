"""What time it is, in a home that plays a world and in one that does not."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from payments_pipeline import clock
from payments_pipeline.errors import PaymentsError


def test_without_a_world_it_is_the_machines_time(tmp_path: Path) -> None:
    assert abs(clock.now(tmp_path) - datetime.now(UTC)) < timedelta(seconds=10)


def test_a_world_says_what_time_it_is(tmp_path: Path) -> None:
    clock.set_clock(tmp_path, datetime(2026, 7, 1, 20, 0, tzinfo=timezone(timedelta(hours=-4))))
    assert clock.now(tmp_path) == datetime(2026, 7, 2, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize("noted", ["", "yesterday", "2026-07-01T20:00:00"])
def test_a_clock_that_shows_no_instant_is_refused_with_its_place(tmp_path: Path, noted: str) -> None:
    clock.clock_file(tmp_path).write_text(noted)
    with pytest.raises(PaymentsError, match="does not hold an instant"):
        clock.now(tmp_path)
