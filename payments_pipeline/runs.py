"""Running the graph's jobs in this process, for commands: the very jobs that the UI runs, on the same instance.

Imports Dagster, which takes a second or two: commands import this module when they have something to run.
"""

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from datetime import date
from pathlib import Path
from typing import Any, Final

import dagster as dg

from payments_pipeline.bank import Bank, inbox_of, statements_of
from payments_pipeline.errors import PaymentsError
from payments_pipeline.graph import build_defs
from payments_pipeline.instance import prepare_instance
from payments_pipeline.partitions import tax_years
from payments_pipeline.postgres.connect import Database
from payments_pipeline.resources import Platform
from payments_pipeline.settings import Settings
from payments_pipeline.supervise import interruptible

_STARTED_BY: Final = "payments/started_by"
_RANGE_START: Final = "dagster/asset_partition_range_start"
_RANGE_END: Final = "dagster/asset_partition_range_end"
_QUIET: Final = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class RunError(PaymentsError):
    """A run of the graph that did not succeed."""


class Runner:
    """Runs jobs in this process on the instance that the UI shows."""

    def __init__(self, instance: dg.DagsterInstance, platform: Platform, started_by: str, output: Path) -> None:
        self._instance = instance
        self._defs = build_defs({"platform": platform})
        self._tags = {_STARTED_BY: started_by}
        self._output = output

    def steps(self, job_name: str) -> int:
        """How many steps the job has."""
        return len(self._defs.resolve_job_def(job_name).graph.node_dict)

    @property
    def tax_years(self) -> list[str]:
        """The tax years that can be reported."""
        return list(tax_years.get_partition_keys())

    def run_days(self, first: date, last: date) -> None:
        """Close these days, all in one run."""
        span = {_RANGE_START: first.isoformat(), _RANGE_END: last.isoformat()}
        self.run("close_the_day", span, f"the days from {first} to {last}")

    def run(self, job_name: str, tags: Mapping[str, str], what: str) -> None:
        """Run a job to its end, or say at which step it stopped and what to do."""
        self._output.parent.mkdir(parents=True, exist_ok=True)
        with (
            self._output.open("a", encoding="utf-8") as output,
            redirect_stdout(output),  # dbt tells its progress there
            # Dagster leaves SIGTERM what SIGINT is, and that is ignored where we were started in the background
            interruptible(),
        ):
            result = self._defs.resolve_job_def(job_name).execute_in_process(
                instance=self._instance,
                tags={**self._tags, **tags},
                run_config=_QUIET,
                raise_on_error=False,
            )
        if not result.success:
            raise _failed(result, what)

    def close_abandoned_runs(self) -> None:
        """Mark what an earlier, killed process of this command left as running: nobody else will."""
        unfinished = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.NOT_STARTED]
        for run in self._instance.get_runs(dg.RunsFilter(tags=self._tags, statuses=unfinished)):
            self._instance.report_run_canceled(run, message="The process that ran it is gone.")


@contextmanager
def runner(
    settings: Settings, database: Database, bank: Bank | None, started_by: str, on_day: Callable[[str, date], None]
) -> Iterator[Runner]:
    """A runner on the instance in PAYMENTS_HOME."""
    for handler in logging.getLogger().handlers:  # what others have to say of a run stands in the run itself
        handler.addFilter(_is_ours)
    os.environ.update(prepare_instance(settings, database))
    with dg.DagsterInstance.get() as instance:
        yield Runner(
            instance,
            Platform(database, settings.home, inbox_of(settings), bank, on_day, statements_of(settings)),
            started_by,
            settings.home / "logs" / f"{started_by}.log",
        )


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name.startswith("payments_pipeline")


def _failed(result: dg.ExecuteInProcessResult, what: str) -> RunError:
    failures: list[Any] = [event for event in result.all_events if event.is_step_failure]
    if not failures:
        return RunError(f"the run of {what} failed", "look at it in the UI: payments up.")
    step, told = failures[0].step_key, failures[0].step_failure_data
    reason = told.error.message.removeprefix("dagster._core.definitions.events.Failure: ").strip()
    message, _, remedy = reason.partition("\n\nWhat to do: ")
    return RunError(f"the run of {what} stopped at {step}: {message}", remedy or "look at it in the UI: payments up.")
