"""The graph's own jobs, run over small worlds on a real database."""

import os
import signal
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import dagster as dg
import pytest

from payments_pipeline.operations import sensors
from payments_pipeline.operations.requests import due_days
from payments_pipeline.operations.sensors import AT_ONCE, ATTEMPTS, REQUEST_TAG, late_arrivals
from payments_pipeline.postgres.run import run as run_sql
from payments_pipeline.reporting.reconciliation_report import gather
from payments_pipeline.runs import Runner
from tests.graph.conftest import House
from tests.ingestion.files import content, put, row

BuildHouse = Callable[..., House]
TOMORROW = date(2030, 1, 1)

_NO_PAUSES = (timedelta(0),) * (ATTEMPTS - 1)

# A shell lets what it starts in the background ignore its Ctrl-C.
_OF_THE_BACKGROUND = {signal.SIGINT: signal.SIG_IGN, signal.SIGTERM: signal.SIG_DFL}


def _materialization(house: House, key: str, day: date) -> dict[str, object]:
    """The metadata of the latest materialization of this partition."""
    records = house.instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=dg.AssetKey(key.split("/")), asset_partitions=[day.isoformat()]), limit=1
    ).records
    materialization = records[0].asset_materialization
    assert materialization is not None
    return {name: value.value for name, value in materialization.metadata.items()}


def _due(house: House) -> dict[date, tuple[str, ...]]:
    with house.platform.database.connect() as connection:
        return {due.day: due.reasons for due in due_days(connection, date(2000, 1, 1), TOMORROW)}


def _tick(house: House) -> list[dg.RunRequest]:
    """What the sensor wants to be run."""
    context = dg.build_sensor_context(instance=house.instance, resources={"platform": house.platform})
    found = late_arrivals(context)
    return list(found.run_requests or []) if isinstance(found, dg.SensorResult) else []


def test_a_range_of_days_runs_whole_and_running_it_again_changes_nothing(build_house: BuildHouse) -> None:
    house = build_house()
    first, last = house.days[0], house.days[-1]

    result = house.run(first, last, without=())
    assert result.success, _failures(result)
    failed = [check.check_name for check in result.get_asset_check_evaluations() if not check.passed and check.blocking]
    assert failed == []
    before = house.digests()
    assert house.rows("select count(*) from reporting.collections_by_channel") > [(0,)]
    pages = house.platform.data_docs / f"{first} to {last}"
    assert "Something was delivered." in (pages / "summary.html").read_text()
    assert f"{first} to {last}/summary.html" in (house.platform.data_docs / "index.html").read_text()
    assert list(pages.glob("validations/payments/**/*.html"))
    told = _materialization(house, "ledger/entries", house.days[2])
    assert (
        told["dagster/row_count"]
        == house.rows("select count(*) from ledger.entries where effective_on = %s", house.days[2])[0][0]
    )
    assert int(str(told["added"])) > 0
    assert "| 1101 | assets:clearing:ach |" in str(told["what_matters"])
    for asset in ("reconciliation/days", "reconciliation/bridge"):
        assert "](data:image/svg+xml;base64," in str(_materialization(house, asset, house.days[2])["chart"])
    with house.platform.database.connect() as connection:
        report = gather(connection, last)
    assert report.does_bridge_reach
    assert report.is_mart_current

    assert house.run(first, last).success
    assert house.digests() == before
    assert _materialization(house, "ledger/entries", house.days[2])["added"] == 0


def test_days_one_by_one_and_in_one_run_give_the_same_state(build_house: BuildHouse) -> None:
    house = build_house(days=3)
    for day in house.days:
        assert house.run(day, day).success
    assert [day for step, day in house.seen if step == "posting"] == house.days
    state = house.digests()[1]
    assert house.run(house.days[0], house.days[-1]).success
    assert house.digests()[1] == state


def test_a_broken_law_is_named_with_its_counterexamples_and_stops_what_comes_after(build_house: BuildHouse) -> None:
    house = build_house(days=2)
    assert house.run(house.days[0], house.days[1]).success
    house.seen.clear()
    house.execute(
        "update ledger.entries set amount_cents = amount_cents + 1 where (effective_on, loan_id, subject_id, account) = "
        "(select effective_on, loan_id, subject_id, account from ledger.entries "
        "where effective_on = %s and kind = 'receipt' limit 1)",
        house.days[0],
    )

    result = house.run(house.days[0], house.days[1])

    assert not result.success
    broken = {check.check_name: check for check in result.get_asset_check_evaluations() if not check.passed}
    assert "every_transaction_sums_to_zero" in broken
    assert "receipt" in str(broken["every_transaction_sums_to_zero"].metadata["counterexamples"].value)
    assert {step for step, _ in house.seen}.isdisjoint({"reconciliation", "delinquency", "cases"})


