"""Whole worlds, told straight and told badly: however the bank's events come, the books end the same.

A fifth of the events are doubled, shuffled, withheld for days or delivered by webhook as well as by asking, and one call
in five fails. SOAK_WORLDS says how many worlds are tried; a failure tells the seed with which its world is made again.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.simulation.house import Disturbance, House, make_world

WORLDS = int(os.environ.get("SOAK_WORLDS", "6"))
FAULTS = (
    "429=0.05,5xx=0.05,half=0.05,lost_answer=0.05,duplicate=0.2,reorder=0.2,withhold=0.2:2d,"
    "webhook_duplicate=0.2,webhook_shuffle=0.2,webhook_lost=0.2,seed={seed}"
)


@pytest.mark.parametrize("seed", range(1, WORLDS + 1))
def test_a_world_told_badly_ends_in_the_state_of_one_told_straight(
    seed: int, tmp_path: Path, build_house: Callable[[Path, int], House]
) -> None:
    world = make_world(tmp_path / "world", seed)
    straight, badly = build_house(world, seed), build_house(world, seed)
    straight.live(None)
    badly.live(Disturbance(FAULTS.format(seed=seed), by_webhook=seed % 2 == 0))
    assert badly.count("ingestion.bank_events") == straight.count("ingestion.bank_events") > 0
    assert badly.count("ledger.allocations") > 0
    assert badly.state() == straight.state()
