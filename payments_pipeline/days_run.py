"""Which days have been run, for whoever asks about one that has not: of such a day nothing is known, which is no good news."""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Any, Final

import psycopg

from payments_pipeline.errors import PaymentsError
from payments_pipeline.postgres.run import query

_RANGES_SHOWN: Final = 3
_RUN_IT: Final = (
    "run it: materialize its partition in the Dagster UI (payments up), which has the days from PAYMENTS_FIRST_DAY until "
    "today."
)


class NeverRunError(PaymentsError):
    """Something was asked of a day that has not been run."""


class NotReconciledError(PaymentsError):
    """Something was asked of a day whose run broke off before it was reconciled."""


def require_run(connection: psycopg.Connection[Any], day: date) -> None:
    """Refuse a day that was neither posted nor reconciled, and say which days were."""
    if query(connection, "operations/days_run", first=day, last=day):
        return
    days = [row["day"] for row in query(connection, "operations/days_run", first=date.min, last=date.max)]
    raise NeverRunError(
        f"{day} has not been run: {f'the days that have been run are {_ranges(days)}' if days else 'no day has been yet'}",
        f"ask about one of those, or {_RUN_IT}" if days else _RUN_IT,
    )


def require_reconciled(connection: psycopg.Connection[Any], day: date) -> None:
    """Refuse a day that was not run, and one that was posted and not reconciled: that nothing is open is not known."""
    require_run(connection, day)
    state = query(connection, "operations/day_state", day=day)[0]
    if state["is_unfinished"] and not state["is_reconciled"]:
        raise NotReconciledError(
            f"{day} has not been reconciled: it was posted, but its run has not come to its end",
            f"wait for the run or, where it broke off, run the day again; "
            f"`payments reconcile day --date {day}` reconciles it meanwhile.",
        )


def what_waits(connection: psycopg.Connection[Any], day: date) -> str | None:
    """Why what is told of a day is not the last word; None where it is."""
    state = query(connection, "operations/day_state", day=day)[0]
    if state["is_unfinished"]:
        return f"the last run of {day} has not come to its end: this is as far as it, or the one before it, has got."
    if state["has_news"]:
        return f"{day} waits to be run again, since something of it came or changed after its last run: this is without it."
    return None


def _ranges(days: Sequence[date]) -> str:
    """Days in order, as few words as they allow: the last of them where they have many gaps."""
    starts = [days[0], *(day for before, day in pairwise(days) if (day - before).days > 1)]
    ends = [*(before for before, day in pairwise(days) if (day - before).days > 1), days[-1]]
    told = [str(first) if first == last else f"{first} to {last}" for first, last in zip(starts, ends, strict=True)]
    earlier = [f"some from {days[0]} on"] if len(told) > _RANGES_SHOWN else []
    return ", ".join([*earlier, *told[-_RANGES_SHOWN:]])
