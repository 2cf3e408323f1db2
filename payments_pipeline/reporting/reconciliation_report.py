"""What finance reads of a reconciled day, gathered once for every form in which it is given out.

Each part is a statement of `sql/reporting/reconciliation_*.sql` that reads the day's partition, or thirty days of small
tables, or the index of what is open: the report of a day costs the same after ten years as on the first day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal

import psycopg

from payments_pipeline.charts import Picture, TrendDay, bridge, trend
from payments_pipeline.days_run import require_reconciled
from payments_pipeline.postgres.run import query
from payments_pipeline.rules.bridge import Cause, Step, cause_name, steps_of

SHOWN: Final = 100
"""Items on a page or in print; the workbook and the CSV hold all."""

PROOFS: Final = {
    "proven": "Proven",
    "broken": "BROKEN",
    "not_stated": "No balances stated",
}


@dataclass(frozen=True, slots=True)
class State:
    """How far the books were when the report was made."""

    last_day: date | None
    has_marts: bool
    run_no: int | None
    sealed_at: datetime | None
    seal: str | None


@dataclass(frozen=True, slots=True)
class Total:
    """An account and rail on the day."""

    account: str
    channel: str
    bank_cents: int
    our_cents: int
    variance_cents: int
    status: str
    movement_count: int
    line_count: int
    matched_count: int
    auto_matched_count: int
    open_count: int
    open_cents: int
    settlement: str | None
    late_bank_days: int | None

    @property
    def explained_cents(self) -> int:
        """Of the variance, what has a cause that needs nobody."""
        return self.variance_cents - self.open_cents


@dataclass(frozen=True, slots=True)
class Balance:
    """An account, as the bank keeps and names it, before and after the day's lines."""

    account: str
    opening_cents: int | None
    lines_cents: int
    closing_cents: int | None
    proof: str
    day_before: date | None
    closing_before_cents: int | None

    @property
    def follows(self) -> bool | None:
        """Whether it opens with what it closed with before; None where one of the two is not stated."""
        if self.opening_cents is None or self.closing_before_cents is None:
            return None
        return self.opening_cents == self.closing_before_cents


@dataclass(frozen=True, slots=True)
class StatementFile:
    """A statement that closes on the day, and the file that proves it."""

    account: str
    format: str
    bank: str
    reference: str
    nature: str
    is_final: bool
    line_count: int
    lines_cents: int
    opening_cents: int | None
    closing_cents: int | None
    is_repeat: bool
    file_name: str
    file_sha256: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Item:
    """A line or movement that is part of a variance."""

    bank_day: date
    account: str
    channel: str
    side: str
    cause: str
    kind: str | None
    variance_cents: int
    description: str
    next_step: str | None
    status: str
    loan_id: int | None
    payment_id: str | None
    item_id: str
    effective_on: date | None
    age_days: int

    @property
    def name(self) -> str:
        """Its cause, as finance calls it."""
        return cause_name(self.cause)


@dataclass(frozen=True, slots=True)
class Backlog:
    """Open items, of the day or of the days before it."""

    is_of_the_day: bool
    items: int
    cents: int
    gross_cents: int
    oldest: date


@dataclass(frozen=True, slots=True)
class Method:
    """How some of the day's lines were matched."""

    method: str
    tier: int
    confidence: int | None
    is_automatic: bool
    description: str
    pairs: int
    of_other_days: int
    bank_cents: int


@dataclass(frozen=True, slots=True)
class Case:
    """What a person was told of the day, and what became of it."""

    category: str
    subcategory: str
    severity: str
    state: str
    summary: str
    next_step: str
    assigned_to: str | None
    resolution: str | None
    created_at: datetime
    resolved_at: datetime | None
    is_healed: bool

    @property
    def is_over(self) -> bool:
        """Whether nobody has to look at it any more."""
        return self.state in ("resolved", "cancelled")


@dataclass(frozen=True, slots=True)
class Request:
    """What asked for the day to be run again."""

    reason: str
    subject: str
    requested_at: datetime
    satisfied_at: datetime | None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What may belong together, and was not matched."""

    suggestion_id: str
    method: str
    score: int
    evidence: str
    line_ids: Sequence[str]
    payment_ids: Sequence[str]
    suggestions: int
    """How many there are in all."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided."""

    decision_no: int
    decision_id: str
    decided_at: datetime
    decision: str
    decided_by: str
    reason: str
    cents: int
    lines: int
    payments: int
    about_no: int | None
    state: Literal["in force", "rejected", "waits for approval", "done"]


