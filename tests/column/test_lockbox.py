"""The statement of the lockbox's account, as the local bank drops it."""

import io
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from payments_pipeline.column.local import lockbox
from payments_pipeline.formats import bai2
from payments_pipeline.formats.statements import Fault, Line, Statement
from payments_pipeline.settlement.classification import classifier
from payments_pipeline.world import World
from tests.conftest import WorldOf


@pytest.fixture(scope="module")
def world_dir(world_of: WorldOf) -> Path:
    return world_of(World(loans=3_000, seed=2, days=12, noise=5.0))


def test_the_statements_of_a_world_read_without_fault_and_each_begins_where_the_last_one_ended(world_dir: Path) -> None:
    balance = 0
    for path in sorted((world_dir / "bank").glob("*.csv")):
        items = list(bai2.read(io.BytesIO(lockbox.statement(path))))
        assert not [item for item in items if isinstance(item, Fault)]
        (statement,) = [item for item in items if isinstance(item, Statement)]
        assert statement.is_proven
        assert statement.is_final
        assert (statement.account, str(statement.as_of)) == ("lockbox", path.stem)
        assert statement.balance("opening") == balance
        balance += statement.lines_cents
        assert statement.balance("closing") == balance
    assert balance > 0


def test_rail_and_kind_are_those_of_the_world_by_the_rules_of_the_house(world_dir: Path) -> None:
    classify, kinds = classifier("bai2"), Counter[str]()
    for path in sorted((world_dir / "bank").glob("*.csv")):
        items = bai2.read(io.BytesIO(lockbox.statement(path)))
        said = [item for item in items if isinstance(item, Line)]
        shown = pd.read_csv(path, keep_default_na=False).query("account == 'lockbox'")
        told = [(classify(one).channel, classify(one).kind, one.amount_cents, one.customer_reference) for one in said]
        columns = ["channel", "kind", "amount_cents", "reference"]
        assert told == list(shown[columns].itertuples(index=False, name=None))
        kinds.update(shown["kind"])
    assert set(kinds) == {"credit", "return", "fee"}
