"""A reconciled day in words and figures, the same on the page and on paper."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Final

from payments_pipeline.money import dollars, signed
from payments_pipeline.reporting.reconciliation_report import (
    PROOFS,
    Balance,
    DayReport,
    Decision,
    StatementFile,
    Total,
)
from payments_pipeline.rules.bridge import CAUSES

EXPLAINED_SHOWN: Final = 40
SUGGESTIONS_SHOWN: Final = 25
"""How many a page shows; the workbook has more."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One of the figures at the top."""

    name: str
    figure: str
    note: str
    tone: str = ""
    """good, bad or nothing."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """A cause of the bridge over all rails, with what it means."""

    name: str
    meaning: str
    items: int
    cents: int


def tiles(report: DayReport) -> Sequence[Tile]:
    """What somebody who reads nothing else reads."""
    older = report.carried_over
    movements = f"{report.movements:,} movement{'s' if report.movements != 1 else ''}"
    lines = f"{report.lines:,} line{'s' if report.lines != 1 else ''}"
    proof = report.proof
    return (
        Tile("Our books", dollars(report.our_cents), movements),
        Tile("The bank", dollars(report.bank_cents), lines),
        Tile(
            "Variance",
            signed(report.variance_cents),
            f"{signed(report.explained_cents)} explained, {signed(report.open_cents)} open",
            "bad" if report.open_cents else "good",
        ),
        Tile(
            "Open items",
            f"{report.open_count:,}",
            f"and {older.items:,} of earlier days" if older else "none of earlier days",
            "bad" if report.open_count else "good",
        ),
        Tile("Matched without a person", share(report.auto_match), "of our movements"),
        Tile(
            "Balances",
            {"proven": "Proven", "broken": "Broken"}.get(proof, "Not stated"),
            {
                "proven": "opening + lines = closing",
                "broken": "see the section on balances",
            }.get(proof, "by the bank for every account"),
            {"proven": "good", "broken": "bad"}.get(proof, ""),
        ),
    )


def meanings(report: DayReport) -> Sequence[Meaning]:
    """The causes of the bridge, each in a sentence."""
    said = dict(CAUSES.values())
    return [Meaning(step.name, said.get(step.name, ""), step.items, step.cents) for step in report.steps]


def accounts(report: DayReport) -> Sequence[tuple[str, Sequence[Total]]]:
    """The totals, account by account."""
    return [(account, list(totals)) for account, totals in groupby(report.totals, key=lambda one: one.account)]


def backlog(report: DayReport) -> str:
    """How much is open, of the day and of the days before it."""
    told = [
        f"{one.items:,} {'of this day' if one.is_of_the_day else 'of earlier days'}, {dollars(one.gross_cents)} in all"
        f" ({signed(one.cents)} net){'' if one.is_of_the_day else f', the oldest since {one.oldest}'}"
        for one in sorted(report.backlog, key=lambda one: not one.is_of_the_day)
    ]
    return "; ".join(told) + "."


def as_of(report: DayReport) -> date:
    """The day to whose end ages count."""
    return max(report.day, report.state.last_day or report.day)


def trend_words(report: DayReport) -> str:
    """The last thirty days in a sentence."""
    if not report.trend_days:
        return "Finance's mart, reporting.daily_reconciliation, has not been built: run a whole day."
    known = [one for one in report.trend_days if one.variance_cents is not None]
    if not known:
        return "None of the last thirty days has figures."
    movements = sum(one.movements or 0 for one in known)
    auto = sum(one.auto_matched or 0 for one in known)
    balanced = sum(bool(one.is_balanced) for one in known)
    words = f"{len(known)} of the thirty days have figures; {balanced} of them are balanced."
    if movements:
        words += f" Of {movements:,} movements {share(auto / movements)} were matched without a person."
    if not report.is_mart_current:
        words += " The mart is older than the reconciliation of this day: run the whole day again."
    return words


def provenance(report: DayReport) -> str:
    """What the report rests on, so that it can be made again and held against this one."""
    state = report.state
    if state.run_no is None or state.sealed_at is None:
        return "Nothing has been posted yet: there is no seal."
    return (
        f"Made from the books as of run {state.run_no} of the ledger, sealed {instant(state.sealed_at)} UTC, seal {state.seal}; "
        f"days are run up to {state.last_day}."
    )


def delivery(total: Total) -> str:
    """Whether the rail delivered what it should."""
    if total.settlement is None:
        return "nothing due"
    if not total.late_bank_days:
        return total.settlement
    return f"{total.settlement}, {total.late_bank_days} bank day{'s' if total.late_bank_days != 1 else ''}"


def proof(balance: Balance) -> str:
    """Whether the day's balances are proven, and by how much not."""
    if balance.proof != "broken" or balance.opening_cents is None or balance.closing_cents is None:
        return PROOFS.get(balance.proof, balance.proof)
    missing = balance.closing_cents - balance.opening_cents - balance.lines_cents
    return f"Broken by {signed(missing)}"


def continuity(balance: Balance) -> str:
    """Whether an account opens with what it closed with before."""
    if balance.follows is None:
        return "not stated"
    if balance.follows:
        return f"yes, from {balance.day_before}"
    assert balance.opening_cents is not None
    assert balance.closing_before_cents is not None
    return f"NO: {dollars(balance.closing_before_cents)} at the end of {balance.day_before}"


def nature(statement: StatementFile) -> str:
    """What a statement is besides a new and final one."""
    told = [] if statement.nature == "new" else [statement.nature]
    told += [] if statement.is_final else ["interim"]
    told += ["said before"] if statement.is_repeat else []
    return f" ({', '.join(told)})" if told else ""


def decision(one: Decision) -> str:
    """What was decided, about what."""
    if one.about_no is not None:
        return f"{one.decision} of no. {one.about_no}"
    parts = [(one.lines, "line"), (one.payments, "payment")]
    about = ", ".join(f"{count} {word}{'s' if count != 1 else ''}" for count, word in parts if count)
    return f"{one.decision.replace('_', ' ')}: {about}" if about else one.decision.replace("_", " ")


def long_day(day: date) -> str:
    """A date as people say it."""
    return f"{day:%A}, {day:%B} {day.day}, {day.year}"


def instant(at: datetime | None) -> str:
    """To the minute, in UTC."""
    return "" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"


def share(rate: float | None) -> str:
    """A share in per cent; what is not all of it is never rounded up to all."""
    if rate is None:
        return "none"
    return "100%" if rate == 1 else f"{min(rate * 100, 99.99):.2f}%"


def age(days: int) -> str:
    """An age in days."""
    return f"{days} day{'s' if days != 1 else ''}"
