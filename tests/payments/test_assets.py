"""The wing in the graph: its tables are filled together, and its check says how the rates stand."""

from pathlib import Path

import dagster as dg
import pytest

from payments_pipeline.payments.assets import ASSETS
from payments_pipeline.payments.checks import ASSET_CHECKS, judge
from payments_pipeline.postgres.connect import Database
from payments_pipeline.resources import Platform
from tests.payments.debits import Collections, day

ERROR, WARN = dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN


def rate(monitor: str, status: str) -> dict[str, object]:
    return {
        "monitor": monitor,
        "debits": 1_000,
        "returns": 1,
        "percent": "0.1",
        "limit_percent": "0.5",
        "status": status,
    }


@pytest.mark.parametrize(
    ("statuses", "passed", "severity"),
    [
        (["within", "within"], True, WARN),
        (["few", "few"], True, WARN),
        (["near", "within"], False, WARN),
        (["near", "over"], False, ERROR),
        ([], True, WARN),
    ],
)
def test_a_rate_near_its_limit_warns_and_one_above_it_fails(
    statuses: list[str], passed: bool, severity: dg.AssetCheckSeverity
) -> None:
    found = judge([rate(f"monitor {number}", status) for number, status in enumerate(statuses)])
    assert (found.passed, found.severity) == (passed, severity)
    assert passed or "monitor 0" in str(found.description)


def test_a_day_of_the_graph_fills_the_tables_and_shows_the_rates(database: Database, tmp_path: Path) -> None:
    with database.connect() as connection:
        collections = Collections(connection)
        debit = collections.returned(collections.debit(), day(2))
        connection.commit()
        result = dg.materialize(
            [*ASSETS, *ASSET_CHECKS],
            partition_key=day(2).isoformat(),
            resources={"platform": Platform(database, tmp_path, tmp_path / "inbox")},
        )
        planned = collections.planned()
    assert result.success
    assert [row[0] for row in planned] == [debit.payment_id]
    shown = {key: events[-1].materialization.metadata for key, events in _materialized(result).items()}
    assert shown["payments/representments"]["dagster/row_count"].value == 1
    assert shown["operations/return_rates"]["dagster/row_count"].value == 3
    [check] = result.get_asset_check_evaluations()
    assert check.passed  # one debit is too few to judge


def _materialized(result: dg.ExecuteInProcessResult) -> dict[str, list[dg.DagsterEvent]]:
    found: dict[str, list[dg.DagsterEvent]] = {}
    for event in result.get_asset_materialization_events():
        assert event.asset_key is not None
        found.setdefault(event.asset_key.to_user_string(), []).append(event)
    return found
