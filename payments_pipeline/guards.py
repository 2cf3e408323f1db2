"""The laws of the books as asset checks: each law on the table that it guards.

A law is a statement of `sql/operations/laws` that finds what breaks it; its name is the property that must hold, and the
name of the check. Those that look at days run with the step that fills the table; those that look at the whole book have
a job of their own (`audit_the_books`), since their cost grows with its history.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import takewhile
from typing import Any, Final

import dagster as dg

from payments_pipeline.operations.laws import PROPERTIES
from payments_pipeline.paths import SQL_DIR
from payments_pipeline.postgres.run import query, read_whole_days
from payments_pipeline.resources import Platform

SHOWN: Final = 10  # counterexamples; enough to see what kind of trouble it is
_DAYS_AT_ONCE: Final = 31


@dataclass(frozen=True)
class Guard:
    """A law, the table that it guards, and whether what comes after must wait when it is broken."""

    law: str
    table: str
    is_blocking: bool = True

    @property
    def spec(self) -> dg.AssetCheckSpec:
        """The check, described as the law describes itself."""
        return dg.AssetCheckSpec(self.law, asset=self.key, description=self.meaning, blocking=self.is_blocking)

    @property
    def key(self) -> dg.AssetKey:
        """The asset that is guarded."""
        return dg.AssetKey(self.table.split("."))

    @property
    def meaning(self) -> str:
        """The law in words: the comment that the statement begins with."""
        text = (SQL_DIR / "operations" / "laws" / f"{self.law}.sql").read_text(encoding="utf-8")
        comment = takewhile(lambda line: line.startswith("--"), text.splitlines())
        return " ".join(line.removeprefix("--").strip() for line in comment)


def evaluate(guards: Sequence[Guard], platform: Platform, days: Sequence[date]) -> Iterator[dg.AssetCheckResult]:
    """Hold the laws against the days of a run; for those of the whole book the days do not matter."""
    if not guards:
        return
    with platform.connect("laws") as connection:
        connection.execute("set transaction isolation level repeatable read, read only")
        read_whole_days(connection)
        for guard in guards:
            started = time.monotonic()
            broken: list[dict[str, Any]] = []
            violations = 0
            for span in _spans(days) if PROPERTIES[guard.law].is_daily else [{}]:
                found = query(connection, f"operations/laws/{guard.law}", most=SHOWN, **span)
                broken += found[: SHOWN - len(broken)]
                violations += found[0]["violations"] if found else 0
            yield _result(guard, broken, violations, time.monotonic() - started)


def _spans(days: Sequence[date]) -> Iterator[dict[str, date]]:
    """The days in pieces whose rows one statement can sort in memory."""
    for start in range(0, len(days), _DAYS_AT_ONCE):
        piece = days[start : start + _DAYS_AT_ONCE]
        yield {"first": piece[0], "last": piece[-1]}


def _result(guard: Guard, broken: Sequence[dict[str, Any]], violations: int, seconds: float) -> dg.AssetCheckResult:
    metadata: dict[str, Any] = {"violations": violations, "seconds": round(seconds, 3)}
    if broken:
        lines = ["| day | where | found | expected |", "|---|---|---|---|"]
        lines += [
            f"| {row['business_date'] or ''} | {row['keys']} | {row['found']} | {row['expected']} |" for row in broken
        ]
        metadata["counterexamples"] = dg.MetadataValue.md("\n".join(lines))
    return dg.AssetCheckResult(
        asset_key=guard.key,
        check_name=guard.law,
        passed=not broken,
        description=None if not broken else f"{violations} violations, the first: {broken[0]['keys']}",
        metadata=metadata,
    )
