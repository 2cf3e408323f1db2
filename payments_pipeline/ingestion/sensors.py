"""What looks at the bank every half minute."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import dagster as dg

from payments_pipeline import clock
from payments_pipeline.bank import Bank
from payments_pipeline.column.client import ColumnClient
from payments_pipeline.daily import remedies_shown
from payments_pipeline.ingestion.follow import follow_the_bank
from payments_pipeline.operations.requests import due_days
from payments_pipeline.partitions import business_days
from payments_pipeline.resources import Platform
from payments_pipeline.rules.calendar import business_date

MAX_PAGES: Final = 2_000
MAX_SECONDS: Final = 20.0
"""A tick may take a minute, of which it should leave some for what it read; what it leaves is there for the next one."""

_DAYS_TOLD: Final = 10
_NOT_CONNECTED: Final = (
    "No bank is connected: set PAYMENTS_COLUMN_URL and PAYMENTS_COLUMN_API_KEY. Webhooks are taken up all the same."
)


@dg.sensor(
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Takes up what the bank tells, by webhook and by asking, and asks for exactly those days again that it touches: "
        "the sensor late_arrivals runs them. Where bank and books disagree it asks the bank again. While the bank is down "
        "it fails, and says since when."
    ),
)
@remedies_shown()
def bank_events(context: dg.SensorEvaluationContext, platform: dg.ResourceParam[Platform]) -> dg.SkipReason:
    """Takes up all that is new, and tells which days now wait to be run.

    It starts no run: two sensors that did would start two for one day, since neither sees what the other is about to.
    """
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
        waiting = due_days(connection, business_days.start.date(), business_date(now))
    days = ", ".join(str(due.day) for due in waiting[:_DAYS_TOLD])
    told = f"{followed if platform.bank else _NOT_CONNECTED}{f' Days that wait: {days}.' if days else ''}"
    context.log.info(told)
    return dg.SkipReason(told)


@contextmanager
def _client_of(bank: Bank | None) -> Iterator[ColumnClient | None]:
    """The bank, asked no longer than a tick may take."""
    if bank is None:
        yield None
        return
    with ColumnClient(bank.url, bank.api_key, attempts=4, patience_seconds=MAX_SECONDS) as client:
        yield client
