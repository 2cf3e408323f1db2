"""Which days have been run, for whoever asks about one that has not: of such a day nothing is known, which is no good news."""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Any, Final

import psycopg

from payments_pipeline.errors import PaymentsError
from payments_pipeline.postgres.run import query

_RANGES_SHOWN: Final = 3


class NeverRunError(PaymentsError):
    """Something was asked of a day that has not been run."""


def require_run(connection: psycopg.Connection[Any], day: date) -> None:
    """Refuse a day that was neither posted nor reconciled, and say which days were."""
    if query(connection, "operations/days_run", first=day, last=day):
        return
    days = [row["day"] for row in query(connection, "operations/days_run", first=date.min, last=date.max)]
    raise NeverRunError(
        f"{day} has not been run: {f'the days that have been run are {_ranges(days)}' if days else 'no day has been yet'}",
        "ask about one of those, or run it first: materialize its partition in the Dagster UI (payments up)."
        if days
        else "run it first: materialize its partition in the Dagster UI (payments up).",
    )


def _ranges(days: Sequence[date]) -> str:
    """Days in order, as few words as they allow: the last of them where they have many gaps."""
    starts = [days[0], *(day for before, day in pairwise(days) if (day - before).days > 1)]
    ends = [*(before for before, day in pairwise(days) if (day - before).days > 1), days[-1]]
    told = [str(first) if first == last else f"{first} to {last}" for first, last in zip(starts, ends, strict=True)]
    earlier = [f"some from {days[0]} on"] if len(told) > _RANGES_SHOWN else []
    return ", ".join([*earlier, *told[-_RANGES_SHOWN:]])
