"""What every process of ours runs under, whoever starts it."""

import os
from typing import Final

PROCESS_ENVIRONMENT: Final = {
    # Without these two, a run over many partitions writes an event row for each on a connection of its own:
    # 266 s instead of 5 s for five assets over five years of days.
    "DAGSTER_EMIT_PARTITION_SUBSET_IN_PLANNED_EVENTS": "true",
    "DAGSTER_EVENT_BATCH_SIZE": "500",
    # Nothing here reports to anyone.
    "DAGSTER_DISABLE_TELEMETRY": "yes",
    "DO_NOT_TRACK": "1",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "GX_ANALYTICS_ENABLED": "false",
}


def apply_process_environment() -> None:
    """Set it where the user has not. It counts from the import of Dagster, dbt and Great Expectations on."""
    for name, value in PROCESS_ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # without bytecode each process imports for seconds longer
