"""What people decide about a reconciliation: match, unmatch, write off; and four eyes above the limit.

A decision is a fact with a reason and a name. It is never changed; a later one may say otherwise, and each run of its day
goes by what is in force. Above `approval` of `data/reconciliation_limits.csv`, a write-off, or a match whose sides differ,
counts only once another person approves it; rejecting takes it back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal
from uuid import UUID

import psycopg

from payments_pipeline.errors import PaymentsError
from payments_pipeline.postgres.locks import hold
from payments_pipeline.postgres.run import query
from payments_pipeline.reconciliation.days import days_around, reconcile_day
from payments_pipeline.rules.four_eyes import same_person

Kind = Literal["match", "unmatch", "write_off"]
Verdict = Literal["approve", "reject"]

_PAST: Final[dict[str, str]] = {"approve": "approved", "reject": "rejected"}


class DecisionError(PaymentsError):
    """A decision that cannot be taken as it stands."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision as it was stored."""

    decision_id: UUID
    decision_no: int
    decision: str
    bank_day: date
    cents: int
    needs_approval: bool
    """Whether it counts only once another person approves it."""


def decide(
    connection: psycopg.Connection[Any],
    decision: Kind,
    day: date,
    *,
    lines: Sequence[str] = (),
    payments: Sequence[UUID] = (),
    reason: str,
    decided_by: str,
) -> Decision:
    """Store what somebody decided about lines of `day` and payments, and reconcile the day by it."""
    _refuse_empty(reason, decided_by)
    _wait_for_others(connection)
    sides = _sides(connection, day, lines, payments)
    cents = _at_stake(decision, day, sides)
    stored = _store(connection, decision, day, lines, payments, cents, reason, decided_by, None)
    _apply(connection, day, sides)
    return stored


def judge(
    connection: psycopg.Connection[Any], verdict: Verdict, decision_id: UUID, *, reason: str, decided_by: str
) -> Decision:
    """Approve or reject somebody else's decision, and reconcile its day anew."""
    _refuse_empty(reason, decided_by)
    _wait_for_others(connection)
    found = query(connection, "reconciliation/decisions_judged", decision_id=decision_id)
    if not found or found[0]["approves"]:
        raise DecisionError(
            f"{decision_id} is no decision to approve or reject.", "payments reconcile waiting lists them."
        )
    [decision] = found
    if decision["verdict"] == "reject" or decision["verdict"] == verdict:
        raise DecisionError(
            f"{decision_id} was {_PAST[decision['verdict']]} already.", "Decide anew where that was wrong."
        )
    if verdict == "approve" and not decision["needs_approval"]:
        raise DecisionError(f"{decision_id} is within the limit and counts already.", "Nothing is left to approve.")
    if verdict == "approve" and same_person(decision["decided_by"], decided_by):
        raise DecisionError(
            f"{decision_id} was decided by {decision['decided_by']}.", "Four eyes: somebody else has to approve it."
        )
    day = decision["bank_day"]
    if verdict == "approve" and (refusal := _overtaken(connection, decision)):
        raise refusal
    stored = _store(connection, verdict, day, (), (), decision["cents"], reason, decided_by, decision_id)
    _apply(connection, day, _known_sides(connection, day, decision["line_ids"], decision["payment_ids"]))
    return stored


def decisions_waiting(connection: psycopg.Connection[Any]) -> list[dict[str, Any]]:
    """Decisions that count once somebody else approves them; what was overtaken meanwhile asks nobody any more."""
    waiting = query(connection, "reconciliation/decisions_judged", decision_id=None)
    return [decision for decision in waiting if _overtaken(connection, decision) is None]


def _overtaken(connection: psycopg.Connection[Any], decision: dict[str, Any]) -> DecisionError | None:
    """Why a decision would not count if it were approved, or would count for something else than was decided about."""
    if decision["is_overtaken"]:
        return DecisionError(
            f"{decision['decision_id']} was overtaken by a later decision about the same line or payment.",
            "Reject it, and decide anew where it is still right.",
        )
    day = decision["bank_day"]
    try:
        cents = _at_stake(
            decision["decision"], day, _sides(connection, day, decision["line_ids"], decision["payment_ids"])
        )
    except DecisionError as error:
        return DecisionError(
            f"{decision['decision_id']} is about what is not there any more as it was. {error.message}",
            "Reject it, and decide anew about what is open.",
        )
    if cents != decision["cents"]:
        return DecisionError(
            f"{decision['decision_id']} is about {decision['cents']} cents, and by now {cents} are at stake.",
            "Reject it, and decide anew.",
        )
    return None