def test_a_failed_step_says_what_to_do(build_house: BuildHouse) -> None:
    house = build_house(days=1)
    bank_file = house.platform.inbox / "bank" / f"{house.days[0]}.csv"
    bank_file.write_text("not,the,header\n")

    result = house.run(house.days[0], house.days[0])

    assert not result.success
    (failure,) = [
        event.step_failure_data
        for event in result.all_events
        if event.step_key == "bank_lines" and event.is_step_failure
    ]
    assert failure.user_failure_data is not None
    assert "expected the header" in str(failure.user_failure_data.description)
    assert "What to do: " in str(failure.user_failure_data.description)


def test_a_day_whose_run_breaks_off_after_posting_waits_until_it_is_finished(build_house: BuildHouse) -> None:
    house = build_house(days=2)
    day = house.days[0]
    assert house.run(day, day).success  # without the marts, the last of the day
    assert "unfinished" in _due(house)[day]

    assert house.run(day, day, without=["expectations"]).success
    assert "unfinished" not in _due(house).get(day, ())


def test_a_late_payment_asks_for_its_day_and_for_the_bank_day_that_it_settles_on(build_house: BuildHouse) -> None:
    house = build_house(loans=400, days=4, noise=0)
    first, last = house.days[0], house.days[-1]
    withheld = house.platform.inbox / "arrivals" / first.isoformat()
    aside = withheld.rename(withheld.with_name("withheld"))
    house.close(first, last)
    late = last + timedelta(days=1)
    aside.rename(withheld.with_name(late.isoformat()))
    assert not any("ingested" in reasons for reasons in _due(house).values())

    assert house.run(late, late).success

    due = _due(house)
    assert "ingested" in due[first]
    assert house.run(first, first).success
    due = _due(house)
    assert "ingested" not in due.get(first, ())
    lagging = {
        row[0] for row in house.rows("select distinct settles_on from payments.payments where effective_on = %s", first)
    }
    assert all("reposted" in due[day] for day in lagging - {first} if isinstance(day, date) and day <= last)


def test_money_of_a_day_before_the_books_is_a_case_for_no_run_will_post_it(build_house: BuildHouse) -> None:
    house = build_house(days=1)
    day = house.days[0]
    eve = day - timedelta(days=1)
    for file in (house.platform.inbox / "arrivals" / day.isoformat()).glob("[!_]*.csv"):
        file.unlink()
    told = content([row(value_date=f"{eve}", payment_date=f"{eve}T15:00:00Z")])
    noon = datetime.combine(day, time(16), UTC).timestamp()
    os.utime(put(house.platform.inbox, "straggler.csv", told, day=day), (noon, noon))
    for _ in range(2):
        assert house.run(day, day).success
    assert house.rows("select count(*) from payments.payments") == [(0,)]
    ((category, state, summary),) = house.rows(
        "select category, state, summary from operations.exception_cases where payment_id is not null"
    )
    assert (category, state) == ("before_the_books", "open")
    assert str(summary).startswith(f"$1,234.56 by ach came on {day} with value date {eve}, before {day}")


def test_a_hold_that_is_learned_late_has_its_day_run_again_and_holds_the_money(build_house: BuildHouse) -> None:
    house = build_house(loans=200, days=2, noise=0)
    first, last = house.days
    house.close(first, last)
    assert [request for request in _tick(house) if request.tags["payments/because"] != "variance"] == []
    ((loan, paid),) = house.rows(
        "select loan_id, sum(cash_cents)::bigint from ledger.allocations where kind = 'receipt' and effective_on = %s "
        "group by loan_id having sum(suspense_cents) = 0 order by loan_id limit 1",
        first,
    )

    house.execute("insert into servicing.loan_statuses values (%s, %s, 'legal_hold', 'told late')", loan, first)
    (request,) = [one for one in _tick(house) if "status" in one.tags["payments/because"]]
    assert request.partition_key == first.isoformat()
    house.close(first, first)  # the laws block a run that breaks them

    assert house.rows(
        "select sum(suspense_cents)::bigint from ledger.allocations where loan_id = %s and effective_on = %s",
        loan,
        first,
    ) == [(paid,)]
    assert "status" not in _due(house).get(first, ())


