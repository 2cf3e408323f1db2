"""Taking up what is staged: each word about a payment once, repeats beside their originals, and what became of it all.

Batches are taken up together, as many as make two million rows: a day's files then meet each other in one pass, and a
backlog of small files costs no more than a large one. Where that fails they are tried one by one, so that only the one
at fault is held up.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

import psycopg

from payments_pipeline.errors import PaymentsError
from payments_pipeline.postgres.days import add_rows, close_days, drop_rows
from payments_pipeline.postgres.locks import hold
from payments_pipeline.postgres.run import query, run
from payments_pipeline.words import counted

ROWS_AT_ONCE: Final = 2_000_000

_STEPS: Final = (
    "payment_ingestions",
    "repeats",
    "earlier_words",
    "duplicates",
    "reversal_days",
    "payment_artifacts",
    "day_requests",
    "staging_process_log",
)


class IngestError(PaymentsError):
    """Staged batches that could not be taken up; others were."""


@dataclass(frozen=True)
class BatchReport:
    """What became of the rows of a batch: received = accepted + duplicates + errors + noted."""

    batch_id: UUID
    source: str
    file: str
    booked_on: date
    received: int
    accepted: int
    duplicates: int
    errors: int
    noted: int


def ingest_pending(
    connection: psycopg.Connection[Any], progress: Callable[[int, int], None] | None = None
) -> list[BatchReport]:
    """Takes up every staged batch that was not taken up yet, in the order in which they came.

    A batch that fails is noted as failed and holds up no other; once all are through, the failures are raised.
    `progress` is told how many batches are done, and of how many. Transactions are this function's own: on a connection
    that is in none, each group of batches is committed once it is through.
    """
    with connection.transaction():
        pending = query(connection, "ingestion/pending_batches")
    close_filled_days(connection)  # finding the rows of a batch needs the keys of the staged days
    reports: list[BatchReport] = []
    failures: list[Exception] = []
    done = 0
    for group in _groups(pending):
        if progress:
            progress(done, len(pending))
        reports += _take_up_or_one_by_one(connection, group, failures)
        done += len(group)
    close_filled_days(connection)  # last, since a day fills sooner without its keys
    if failures:
        raise IngestError(
            f"{len(failures)} of {counted(len(pending), 'staged batch', 'staged batches')} could not be taken up; the first: {failures[0]}",
            "ingestion.staging_process_log names them; once the cause is mended, ingest again.",
        ) from failures[0]
    return reports


def ingest_batch(connection: psycopg.Connection[Any], batch_id: UUID) -> BatchReport:
    """Takes up one staged batch. One that was taken up before is reported as it was, and nothing changes."""
    failures: list[Exception] = []
    reports = _take_up_or_one_by_one(connection, [batch_id], failures)
    close_filled_days(connection)
    if failures:
        raise failures[0]
    return reports[0]


def close_filled_days(connection: psycopg.Connection[Any]) -> None:
    """Gives the days of staged rows, ingestions and events that were filled their keys.

    A day at a time: with two in one transaction, it and a reader of both could wait for each other.
    """
    with connection.transaction():
        filled = query(connection, "ingestion/filled_days")
    for one in filled:
        with connection.transaction():
            hold(connection, "ingestion.payment_ingestions")
            close_days(connection, [one["table_name"]], [one["day"]])


def _groups(pending: Sequence[dict[str, Any]]) -> Iterator[list[UUID]]:
    """Batches in their order, as many together as make `ROWS_AT_ONCE` rows."""
    group: list[UUID] = []
    rows = 0
    for batch in pending:
        if group and rows + batch["rows_received"] > ROWS_AT_ONCE:
            yield group
            group, rows = [], 0
        group.append(batch["batch_id"])
        rows += batch["rows_received"]
    if group:
        yield group


def _take_up_or_one_by_one(
    connection: psycopg.Connection[Any], batches: list[UUID], failures: list[Exception]
) -> list[BatchReport]:
    with connection.transaction():
        run(connection, "ingestion/process_started", batches=batches)
    try:
        with connection.transaction():
            return _take_up(connection, batches)
    except Exception as error:
        if connection.broken:
            raise
        if len(batches) > 1:
            return [report for batch in batches for report in _take_up_or_one_by_one(connection, [batch], failures)]
        with connection.transaction():
            run(connection, "ingestion/process_failed", batch_id=batches[0], details=_described(error))
        failures.append(error)
        return []


def _take_up(connection: psycopg.Connection[Any], batches: list[UUID]) -> list[BatchReport]:
    (waiting,) = query(connection, "ingestion/waiting_batches", batches=batches)
    if waiting["batches"]:
        # rows that come from another core cost little beside the work on them; the default supposes that they are dear
        connection.execute("set local parallel_tuple_cost = 0.005")
        for step in _STEPS:
            run(connection, f"ingestion/{step}", **waiting)
        if day := _day_of_most(connection):
            add_rows(connection, "ingestion.payment_ingestions", day)
        else:
            drop_rows(connection, "ingestion.payment_ingestions")
    return [BatchReport(**report) for report in query(connection, "ingestion/batch_reports", batches=batches)]


def _day_of_most(connection: psycopg.Connection[Any]) -> date | None:
    """The value date that most of the rows have."""
    row = connection.execute(
        "select effective_on from work.payment_ingestions group by effective_on "
        "order by count(*) desc, effective_on limit 1"
    ).fetchone()
    return row[0] if row else None


def _described(error: Exception) -> str:
    """The error without its message: a database quotes rows, and rows hold personal data."""
    cause = error.__cause__ if isinstance(error.__cause__, psycopg.Error) else error
    described = {"error": type(cause).__name__}
    if isinstance(cause, psycopg.Error):
        described |= {
            name: value
            for name in ("sqlstate", "schema_name", "table_name", "column_name", "constraint_name")
            if (value := getattr(cause.diag, name))
        }
    return json.dumps(described)
