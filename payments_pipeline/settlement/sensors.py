"""What looks for new statements every minute, wherever banks leave them."""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import dagster as dg
import psycopg

from payments_pipeline import clock
from payments_pipeline.daily import remedies_shown
from payments_pipeline.postgres.run import run
from payments_pipeline.resources import Platform
from payments_pipeline.rules.calendar import business_date
from payments_pipeline.settlement.statement_files import StatementFolder, Waiting
from payments_pipeline.settlement.statements import ask_for_days
from payments_pipeline.words import counted

MAX_SECONDS: Final = 20.0
"""A tick may take a minute; what is left after this is there for the next one."""

MAX_BYTES: Final = 64 << 20
"""A larger file might outlast a tick, so a run takes it in."""


@dataclass
class TakenUp:
    """What became of the files of a tick."""

    stored: int = 0
    refused: int = 0
    left_to_a_run: int = 0
    unread: int = 0
    """For which the tick had no time."""

    def __str__(self) -> str:
        told = f"{counted(self.stored, 'statement file')} stored, {self.refused} refused"
        told += f", {self.left_to_a_run} left to a run" if self.left_to_a_run else ""
        return told + (f", {self.unread} left to the next tick." if self.unread else ".")


@dg.sensor(
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Takes in the statements that banks leave in a folder or an object store (PAYMENTS_STATEMENTS_URL), and asks for "
        "exactly those days again whose lines or balances they change: the sensor late_arrivals runs them. A file that "
        "cannot be proven opens one case and holds nothing up."
    ),
)
@remedies_shown()
def statement_files(context: dg.SensorEvaluationContext, platform: dg.ResourceParam[Platform]) -> dg.SkipReason:
    """Takes in what is new, and starts no run, for the reason that `bank_events` gives.

    What is stored, the database knows. The cursor only keeps a refused file from being read again every minute: it names
    those that were looked at in vain. They are tried again with the next new file, which may be what they lack, and in
    each run.
    """
    now = clock.now(platform.home)
    place = StatementFolder(platform.statements)
    looked_at = set((context.cursor or "").split())
    with platform.connect("statement_files") as connection:
        waiting = place.waiting(connection)
        new = [one for one in waiting if _mark(one) not in looked_at]
        if not new:
            context.update_cursor(" ".join(sorted(_mark(one) for one in waiting)))
            refused = sum(not one.is_mapping for one in waiting)
            return dg.SkipReason(
                "No new statement."
                + (
                    f" {counted(refused, 'file is', 'files are')} not stored: see the cases of category statement."
                    if refused
                    else ""
                )
            )
        others = [one for one in waiting if _mark(one) in looked_at]
        taken, read = _take_up(connection, place, new, others, now)
        context.update_cursor(
            " ".join(sorted(_mark(one) for one in waiting if one.source in read or _mark(one) in looked_at))
        )
    context.log.info(str(taken))
    return dg.SkipReason(str(taken))


def _take_up(
    connection: psycopg.Connection[Any],
    place: StatementFolder,
    new: Sequence[Waiting],
    others: Sequence[Waiting],
    now: datetime,
) -> tuple[TakenUp, set[str]]:
    """Load the files one by one, and ask for their days together with them; returns which were looked at.

    A run is asked for once for a large file: each later run looks at it anyway.
    """
    until = time.monotonic() + MAX_SECONDS
    large = [one for one in new if one.size_bytes > MAX_BYTES]
    for one in large:
        yesterday = business_date(now) - timedelta(days=1)
        run(connection, "operations/request_day", day=yesterday, reason="ingested", subject=one.source)
    taken = TakenUp(left_to_a_run=len(large))
    looked_at = {one.source for one in large}
    small = [one for one in (*new, *others) if one.size_bytes <= MAX_BYTES]
    for loaded in place.load(connection, small):
        ask_for_days(connection, loaded.days)
        connection.commit()
        taken.stored += not loaded.is_known and not loaded.is_refused
        taken.refused += loaded.is_refused
        looked_at.add(loaded.source)
        if time.monotonic() > until:
            break
    taken.unread = sum(one.source not in looked_at for one in (*large, *small))
    return taken, looked_at


def _mark(one: Waiting) -> str:
    """Stands for a file as it is now, in few letters: a cursor has no room for addresses."""
    told = f"{one.source}|{one.size_bytes}|{one.received_at.isoformat()}"
    return hashlib.sha256(told.encode()).hexdigest()[:12]