@dataclass(frozen=True, slots=True)
class DayReport:
    """All that is told of a day."""

    day: date
    state: State
    totals: Sequence[Total]
    causes: Sequence[Cause]
    balances: Sequence[Balance]
    statements: Sequence[StatementFile]
    backlog: Sequence[Backlog]
    open_items: Sequence[Item]
    """The first of them, at most SHOWN."""
    explained_items: Sequence[Item]
    """The first of them, at most SHOWN."""
    methods: Sequence[Method]
    cases: Sequence[Case]
    requests: Sequence[Request]
    suggestions: Sequence[Suggestion]
    decisions: Sequence[Decision]
    trend_days: Sequence[TrendDay]
    """From finance's mart; none where it has not been built."""

    @property
    def bank_cents(self) -> int:
        """The bank's lines over all rails."""
        return sum(one.bank_cents for one in self.totals)

    @property
    def our_cents(self) -> int:
        """Our movements over all rails."""
        return sum(one.our_cents for one in self.totals)

    @property
    def variance_cents(self) -> int:
        """The bank's less ours."""
        return self.bank_cents - self.our_cents

    @property
    def open_count(self) -> int:
        """Items of the day that somebody must look at."""
        return sum(one.open_count for one in self.totals)

    @property
    def open_cents(self) -> int:
        """What those items add up to."""
        return sum(one.open_cents for one in self.totals)

    @property
    def explained_cents(self) -> int:
        """Of the variance, what has a cause that needs nobody."""
        return self.variance_cents - self.open_cents

    @property
    def is_balanced(self) -> bool:
        """Whether every rail agrees; one does not make up for another."""
        return all(one.status == "balanced" for one in self.totals)

    @property
    def movements(self) -> int:
        """Movements of ours that should have settled."""
        return sum(one.movement_count for one in self.totals)

    @property
    def lines(self) -> int:
        """Lines of the bank."""
        return sum(one.line_count for one in self.totals)

    @property
    def auto_match(self) -> float | None:
        """The share of our movements that found their line without a person; None where there were none."""
        return sum(one.auto_matched_count for one in self.totals) / self.movements if self.movements else None

    @property
    def proof(self) -> str:
        """That of the accounts together: broken where one is, proven only where all are."""
        proofs = {one.proof for one in self.balances}
        if any(one.follows is False for one in self.balances):
            return "broken"
        return next(
            (proof for proof in ("broken", "not_stated") if proof in proofs), "proven" if proofs else "not_stated"
        )

    @property
    def carried_over(self) -> Backlog | None:
        """What is still open of the days before; None where nothing is."""
        return next((one for one in self.backlog if not one.is_of_the_day), None)

    @property
    def open_in_all(self) -> int:
        """Open items of the day and of the days before it."""
        return sum(one.items for one in self.backlog)

    @property
    def steps(self) -> Sequence[Step]:
        """The bridge over all rails, a step a cause."""
        return steps_of(self.causes)

    @property
    def does_bridge_reach(self) -> bool:
        """Whether the causes add up to the variance, in every account and rail: no cent is left without a name."""
        return all(
            one.variance_cents
            == sum(cause.cents for cause in self.causes if (cause.account, cause.channel) == (one.account, one.channel))
            for one in self.totals
        )

    @property
    def bridge_picture(self) -> Picture:
        """The bridge as a chart."""
        return bridge(self.our_cents, self.steps, self.bank_cents)

    @property
    def is_mart_current(self) -> bool:
        """Whether the mart says of the day what the reconciliation does: it is built after it."""
        if not self.trend_days:
            return False
        told = self.trend_days[-1]
        if not self.totals:
            return told.variance_cents is None
        return (told.variance_cents, told.open_items, told.movements) == (
            self.variance_cents, self.open_count, self.movements,
        )  # fmt: skip

    @property
    def trend_picture(self) -> Picture:
        """The last thirty days as a chart."""
        return trend(self.trend_days)

    @property
    def open_cases(self) -> Sequence[Case]:
        """Those that somebody has to look at."""
        return [one for one in self.cases if not one.is_over]

    @property
    def healed(self) -> Sequence[Case]:
        """Those that are over, with how they ended."""
        return [one for one in self.cases if one.is_over]

    @property
    def verdict(self) -> str:
        """The day in a sentence."""
        if not self.totals:
            return "Nothing was expected at the bank, and the bank shows nothing."
        if self.open_count == 0 and self.variance_cents == 0:
            return "Bank and books agree to the cent."
        if self.open_count == 0:
            return "Bank and books agree: all that differs has a cause that needs nobody."
        items = f"{self.open_count:,} item{'s' if self.open_count != 1 else ''}"
        if self.is_balanced:
            return f"Bank and books agree in sum, with {items} that somebody must look at."
        return f"Somebody must look at {items}."


def gather(connection: psycopg.Connection[Any], day: date) -> DayReport:
    """All that is told of a day; at one moment, where the caller's transaction sees one."""
    require_reconciled(connection, day)
    state = State(**query(connection, "reporting/reconciliation_state")[0])
    as_of = max(day, state.last_day or day)

    def found(part: str, **parameters: object) -> list[dict[str, Any]]:
        return query(connection, f"reporting/reconciliation_{part}", day=day, **parameters)

    return DayReport(
        day=day,
        state=state,
        totals=[Total(**row) for row in found("totals")],
        causes=[Cause(**row) for row in query(connection, "reconciliation/bridge_of_day", day=day)],
        balances=[Balance(**row) for row in found("balances")],
        statements=[StatementFile(**row) for row in found("statements")],
        backlog=[Backlog(**row) for row in found("backlog")],
        open_items=[Item(**row) for row in found("open_items", as_of=as_of, most=SHOWN)],
        explained_items=[Item(**row) for row in found("explained_items", as_of=as_of, most=SHOWN)],
        methods=[Method(**row) for row in found("methods")],
        cases=[Case(**row) for row in found("cases")],
        requests=[Request(**row) for row in found("requests")],
        suggestions=[Suggestion(**row) for row in found("suggestions", most=SHOWN)],
        decisions=[Decision(**row) for row in found("decisions")],
        trend_days=[TrendDay(**row) for row in found("trend")] if state.has_marts else (),
    )