def test_the_sensor_asks_once_for_a_waiting_day_and_again_some_time_after_its_run_failed(
    build_house: BuildHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = build_house(days=1)
    day = house.days[0]
    house.execute(
        "insert into operations.day_requests (business_date, reason, subject, requested_at) values (%s, 'ingested', 'b', now())",
        day,
    )

    def starts(request: dg.RunRequest, status: dg.DagsterRunStatus) -> None:
        house.instance.create_run_for_job(_nothing, tags=_tags(request), status=status)

    (request,) = _tick(house)
    assert request.partition_key == day.isoformat()
    keys = {request.run_key}
    starts(request, dg.DagsterRunStatus.STARTED)
    assert _tick(house) == []  # its run is under way

    (running,) = house.instance.get_runs()
    house.instance.report_run_failed(running)
    assert _tick(house) == []  # what it failed of, such as a bank that is down, is there for a while
    monkeypatch.setattr(sensors, "PAUSES", _NO_PAUSES)
    for _ in range(ATTEMPTS - 1):
        (request,) = _tick(house)
        assert request.run_key not in keys
        keys.add(request.run_key)
        starts(request, dg.DagsterRunStatus.FAILURE)
    assert _tick(house) == []  # a person must look; the day still waits
    assert day in _due(house)

    house.execute("update operations.day_requests set requested_at = now() + interval '1 second'")
    (request,) = _tick(house)  # asked anew
    assert request.run_key not in keys


def test_a_day_whose_runs_keep_breaking_off_after_posting_is_left_to_a_person(
    build_house: BuildHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sensors, "PAUSES", _NO_PAUSES)
    house = build_house(days=1)
    day = house.days[0]
    house.execute(
        "insert into operations.day_requests (business_date, reason, subject, requested_at) values (%s, 'ingested', 'b', now())",
        day,
    )
    attempts = 0
    while attempts < 3 * ATTEMPTS and (requests := _tick(house)):
        attempts += 1
        started = house.instance.create_run_for_job(
            _nothing, tags=_tags(requests[0]), status=dg.DagsterRunStatus.STARTED
        )
        with house.platform.database.connect() as connection:  # as posting does, before a later step fails
            run_sql(connection, "operations/begin_day", day=day, run_id=started.run_id)
        house.instance.report_run_failed(started)
    assert attempts == 1 + ATTEMPTS  # for what arrived, and for what was broken off
    assert day in _due(house)


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTED])
def test_a_day_of_a_backfill_that_is_under_way_is_not_run_beside_it(
    build_house: BuildHouse, status: dg.DagsterRunStatus
) -> None:
    house = build_house(days=3)
    for day in house.days:  # as the first step of the backfill does
        house.execute(
            "insert into operations.day_requests (business_date, reason, subject) values (%s, 'ingested', 'b')", day
        )
    span = {
        "dagster/asset_partition_range_start": house.days[0].isoformat(),
        "dagster/asset_partition_range_end": house.days[1].isoformat(),
    }
    backfill = house.instance.create_run_for_job(_nothing, tags=span, status=status)
    assert [request.partition_key for request in _tick(house)] == [house.days[2].isoformat()]
    house.instance.report_run_failed(backfill)
    assert [request.partition_key for request in _tick(house)] == [day.isoformat() for day in house.days]


def test_after_a_standstill_a_few_days_are_run_at_once_and_the_others_wait_outside_of_the_queue(
    build_house: BuildHouse,
) -> None:
    house = build_house(days=1)
    asked = [house.days[0] + timedelta(days=n) for n in range(3 * AT_ONCE)]
    for day in asked:
        house.execute(
            "insert into operations.day_requests (business_date, reason, subject) values (%s, 'ingested', 'b')", day
        )
    requests = _tick(house)
    assert [request.partition_key for request in requests] == [day.isoformat() for day in asked[:AT_ONCE]]
    for request in requests:
        house.instance.create_run_for_job(_nothing, tags=_tags(request), status=dg.DagsterRunStatus.NOT_STARTED)
    assert _tick(house) == []
    house.instance.report_run_failed(house.instance.get_runs()[0])
    assert len(_tick(house)) == 1


def _tags(request: dg.RunRequest) -> dict[str, str]:
    """Those of the run that Dagster makes of a request."""
    return {"dagster/partition": str(request.partition_key), REQUEST_TAG: request.tags[REQUEST_TAG]}


def test_a_run_leaves_a_polite_kill_what_it_was_also_where_we_were_started_in_the_background(
    build_house: BuildHouse, tmp_path: Path
) -> None:
    house = build_house(days=1)
    runner = Runner(house.instance, house.platform, "test", tmp_path / "log")
    before = [signal.signal(number, kind) for number, kind in _OF_THE_BACKGROUND.items()]
    try:
        runner.run("audit_the_books", {}, "the audit")
        assert {number: signal.getsignal(number) for number in _OF_THE_BACKGROUND} == _OF_THE_BACKGROUND
    finally:
        for number, handler in zip(_OF_THE_BACKGROUND, before, strict=True):
            signal.signal(number, handler)


@dg.job(name="close_the_day")
def _nothing() -> None:
    pass


def _failures(result: dg.ExecuteInProcessResult) -> list[str]:
    errors = [(event.step_key, event.step_failure_data.error) for event in result.all_events if event.is_step_failure]
    return [f"{step}: {error.to_string() if error else 'no error'}" for step, error in errors]


def test_a_document_that_was_altered_after_its_delivery_is_named_and_opens_a_case(build_house: BuildHouse) -> None:
    house = build_house(days=1)
    day = house.days[0]

    def check() -> dg.AssetCheckEvaluation:
        evaluations = house.run(day, day).get_asset_check_evaluations()
        return next(found for found in evaluations if found.check_name == "every_document_is_as_it_was")

    assert check().passed
    altered = next((house.platform.inbox / "arrivals" / day.isoformat()).glob("[!_]*.csv"))
    altered.write_bytes(altered.read_bytes() + b"\n")
    found = check()
    assert not found.passed
    assert found.metadata["changed"].value == 1
    assert house.rows(
        "select count(*) from operations.exception_cases where category = 'artifact' and state = 'open'"
    ) > [(0,)]