def _apply(connection: psycopg.Connection[Any], day: date, sides: list[dict[str, Any]]) -> None:
    """Reconcile the day of a decision, and before it those that have its payments and may have to let them go."""
    for other in sorted({side["day"] for side in sides} - {day}):
        reconcile_day(connection, other)
    reconcile_day(connection, day)


def _wait_for_others(connection: psycopg.Connection[Any]) -> None:
    """Wait for runs and for others who decide, before anything is read: what they change is what is decided about.

    And the numbers of decisions have no gaps.
    """
    hold(connection, "reconciliation.matches")
    hold(connection, "reconciliation.decisions")


def _refuse_empty(reason: str, decided_by: str) -> None:
    for what, text in (("a reason", reason), ("the name of who decides", decided_by)):
        if not any(letter.isalnum() for letter in text):
            raise DecisionError(f"Expected {what}, found {text!r}.", "Whoever reads the books later will ask for it.")


def _sides(
    connection: psycopg.Connection[Any], day: date, lines: Sequence[str], payments: Sequence[UUID]
) -> list[dict[str, Any]]:
    sides = _known_sides(connection, day, lines, payments)
    known = {(side["side"], side["id"]) for side in sides}
    named = [("line", line) for line in lines] + [("payment", str(payment)) for payment in payments]
    for side, name in named:
        if (side, name) in known:
            continue
        if side == "line":
            raise DecisionError(
                f"There is no line {name} on {day}.",
                "A decision is of the day of its line; payments reconcile show lists what is open on a day.",
            )
        raise DecisionError(
            f"There is no payment {name} among what was reconciled on {day} and the days around it.",
            "payments reconcile show lists what is open; reconcile the day first if it is new.",
        )
    return sides


def _known_sides(
    connection: psycopg.Connection[Any], day: date, lines: Sequence[str], payments: Sequence[UUID]
) -> list[dict[str, Any]]:
    return query(
        connection, "reconciliation/decision_sides", day=day, near=list(days_around(connection, day)),
        line_ids=list(lines), payment_ids=list(payments),
    )  # fmt: skip


def _at_stake(decision: Kind, day: date, sides: list[dict[str, Any]]) -> int:
    """The cents that the limit is held against."""
    of_lines = [side for side in sides if side["side"] == "line"]
    of_payments = [side for side in sides if side["side"] == "payment"]
    if decision == "write_off":
        of_day = [side for side in sides if side["day"] == day]
        if {side["id"] for side in sides} - {side["id"] for side in of_day}:
            raise DecisionError("A payment is written off on the day on which it is open.", "Name that day.")
        if not of_day or not all(side["is_open"] for side in of_day):
            raise DecisionError(
                "Only what is open by itself can be written off.",
                "payments reconcile show lists what is open; another amount is accepted by matching its line and payment.",
            )
        return sum(abs(int(side["cents"])) for side in of_day)
    if not of_lines or not of_payments:
        raise DecisionError(f"To {decision} takes lines and payments.", "Name at least one of each.")
    if decision == "unmatch":
        return 0
    if any(side["is_misplaced"] for side in of_lines):
        raise DecisionError(
            "A line is on another account of ours than its rail settles on.", "Ask the bank to move it."
        )
    kinds = {side["kind"] for side in of_lines}
    if len(kinds) > 1 or not kinds <= {side["kind"] for side in of_payments}:
        raise DecisionError("Credits are matched with credits, returns with returns.", "Match them apart.")
    if len({side["channel"] for side in sides}) > 1:
        raise DecisionError("Lines and payments are of several rails.", "Match each rail by itself.")
    difference = sum(side["cents"] for side in of_lines) - sum(
        side["cents"] for side in of_payments if side["kind"] in kinds
    )
    if difference and len(of_lines) > 1:
        raise DecisionError(
            f"The lines differ from the payments by {difference} cents, and it is not said on which line.",
            "Match what adds up, or one line at a time.",
        )
    return abs(int(difference))


def _store(
    connection: psycopg.Connection[Any],
    decision: Kind | Verdict,
    day: date,
    lines: Sequence[str],
    payments: Sequence[UUID],
    cents: int,
    reason: str,
    decided_by: str,
    approves: UUID | None,
) -> Decision:
    [row] = query(
        connection, "reconciliation/decide", decision=decision, day=day, line_ids=sorted(set(lines)),
        payment_ids=sorted(set(payments)), cents=cents, reason=reason, decided_by=" ".join(decided_by.split()),
        approves=approves, may_need_approval=decision in ("match", "write_off"),
    )  # fmt: skip
    return Decision(**row)
