"""What runs days again when something about them has come late."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import dagster as dg

from payments_pipeline import clock
from payments_pipeline.daily import remedies_shown
from payments_pipeline.operations.requests import DueDay, due_days
from payments_pipeline.partitions import business_days
from payments_pipeline.resources import Platform
from payments_pipeline.rules.calendar import business_date

AT_ONCE: Final = 5
PAUSES: Final = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))
"""After each attempt that failed: where a bank was down at midnight, the day is closed in the morning all the same."""
ATTEMPTS: Final = 1 + len(PAUSES)
REQUEST_TAG: Final = "payments/day_request"

_OVER: Final = (dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED, dg.DagsterRunStatus.SUCCESS)
_NOT_OVER: Final = [status for status in dg.DagsterRunStatus if status not in _OVER]

# The tags by which Dagster says of which partitions a run is.
_PARTITION: Final = "dagster/partition"
_RANGE_START: Final = "dagster/asset_partition_range_start"
_RANGE_END: Final = "dagster/asset_partition_range_end"


@dg.sensor(
    job_name="close_the_day",
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Runs exactly those days again for which a payment, a return, a line of the bank or the status of a loan has come "
        "late, whose run broke off, or that no evening ran. The table operations.day_requests says which they are, and "
        "keeps saying so until they have run."
    ),
)
@remedies_shown()
def late_arrivals(
    context: dg.SensorEvaluationContext, platform: dg.ResourceParam[Platform]
) -> dg.SensorResult | dg.SkipReason:
    """A run for each day that waits, a few at a time; the other days are still waiting when those are done.

    Today's is left to the evening's schedule, which after a standstill would have to wait behind hundreds of them in the
    queue. No other sensor starts runs of days.
    """
    with platform.connect("late_arrivals") as connection:
        waiting = due_days(connection, business_days.start.date(), business_date(clock.now(platform.home)))
    unfinished = [run.tags for run in context.instance.get_runs(dg.RunsFilter(statuses=_NOT_OVER))]
    under_way = _days_of(unfinished)
    requests = [
        request
        for due in waiting
        if not any(first <= due.day.isoformat() <= last for first, last in under_way)
        and (request := _request(context.instance, due))
    ]
    free = max(0, AT_ONCE - sum(REQUEST_TAG in tags for tags in unfinished))
    if not requests[:free]:
        return dg.SkipReason(_why_not(waiting))
    return dg.SensorResult(run_requests=requests[:free])


def _days_of(runs: Sequence[Mapping[str, str]]) -> list[tuple[str, str]]:
    """The days of runs, whoever started them, each as the first and the last of a range.

    What the first step of a backfill takes in asks for all of its days: they would be run twice, and out of their order.
    """
    ranges = [(tags[_RANGE_START], tags[_RANGE_END]) for tags in runs if _RANGE_START in tags]
    return ranges + [(tags[_PARTITION], tags[_PARTITION]) for tags in runs if _PARTITION in tags]


def _request(instance: dg.DagsterInstance, due: DueDay) -> dg.RunRequest | None:
    """A run for the day; none when several have failed since it was last asked for, or one has only just now.

    Dagster remembers a run key for ever, those of failed runs included: each attempt has a key of its own.
    """
    tried = [run.create_timestamp for run in instance.get_run_records(dg.RunsFilter(tags={REQUEST_TAG: due.key}))]
    if len(tried) >= ATTEMPTS or (tried and datetime.now(UTC) - max(tried) < PAUSES[len(tried) - 1]):
        return None
    return dg.RunRequest(
        run_key=f"{due.key}:{len(tried)}",
        partition_key=due.day.isoformat(),
        tags={REQUEST_TAG: due.key, "payments/because": " and ".join(due.reasons)},
    )


def _why_not(waiting: Sequence[DueDay]) -> str:
    if not waiting:
        return "No day waits to be run again."
    days = ", ".join(str(due.day) for due in waiting[:10])
    return (
        f"These days wait, and are running, are tried again later, or have been run for it in vain: {days}. "
        "Look at their runs and cases."
    )
