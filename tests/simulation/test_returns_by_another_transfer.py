"""Instant payments and wires that go back, each by a transfer of its own: however their events come, each line of the bank's
report is found by the id that its return tells, and nothing of these rails is left open.
"""

import io
import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from payments_pipeline.column.local.running import running
from payments_pipeline.ingestion.follow import follow_the_bank
from payments_pipeline.ledger.posting import board
from payments_pipeline.operations.digest import digests
from payments_pipeline.operations.laws import check_all
from payments_pipeline.reconciliation.days import reconcile_day
from payments_pipeline.reference_data import follow_the_book
from payments_pipeline.settlement.batches import settle_day
from payments_pipeline.settlement.statements import load_column_report
from payments_pipeline.world import noise
from payments_pipeline.world.generation import generate
from payments_pipeline.world.load import load_portfolio
from payments_pipeline.world.parameters import World
from tests.simulation.house import EVENING, SWEEPS, House

FIRST = date(2026, 7, 2)
"""Before a weekend: a return may be of any day, and shows at once."""
DAYS = [FIRST + timedelta(days=number) for number in range(7)]
CLOSING = [DAYS[-1] + timedelta(days=number) for number in (1, 2, 3, 4)]
"""Days on which nothing happens, but what was withheld is told."""
CALM = 0.001
MOST = noise.Rate(0.9 / CALM, "payments", "sent back in a world in which next to nothing else goes wrong")
FAULTS = "duplicate=0.3,reorder=0.5,withhold=0.4:3d,seed=3"

Lived = dict[str, Any]


def live(house: House, faults: str) -> Lived:
    """All days, one after the other, and then each of them once more in whatever order, and once more."""
    every = DAYS + CLOSING
    with (
        house.database.connect() as connection,
        running(house.world, faults=faults) as bank,
        bank.client(sleep=lambda seconds: None) as client,
    ):
        load_portfolio(connection, house.world)
        follow_the_book(connection)
        board(connection)
        connection.commit()
        for day in every:
            evening = datetime.combine(day, EVENING)
            bank.move_clock(evening)
            follow_the_bank(connection, client, received_at=evening.astimezone(UTC), since=FIRST, sweeps=SWEEPS)
            house.post(connection, [day])
            house.post(connection, house.waiting(connection))
            with client.report("bank_account_transaction", day, day) as report:
                load_column_report(connection, day, io.BytesIO(report.read()), f"report of {day}", received_at=evening)
            _reconcile(connection, day)
        for day in random.Random(7).sample(every, len(every)):
            _reconcile(connection, day)
        left = _left_behind(connection)
        for day in every:
            house.post(connection, [day])
            _reconcile(connection, day)
        assert _left_behind(connection) == left
        connection.rollback()
        broken = [result.checked.name for result in check_all(connection) if not result.holds]
        assert broken == []
        return left


def _reconcile(connection: psycopg.Connection[Any], day: date) -> None:
    settle_day(connection, day)
    reconcile_day(connection, day)
    connection.commit()


def _left_behind(connection: psycopg.Connection[Any]) -> Lived:
    def rows(statement: str) -> list[tuple[Any, ...]]:
        return connection.execute(statement.encode()).fetchall()

    state = digests(connection)["state"].hex
    connection.rollback()
    return {
        "state": state,
        "matches": rows(
            "select p.channel, m.kind, p.transfer_id, b.transaction_id, m.method, m.bank_cents, m.our_cents, b.kind, b.bank_day"
            " from reconciliation.matches as m"
            " inner join payments.payments as p on m.loan_id = p.loan_id and m.payment_id = p.payment_id"
            " inner join settlement.bank_lines as b on m.bank_day = b.bank_day and m.line_id = b.line_id"
            " where p.channel in ('realtime', 'wire') order by b.transaction_id"
        ),
        "reversals": rows(
            "select p.transfer_id, r.transfer_id, r.happened_on from payments.reversals_in_force as r"
            " inner join payments.payments as p on r.loan_id = p.loan_id and r.payment_id = p.payment_id"
            " where p.channel in ('realtime', 'wire') order by p.transfer_id"
        ),
        "lines": rows(
            "select b.transaction_id from settlement.lines_in_force as b"
            " where b.channel in ('realtime', 'wire') order by b.transaction_id"
        ),
        "items": rows(
            "select i.bank_day, i.item_id, i.cause, i.status, i.variance_cents from reconciliation.items as i"
            " where i.channel in ('realtime', 'wire') order by 1, 2"
        ),
    }


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for rail in ("realtime", "wire"):
        monkeypatch.setitem(noise.RETURNS, rail, MOST)
    generate(World(loans=2_000, seed=11, first_day=FIRST, days=len(DAYS), noise=CALM), tmp_path / "world")
    return tmp_path / "world"


def test_a_return_by_another_transfer_finds_its_line_however_it_is_told(
    world: Path, build_house: Callable[[Path, int], House]
) -> None:
    straight = live(build_house(world, 1), "")
    returns = [row for row in straight["matches"] if row[1] == "return"]
    assert {row[0] for row in returns} == {"realtime", "wire"}
    assert len(returns) == len(straight["reversals"]) > 10
    assert {row[7] for row in returns} == {"other"}  # the report says that money went out, and no more
    assert [(came, went) for _, _, came, went, *_ in returns if came == went] == []
    assert {(came, went) for _, _, came, went, *_ in returns} == {
        (came, went) for came, went, _ in straight["reversals"]
    }
    assert {row[4] for row in straight["matches"]} == {"transfer_id"}
    assert {row[3] for row in straight["matches"]} == {named for (named,) in straight["lines"]}
    assert [row for row in straight["items"] if row[3] == "open"] == []

    house = build_house(world, 2)
    assert live(house, FAULTS) == straight
    # some returns were told before their payments
    assert house.count("operations.exception_cases where category = 'orphan_return' and state = 'resolved'") > 0
