"""Following the bank: all that it has told us since we last looked, by whatever way, taken up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg

from payments_pipeline.column.client import ColumnClient
from payments_pipeline.column.connection import ColumnError
from payments_pipeline.column.events import EventError
from payments_pipeline.errors import PaymentsError
from payments_pipeline.ingestion.column_events import read_again
from payments_pipeline.ingestion.ingest import BatchReport, ingest_pending
from payments_pipeline.ingestion.poll import (
    SOURCE,
    SWEEPS,
    Polled,
    PollError,
    Sweep,
    ask_again,
    note_failure,
    poll_events,
)
from payments_pipeline.ingestion.webhook_queue import TakenUp, take_up_webhooks
from payments_pipeline.words import counted


class BankUnreachableError(PaymentsError):
    """The bank could not be read. Nothing is lost: it keeps its events until we come back."""


@dataclass(frozen=True)
class Followed:
    """What came in."""

    webhooks: TakenUp
    polled: Polled
    asked: Polled
    read_again: int
    """Events of types that were not known when they came, and are known now."""
    batches: list[BatchReport]

    def __str__(self) -> str:
        accepted, errors = (sum(getattr(batch, name) for batch in self.batches) for name in ("accepted", "errors"))
        known_now = f", {self.read_again} whose type is known now" if self.read_again else ""
        return (
            f"{counted(self.webhooks.messages, 'webhook')}; {counted(self.polled.pages, 'page')} with "
            f"{counted(self.polled.new, 'new event')}; "
            f"{self.asked.new} more by asking again{known_now}. {counted(accepted, 'row')} taken up, {errors} rejected."
        )


def follow_the_bank(
    connection: psycopg.Connection[Any],
    client: ColumnClient | None,
    *,
    received_at: datetime,
    since: date,
    max_pages: int | None = None,
    max_seconds: float | None = None,
    sweeps: Sequence[Sweep] = SWEEPS,
) -> Followed:
    """Stages and takes up what waits in the queue of webhooks, what the bank lists, and what it is asked for again.

    So are events that came before we knew what their types mean, once we do.

    If the bank cannot be read, the rest is done all the same; then that is raised, with how long it has been so.
    """
    known_now = read_again(connection, source=SOURCE, received_at=received_at)
    webhooks = take_up_webhooks(connection)
    polled, asked, unreachable = Polled(), Polled(), None
    if client is not None:
        try:
            polled = poll_events(
                connection,
                client,
                received_at=received_at,
                since=since,
                max_pages=max_pages,
                max_seconds=max_seconds,
                sweeps=sweeps,
            )
            asked = ask_again(connection, client, received_at=received_at, max_pages=max_pages, max_seconds=max_seconds)
        except (ColumnError, EventError, PollError) as error:
            unreachable = _unreachable(error, *note_failure(connection, error, received_at=received_at))
    batches = ingest_pending(connection)
    if unreachable is not None:
        raise unreachable
    return Followed(webhooks, polled, asked, known_now, batches)


def _unreachable(error: PaymentsError, times: int, since: datetime) -> BankUnreachableError:
    failed = "once" if times == 1 else f"{times} times in a row"
    return BankUnreachableError(
        f"the bank could not be read since {since:%Y-%m-%d %H:%M} UTC, {failed}; the last time: {error.message}",
        f"{error.remedy} It is tried again every half minute, and what was missed is then read.",
    )
