"""The registers in the graph: a partition a period, the edits as checks by their stage, a page that needs no help."""

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from payments_pipeline.postgres.connect import Database
from payments_pipeline.reporting import hmda_assets
from payments_pipeline.reporting.hmda_assets import (
    CHECKS,
    activity_quarters,
    activity_years,
    hmda_lar,
    hmda_lar_quarters,
)
from payments_pipeline.reporting.hmda_lar import KIND
from payments_pipeline.reporting.lifecycle import LifecycleError, approve, find_report
from payments_pipeline.resources import Platform
from payments_pipeline.world.load import load_portfolio
from tests.conftest import WorldOf
from tests.reporting.originated import PERSONAL_DATA, WORLD


@pytest.fixture
def platform(database: Database, tmp_path: Path, world_of: WorldOf) -> Platform:
    with database.connect() as connection:
        load_portfolio(connection, world_of(WORLD), personal_data=PERSONAL_DATA)
    return Platform(database, tmp_path / "home", tmp_path / "inbox")


def _materialized(
    asset: dg.AssetsDefinition, partition: str, platform: Platform, prepared_by: str = "Robin"
) -> tuple[dict[str, Any], set[str]]:
    made = dg.materialize(
        [asset],
        partition_key=partition,
        resources={"platform": platform},
        run_config={"ops": {asset.node_def.name: {"config": {"prepared_by": prepared_by}}}},
        raise_on_error=False,
    )
    (found,) = made.asset_materializations_for_node(asset.node_def.name)
    failed = {each.check_name for each in made.get_asset_check_evaluations() if not each.passed}
    assert len(made.get_asset_check_evaluations()) == len(CHECKS) + 1
    return {name: value.value for name, value in found.metadata.items()}, failed


def test_years_and_quarters_are_partitions() -> None:
    assert activity_years.get_partition_keys() == ["2024", "2025", "2026"]
    assert len(activity_quarters.get_partition_keys()) == 9


def test_a_year_is_made_judged_and_told_so_that_a_compliance_officer_needs_no_help(
    platform: Platform, database: Database
) -> None:
    told, failed = _materialized(hmda_lar, "2025", platform)
    assert failed <= {"quality_edits_are_confirmed", "origination_and_servicing_agree"}
    assert "quality_edits_are_confirmed" in failed
    page = told["register"]
    for words in ("Next:", "Loan originated", "Q629", "Due on 2026-03-02", "sha256"):
        assert words in page
    assert told["status"] == "drafted"
    folder = platform.home / "reports" / "hmda" / "2025"
    assert {path.suffix for path in folder.iterdir()} == {".html", ".csv"}

    with database.connect("compliance") as connection:
        connection.execute(
            "insert into compliance.hmda_confirmations (period, edit, evidence, reason, confirmed_by) "
            "select '2025', edit, evidence, 'companies report no income', 'Kim' from compliance.hmda_edits"
        )
        connection.execute("update servicing.applications set nmlsr_id = '100003' where nmlsr_id is null")
    told, failed = _materialized(hmda_lar, "2025", platform)
    assert "quality_edits_are_confirmed" not in failed
    assert told["status"] == "validated"
    assert (folder / "hmda-2025-v1.lar.txt").is_file()
    assert "payments report approve hmda" in told["next_step"]

    with database.connect("compliance") as connection:
        report = find_report(connection, KIND, "2025")
        with pytest.raises(LifecycleError, match="Robin"):
            approve(connection, report, "Robin")
        approve(connection, report, "Kim")


def test_a_register_that_blocks_filing_fails_its_check_and_writes_no_file(
    platform: Platform, database: Database
) -> None:
    with database.connect("compliance") as connection:
        connection.execute(
            "update servicing.applications set nmlsr_id = '0' where action_taken_on between '2026-01-01' and '2026-03-31'"
        )
    told, failed = _materialized(hmda_lar_quarters, "2026-Q1", platform)
    assert "no_validity_edit" in failed
    assert "blocks filing" in told["register"]
    assert not list((platform.home / "reports" / "hmda" / "2026-Q1").glob("*.lar.txt"))


def test_an_error_is_told_without_what_the_register_says_of_a_person(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spill(*_: object, **__: object) -> None:
        raise ValueError("Jane Doe, 900123456")

    monkeypatch.setattr(hmda_assets, "draft", spill)
    with dg.DagsterInstance.ephemeral() as instance:
        made = dg.materialize(
            [hmda_lar],
            partition_key="2025",
            resources={"platform": platform},
            instance=instance,
            raise_on_error=False,
        )
        records = instance.get_records_for_run(made.run_id).records
    told = "\n".join(str(record.event_log_entry) for record in records)
    assert not made.success
    assert "the report stopped at a ValueError" in told
    assert "payments report hmda runs the same by hand" in told
    assert "Jane Doe" not in told
