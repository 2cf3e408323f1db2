"""Which bank a home is connected to."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from payments_pipeline import clock
from payments_pipeline.bank import BankError, bank_of
from payments_pipeline.settings import load_settings

REAL = {"PAYMENTS_COLUMN_URL": "https://bank.example", "PAYMENTS_COLUMN_API_KEY": "live_0123456789"}


def test_without_a_bank_and_without_a_world_there_is_none(tmp_path: Path) -> None:
    assert bank_of(load_settings({"PAYMENTS_HOME": str(tmp_path)})) is None


def test_a_home_that_plays_a_world_is_connected_to_the_local_bank(tmp_path: Path) -> None:
    clock.set_clock(tmp_path, datetime(2026, 7, 1, tzinfo=UTC))
    bank = bank_of(load_settings({"PAYMENTS_HOME": str(tmp_path), "PAYMENTS_BANK_PORT": "4711"}))
    assert bank is not None
    assert (bank.url, bank.plays_world_of) == ("http://127.0.0.1:4711", tmp_path)


def test_a_real_bank_is_never_dated_by_the_clock_of_a_world(tmp_path: Path) -> None:
    settings = load_settings({"PAYMENTS_HOME": str(tmp_path), **REAL})
    bank = bank_of(settings)
    assert bank is not None
    assert bank.plays_world_of is None
    assert "live_" not in repr(bank)
    clock.set_clock(tmp_path, datetime(2026, 7, 1, tzinfo=UTC))
    with pytest.raises(BankError, match="plays a demo world"):
        bank_of(settings)
