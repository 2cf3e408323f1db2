"""What can make the bank's total differ from ours: the causes that have a name, and the way that leads over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

CAUSES: Final[dict[str, tuple[str, str]]] = {
    "timing": (
        "Posted on another day",
        "The bank posted it a bank day early or late; it is matched with the other day.",
    ),
    "fee": ("Fees withheld or charged", "What processors keep of a payout, and what the bank charges."),
    "return": ("Returns not booked here", "The bank took back money of a payment that we still hold as paid."),
    "missing_at_bank": ("Missing at the bank", "We booked it, and the bank does not show it."),
    "missing_here": ("Missing in our books", "The bank shows it, and no payment of ours accounts for it."),
    "duplicate_at_bank": ("Twice at the bank", "The bank shows more often than we do what it says once already."),
    "amount_differs": ("Amount differs", "The same item, with another amount on either side."),
    "write_off": ("Written off", "Somebody decided that it is not pursued; the decision is listed."),
    "unknown": ("Not explained", "No cause is known yet."),
}
"""Causes in the order in which the bridge takes them, as finance calls them, and what they mean."""


@dataclass(frozen=True, slots=True)
class Step:
    """A cause on the way from our total to the bank's."""

    name: str
    items: int
    cents: int


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause on the bridge of an account and rail."""

    account: str
    channel: str
    cause: str
    items: int
    cents: int

    @property
    def name(self) -> str:
        """As finance calls it."""
        return cause_name(self.cause)


def steps_of(causes: Sequence[Cause]) -> Sequence[Step]:
    """The causes of all accounts and rails together, in the order in which the bridge takes them."""
    found: list[Step] = []
    for cause in [*CAUSES, *sorted({one.cause for one in causes} - CAUSES.keys())]:
        of_cause = [one for one in causes if one.cause == cause]
        if of_cause:
            items, cents = sum(one.items for one in of_cause), sum(one.cents for one in of_cause)
            found.append(Step(cause_name(cause), items, cents))
    return found


def cause_name(cause: str) -> str:
    """A cause as finance calls it."""
    return CAUSES[cause][0] if cause in CAUSES else cause.replace("_", " ").capitalize()
