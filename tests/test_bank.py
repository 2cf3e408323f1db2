"""Which bank a home is connected to."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import cast

import pytest
from pydantic import SecretStr

from payments_pipeline import clock
from payments_pipeline.bank import Bank, BankError, bank_of
from payments_pipeline.column.local.control import LocalBankError
from payments_pipeline.edge import free_port, start_edge
from payments_pipeline.settings import Settings, load_settings
from payments_pipeline.supervise import Child, Supervisor
from payments_pipeline.world import World, generate

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


def test_a_local_bank_that_does_not_run_is_told_at_once_and_a_real_one_is_waited_for(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(LocalBankError, match=f"no local bank at {url}") as told:
        Bank(url, SecretStr("test_0123456789"), tmp_path).require_open()
    assert told.value.remedy == "Start one with `payments bank serve`."
    Bank(url, SecretStr("live_0123456789")).require_open()


class Watched(Supervisor):
    """Starts nothing, and notes which bank the home is connected to at each moment of a start."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings.home)
        self.settings = settings
        self.banks: list[Bank | None] = []

    def start(self, name: str, command: Sequence[str | Path], *, cwd: Path, environ: Mapping[str, str]) -> Child:
        self.banks.append(bank_of(self.settings))
        return cast("Child", None)

    def wait_until(self, answers: Callable[[], bool], child: Child, seconds: float) -> None:
        self.banks.append(bank_of(self.settings))


@pytest.mark.parametrize("stood_at", [None, datetime(2026, 6, 30, 2, tzinfo=UTC)])
def test_a_home_that_plays_a_world_does_so_at_every_moment_of_its_start(
    tmp_path: Path, stood_at: datetime | None
) -> None:
    settings = load_settings({"PAYMENTS_HOME": str(tmp_path / "home")})
    generate(World(loans=1, seed=1, first_day=date(2026, 6, 29), days=1), tmp_path / "world")
    settings.home.mkdir()
    if stood_at:  # a start before was killed on its first evening
        clock.set_clock(settings.home, stood_at)
    watched = Watched(settings)
    bank = start_edge(watched, settings, tmp_path / "world")
    assert bank is not None
    assert watched.banks == [bank] * 4
    assert clock.now(settings.home) == datetime(2026, 6, 29, 4, tzinfo=UTC)
