"""Whole worlds that come as files: in whatever order they are taken up, and whenever the days are run between, the books
end the same. Some of what is told twice is told with two instants, so that the second may be the earlier one.
"""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from uuid import UUID

import psycopg

from payments_pipeline.ingestion.border import load_arrivals
from payments_pipeline.ingestion.ingest import ingest_batch
from payments_pipeline.ledger.posting import board
from payments_pipeline.reference_data import follow_the_book
from payments_pipeline.world.generation import generate
from payments_pipeline.world.load import load_portfolio
from payments_pipeline.world.parameters import World
from tests.simulation.house import FIRST, House, days

ROUNDS = 4
SEED = 1


def test_files_taken_up_in_any_order_end_in_the_same_state(
    tmp_path: Path, build_house: Callable[[Path, int], House]
) -> None:
    generate(World(loans=400, seed=SEED, first_day=FIRST, days=len(days()), noise=5.0), tmp_path / "world")
    states, earlier = set(), set()
    for is_mixed in (False, True):
        house = build_house(tmp_path / "world", SEED)
        with house.database.connect() as connection:
            batches = stage(connection, house)
            if is_mixed:
                house.chance.shuffle(batches)
                for number in range(ROUNDS):
                    take_up(connection, batches[number::ROUNDS])
                    house.post(connection, house.chance.sample(days(), 3))
                    house.post(connection, house.waiting(connection))
            else:
                take_up(connection, batches)
            house.post(connection, days())
            house.post(connection, house.waiting(connection))
            assert not house.waiting(connection)
        states.add(house.state())
        earlier.add(house.count("ingestion.earlier_words"))
    assert len(earlier) == 2  # which of two words was the earlier one has been seen both ways
    assert len(states) == 1


def stage(connection: psycopg.Connection[tuple[object, ...]], house: House) -> list[UUID]:
    """All files of the world, in the order in which they arrived."""
    load_portfolio(connection, house.world)
    follow_the_book(connection)
    board(connection)
    connection.commit()
    return [one.batch_id for one in load_arrivals(connection, house.world, date.max) if one.batch_id]


def take_up(connection: psycopg.Connection[tuple[object, ...]], batches: list[UUID]) -> None:
    """One after the other."""
    connection.commit()
    for batch in batches:
        ingest_batch(connection, batch)
