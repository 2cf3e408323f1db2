"""Worlds of which the truth is known: nothing is matched that is not so, and nearly everything that can be.

Two small worlds by default; SOAK_LABELLED says how many large ones are tried for each noise. A failure tells the seed and
the lines, and `payments bench labelled` prints what was found tier by tier.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from payments_pipeline.bench import labelled
from payments_pipeline.bench.labelled import FIRST_DAY, NOISES, RECALL, copy_of, furnished, judge, live, lived, together
from payments_pipeline.errors import PaymentsError
from payments_pipeline.operations.laws import check_all
from payments_pipeline.postgres.connect import Database
from payments_pipeline.postgres.server import Server
from payments_pipeline.world import World, generate, noise
from tests.conftest import ServerKind

SOAKED = int(os.environ.get("SOAK_LABELLED", "0"))
SEEDS = range(1, (SOAKED or 1) + 1)
LOANS, DAYS = (2_000, 14) if SOAKED else (400, 7)


@pytest.fixture(scope="module")
def template(start_server: Callable[[ServerKind], Server]) -> Iterator[Database]:
    with furnished(Database(start_server("embedded").url("postgres"), dagster_name="dagster")) as made:
        yield made


@pytest.mark.parametrize("troubles", NOISES)
def test_every_match_is_right_and_what_can_be_found_is_found(template: Database, troubles: float) -> None:
    judged = together([lived(template, World(LOANS, seed, FIRST_DAY, DAYS, troubles)) for seed in SEEDS])
    assert judged.false_matches.empty, judged.false_matches.to_string()
    assert judged.recall >= RECALL[troubles], judged.missed.to_string()
    assert judged.matched > 0.9
    assert judged.movements["method"].nunique() > 3


def test_a_day_without_noise_balances_and_a_false_match_is_seen_for_what_it_is(
    template: Database, tmp_path: Path
) -> None:
    generate(World(200, 1, FIRST_DAY, 5, noise=0.0), tmp_path / "world")
    with copy_of(template) as database:
        live(database, tmp_path / "world")
        honest = judge(database, tmp_path / "world")
        assert (honest.precision, honest.recall, honest.matched) == (1.0, 1.0, 1.0)
        with database.connect() as connection:
            assert connection.execute("select distinct cause from reconciliation.items").fetchall() == [("fee",)]
            assert connection.execute("select distinct status from reconciliation.days").fetchall() == [("balanced",)]
            connection.rollback()
            assert [result.checked.name for result in check_all(connection) if not result.holds] == []
            connection.execute(
                "with two as (select m.*, row_number() over (order by m.line_id) as nth "
                "from reconciliation.matches as m where m.group_no is null order by m.line_id limit 2) "
                "update reconciliation.matches as m set loan_id = other.loan_id, payment_id = other.payment_id "
                "from two, two as other where m.line_id = two.line_id and two.nth <> other.nth"
            )
            connection.commit()
        false = judge(database, tmp_path / "world")
    assert len(false.false_matches) == 2
    assert false.precision < 1
    assert false.recall < 1
    assert len(false.missed) == 2


def test_what_goes_back_by_a_transfer_of_its_own_is_found_by_that_ones_id(
    template: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    calm = 0.001
    for rail in ("realtime", "wire"):
        monkeypatch.setitem(noise.RETURNS, rail, noise.Rate(0.9 / calm, "payments", "sent back"))
    judged = lived(template, World(1_000, 1, FIRST_DAY, 7, calm))
    went_back = judged.movements[judged.movements["is_return"]]
    assert set(went_back["channel"]) == {"realtime", "wire"}
    assert set(went_back["method"]) == {"transfer_id"}
    assert went_back["is_right"].all()
    assert (judged.precision, judged.recall) == (1.0, 1.0)


def test_the_table_is_written_between_its_marks_and_tells_each_method_beside_its_false_matches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = tmp_path / "reconciliation.md"
    monkeypatch.setattr(labelled, "DOCUMENT", document)
    movements = pd.DataFrame(
        {
            "method": ["transfer_id", "amount_window", "amount_window", None],
            "is_right": [True, True, False, False],
            "is_matchable": [True, True, False, True],
        }
    )
    judged = labelled.Judged(movements, pd.DataFrame({"method": ["amount_window"]}))
    header, *rows = labelled._rows({3.0: judged}, {"transfer_id": (1, 100), "amount_window": (3, 80)})
    document.write_text("before\n")
    with pytest.raises(PaymentsError, match="has no place for the table"):
        labelled._publish(["about"], header, rows)
    document.write_text(f"before\n{labelled._BEGIN}\nold\n{labelled._END}\nafter\n")
    labelled._publish(["about"], header, rows)
    told = document.read_text().splitlines()
    assert told[:3] == ["before", labelled._BEGIN, "about"]
    assert told[-2:] == [labelled._END, "after"]
    assert "| 3 | amount_window | 80 | 1 (25.00%) | 1 |" in told
    assert "|  | open |  | 1 (25.00%) |  |" in told
    assert "|  | recall |  | 66.67% |  |" in told
    assert "|  | precision |  | 66.67% |  |" in told
    assert "old" not in told
