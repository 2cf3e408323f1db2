"""What looks at the bank every half minute."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import dagster as dg

from payments_pipeline import clock
from payments_pipeline.bank import Bank
from payments_pipeline.column.client import ColumnClient
from payments_pipeline.ingestion.follow import follow_the_bank
from payments_pipeline.operations.sensors import runs_of_waiting_days
from payments_pipeline.partitions import business_days
from payments_pipeline.resources import Platform

MAX_PAGES: Final = 2_000
MAX_SECONDS: Final = 20.0
"""A tick may take a minute, of which it should leave some for what it read; what it leaves is there for the next one."""

_NOT_CONNECTED: Final = (
    "No bank is connected: set PAYMENTS_COLUMN_URL and PAYMENTS_COLUMN_API_KEY. Webhooks are taken up all the same."
)


@dg.sensor(
    job_name="close_the_day",
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Takes up what the bank tells, by webhook and by asking, and runs exactly those days again that it touches. Where "
        "bank and books disagree it asks the bank again. While the bank is down it fails, and says since when."
    ),
)
def bank_events(
    context: dg.SensorEvaluationContext, platform: dg.ResourceParam[Platform]
) -> dg.SensorResult | dg.SkipReason:
    """Takes up all that is new, and starts runs for the days that wait."""
    now = clock.now(platform.home)
    with platform.connect("bank_events") as connection:
        with _client_of(platform.bank) as client:
            followed = follow_the_bank(
                connection,
                client,
                received_at=now,
                since=business_days.start.date(),
                max_pages=MAX_PAGES,
                max_seconds=MAX_SECONDS,
            )
        context.log.info(str(followed))
        result = runs_of_waiting_days(connection, context.instance, now)
    if isinstance(result, dg.SkipReason):
        return dg.SkipReason(f"{followed if platform.bank else _NOT_CONNECTED} {result.skip_message}")
    return result


@contextmanager
def _client_of(bank: Bank | None) -> Iterator[ColumnClient | None]:
    """The bank, asked no longer than a tick may take."""
    if bank is None:
        yield None
        return
    with ColumnClient(bank.url, bank.api_key, attempts=4, patience_seconds=MAX_SECONDS) as client:
        yield client
