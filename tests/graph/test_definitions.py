"""What Dagster is told: the shape of the graph, its jobs and clocks, and that it loads anywhere."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from payments_pipeline.graph import build_defs, every_evening
from payments_pipeline.guards import Guard
from payments_pipeline.ingestion.checks import GUARDS as INGESTION
from payments_pipeline.ledger.checks import GUARDS as LEDGER
from payments_pipeline.operations.checks import AUDIT
from payments_pipeline.operations.laws import PROPERTIES
from payments_pipeline.partitions import business_days, tax_years
from payments_pipeline.paths import PROJECT_ROOT, SQL_DIR
from payments_pipeline.reconciliation.checks import GUARDS as RECONCILIATION
from payments_pipeline.rules.calendar import business_date

GRAPH_FILE = Path(__file__).with_name("graph.txt")
GUARDS: tuple[Guard, ...] = (*INGESTION, *LEDGER, *RECONCILIATION, *AUDIT)


@pytest.fixture(scope="module")
def defs() -> dg.Definitions:
    return build_defs()


def _drawn(defs: dg.Definitions) -> Iterator[str]:
    """The graph as text: a change of it is a change of the file, for a person to read."""
    graph = defs.resolve_asset_graph()
    for key in sorted(graph.get_all_asset_keys()):
        node = graph.get(key)
        parents = " ".join(sorted(parent.to_user_string() for parent in node.parent_keys))
        yield f"asset {key.to_user_string()}" + (f" <- {parents}" if parents else "")
        yield from (f"  check {check.name}" for check in sorted(node.check_keys, key=lambda check: check.name))
    repository = defs.get_repository_def()
    for name in sorted(job for job in repository.job_names if not job.startswith("__")):
        steps = sorted(repository.get_job(name).graph.node_dict)
        yield f"job {name}: {' '.join(steps)}"
    for schedule in sorted(repository.schedule_defs, key=lambda found: found.name):
        yield f"schedule {schedule.name}: {schedule.cron_schedule} {schedule.execution_timezone} -> {schedule.job_name}"
    for sensor in sorted(repository.sensor_defs, key=lambda found: found.name):
        yield f"sensor {sensor.name} -> {' '.join(target.job_name for target in sensor.targets)}"


def test_the_graph_is_the_one_that_was_agreed_on(defs: dg.Definitions) -> None:
    drawn = "\n".join(_drawn(defs)) + "\n"
    if os.environ.get("REDRAW_GRAPH"):
        GRAPH_FILE.write_text(drawn)
    assert drawn == GRAPH_FILE.read_text(), "if the change is meant, write it down: REDRAW_GRAPH=1 pytest tests/graph"


def test_the_definitions_are_valid(defs: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(defs)


def test_the_definitions_load_on_a_machine_without_a_database(tmp_path: Path) -> None:
    environ = os.environ | {
        "PAYMENTS_HOME": str(tmp_path / "a home"),
        "PAYMENTS_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
        "DAGSTER_HOME": "",
    }
    command = [sys.executable, "-c", "from payments_pipeline.definitions import defs; defs.resolve_asset_graph()"]
    loaded = subprocess.run(command, cwd=PROJECT_ROOT, env=environ, capture_output=True, text=True, timeout=120)
    assert loaded.returncode == 0, loaded.stderr


def test_every_law_is_a_check_and_every_check_of_a_law_is_a_law() -> None:
    assert sorted(guard.law for guard in GUARDS) == sorted(PROPERTIES)
    assert {guard.law for guard in AUDIT} == {name for name, found in PROPERTIES.items() if not found.is_daily}


def test_every_law_says_in_words_what_it_means() -> None:
    assert [guard.law for guard in GUARDS if not guard.meaning.startswith("Law ")] == []


def _daily(defs: dg.Definitions) -> set[dg.AssetKey]:
    """What a day fills: all but the reports to regulators, which are of years and quarters."""
    return set(defs.get_repository_def().get_job("close_the_day").asset_layer.executable_asset_keys)


def test_every_asset_that_is_filled_has_a_report_and_every_report_an_asset(defs: dg.Definitions) -> None:
    filled = {"/".join(key.path) for key in defs.resolve_asset_graph().materializable_asset_keys}
    reports = {f"{path.parts[-3]}/{path.stem}" for path in SQL_DIR.glob("*/reports/*.sql")}
    assert {"/".join(key.path) for key in _daily(defs)} <= reports <= filled


def test_every_asset_has_an_owner_a_group_a_description_kinds_and_columns(defs: dg.Definitions) -> None:
    for spec in defs.resolve_all_asset_specs():
        assert spec.owners, spec.key
        assert spec.group_name == spec.key.path[0]
        assert len(spec.description or "") > 40, spec.key
        assert 1 <= len(spec.kinds) <= 3, spec.key
        columns = spec.metadata["dagster/column_schema"].columns
        assert [bool(column.description) for column in columns] == [True] * len(columns) != [], spec.key


def test_every_asset_leads_on_to_one_that_exists(defs: dg.Definitions) -> None:
    known = defs.resolve_asset_graph().get_all_asset_keys()
    leads = {
        spec.key: spec.metadata["look_next"].asset_key
        for spec in defs.resolve_all_asset_specs()
        if "look_next" in spec.metadata
    }
    assert leads
    assert {key: lead for key, lead in leads.items() if lead not in known} == {}


def test_all_daily_assets_are_backfilled_in_one_run(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    others = graph.materializable_asset_keys - _daily(defs)
    assert {key.path[0] for key in others} <= {"compliance", "reporting"}
    assert business_days not in [graph.get(key).partitions_def for key in others]
    for key in _daily(defs):
        assert graph.get(key).partitions_def == business_days, key
        assert graph.get(key).backfill_policy == dg.BackfillPolicy.single_run(), key


def test_the_evening_closes_the_day_that_ends_in_new_york(defs: dg.Definitions) -> None:
    instant = datetime(2026, 7, 4, 3, 30, tzinfo=UTC)  # 23:30 on the third in New York
    context = dg.build_schedule_context(scheduled_execution_time=instant)
    request = every_evening(context)
    assert isinstance(request, dg.RunRequest)
    assert request.partition_key == "2026-07-03"


def test_a_day_is_new_york_s_also_when_clocks_change() -> None:
    assert business_date(datetime(2026, 11, 1, 4, 30, tzinfo=UTC)).isoformat() == "2026-11-01"
    assert business_date(datetime(2026, 11, 2, 4, 30, tzinfo=UTC)).isoformat() == "2026-11-01"
    window = business_days.time_window_for_partition_key("2026-11-01")
    assert window.end.timestamp() - window.start.timestamp() == 25 * 3600


def test_today_can_be_run() -> None:
    today = business_date(datetime.now(UTC)).isoformat()
    assert business_days.get_last_partition_key() == today


def test_the_tax_years_go_from_the_one_before_the_books_to_the_current_one_in_new_york() -> None:
    new_year_in_new_york = datetime(2029, 1, 1, 5, tzinfo=UTC)
    assert business_days.start.year == 2026
    years = tax_years.get_partition_keys(new_year_in_new_york)
    assert years == ["2025", "2026", "2027", "2028", "2029"]
    assert tax_years.get_partition_keys(new_year_in_new_york - timedelta(seconds=1)) == years[:-1]
    assert tax_years.get_last_partition_key() == str(business_date(datetime.now(UTC)).year)
