"""What the rules of the ACH network and our own say about payments that come back.

Three questions, all of them answered by dates, codes and counts alone: may this debit be presented again, and when; by
which day must the receiving bank, and must we, have acted; and is the share of our debits that comes back too large.
Codes and waiting times are data (`data/return_codes.csv`, `representment_rules.csv`, `return_rate_limits.csv`); what the
network forbids to everyone is written here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from payments_pipeline.rules.calendar import add_bank_days, next_bank_day

FOR_WANT_OF_FUNDS: Final = frozenset({"R01", "R09"})
"""The only returns after which the very same entry may be presented again."""

MOST_ATTEMPTS: Final = 2
RETRY_WITHIN_DAYS: Final = 180
"""Counted from the day on which the entry settled first."""

RETRY_DESCRIPTION: Final = "RETRY PYMT"
"""What the entry must be called, in the field of ten letters that the payer sees."""

STOPPED: Final = "R08"
DEFECTIVE: Final = "R11"
CORRECTED_WITHIN_DAYS: Final = 60
"""A corrected entry after R11: counted from the day on which the return settled."""

DISHONOR_WITHIN: Final = 5
CONTEST_WITHIN: Final = 2
CORRECT_WITHIN: Final = 6
"""Bank days for us to dishonor a return, for the receiving bank to contest that, and for us to correct an account."""

Unit = Literal["bank", "calendar"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A debit that came back, as far as the rules ask."""

    code: str
    settled_on: date
    """When it settled first, however often it was presented since."""
    returned_on: date
    attempts: int
    """How often it has been presented again already."""


def refusals(
    entry: Entry, on: date, *, has_new_authorization: bool = False, is_corrected: bool = False
) -> tuple[str, ...]:
    """Why the entry may not be sent again on a day; none if it may.

    After R08 a new authorization is needed; after R11 a correction of what was wrong. Both make it a new entry, so that
    neither the count of attempts nor the description of a retry applies to them.
    """
    if entry.code == STOPPED:
        return () if has_new_authorization else ("the payer stopped it: only a new authorization allows another debit",)
    if entry.code == DEFECTIVE:
        return tuple(_refusals_of_a_correction(entry, on, is_corrected))
    if entry.code not in FOR_WANT_OF_FUNDS:
        return (f"a debit that came back as {entry.code} may not be presented again",)
    found = []
    if entry.attempts >= MOST_ATTEMPTS:
        found.append(f"it has been presented again {entry.attempts} times, and {MOST_ATTEMPTS} are the most")
    if on > (latest := latest_retry(entry.settled_on)):
        found.append(f"it settled first on {entry.settled_on}, and {latest} was the last day for presenting it again")
    return tuple(found)


def _refusals_of_a_correction(entry: Entry, on: date, is_corrected: bool) -> list[str]:
    found = [] if is_corrected else ["the entry must be corrected to what the payer authorized"]
    if on > (latest := latest_correction(entry.returned_on)):
        found.append(f"it came back on {entry.returned_on}, and {latest} was the last day for a corrected entry")
    return found


def latest_retry(settled_on: date) -> date:
    """The last day on which an entry that settled on a day may be presented again."""
    return settled_on + timedelta(days=RETRY_WITHIN_DAYS)


def latest_correction(returned_on: date) -> date:
    """The last day on which a corrected entry may be sent after a return as R11."""
    return returned_on + timedelta(days=CORRECTED_WITHIN_DAYS)


def retry_on(entry: Entry, wait_bank_days: Mapping[tuple[str, int], int]) -> date | None:
    """The bank day for presenting the entry again; none if the rules, or ours, know no further attempt.

    `wait_bank_days` are our own rules: bank days to wait, by code and attempt.
    """
    wait = wait_bank_days.get((entry.code, entry.attempts + 1))
    if wait is None:
        return None
    day = bank_days_after(entry.returned_on, wait)
    return None if refusals(entry, day) else day


def return_deadline(settled_on: date, days: int, unit: Unit) -> date:
    """The last day on which the receiving bank may send a debit back.

    Two bank days mean the opening of the second one, by which the return has settled on it at the latest. Sixty calendar
    days that end while banks are closed end when they open.
    """
    return bank_days_after(settled_on, days) if unit == "bank" else next_bank_day(settled_on + timedelta(days=days))


def dishonor_by(returned_on: date) -> date:
    """The last bank day for refusing a return that came too late or wrongly."""
    return bank_days_after(returned_on, DISHONOR_WITHIN)


def contest_by(dishonored_on: date) -> date:
    """The last bank day for the receiving bank to insist on its return."""
    return bank_days_after(dishonored_on, CONTEST_WITHIN)


def correct_by(received_on: date) -> date:
    """The last bank day for correcting an account of which a notice of change was received; earlier if we debit it."""
    return bank_days_after(received_on, CORRECT_WITHIN)


def bank_days_after(day: date, count: int) -> date:
    """The bank day that is the `count`th after a day, which itself never counts, bank day or not."""
    return add_bank_days(day + timedelta(days=1), count - 1)


# Return rates -----------------------------------------------------------------------------------------------------------

_MILLION: Final = 1_000_000
RateStatus = Literal["few", "within", "near", "over"]


@dataclass(frozen=True, slots=True)
class Limit:
    """One of the monitors."""

    limit_ppm: int
    warn_ppm: int
    min_debits: int
    codes: frozenset[str] | None = None
    """The codes that count; all, if none are named."""

    def counted(self, returns: Mapping[str, int]) -> int:
        """How many of these returns the monitor counts."""
        return sum(count for code, count in returns.items() if self.codes is None or code in self.codes)

    def status(self, returns: int, debits: int) -> RateStatus:
        """What the share of returns amounts to. A limit is broken above it, not at it."""
        if debits == 0 or debits < self.min_debits:
            return "few"
        if returns * _MILLION > debits * self.limit_ppm:
            return "over"
        return "near" if returns * _MILLION > debits * self.warn_ppm else "within"


# Notices of change ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Correction:
    """What a notice of change says of an account; none for what it does not speak of."""

    routing_number: str | None = None
    account_number: str | None = None
    account_type: str | None = None

    def __repr__(self) -> str:
        """Without the number of the account."""
        return f"Correction(routing_number={self.routing_number!r}, account_type={self.account_type!r})"


_ROUTING_DIGITS: Final = 9
_ACCOUNT_TYPES: Final = {"2": "checking", "3": "savings", "5": "loan"}
"""By the first digit of the transaction code."""


def read_correction(corrects: str | None, data: str) -> Correction:
    """What the 29 characters of corrected data hold, by the fields that the code of the notice names in their order.

    Routing numbers have nine digits and come first, transaction codes two and come last; between them stands the account
    number, with or without blanks around it (C07 has none where the account number fills its place).
    """
    fields = (corrects or "").split("|")
    rest = data.strip()
    routing = account = kind = None
    if "routing_number" in fields:
        routing, rest = rest[:_ROUTING_DIGITS], rest[_ROUTING_DIGITS:].strip()
    if "transaction_code" in fields:
        kind, rest = rest[-2:], rest[:-2].strip()
    if "account_number" in fields:
        account = rest.replace(" ", "")
    return Correction(
        routing if routing and is_routing_number(routing) else None,
        account or None,
        _ACCOUNT_TYPES.get(kind[:1]) if kind and kind.isdigit() else None,
    )


def is_routing_number(number: str) -> bool:
    """Whether nine digits are a routing number: weighted 3, 7, 1 they add up to a multiple of ten."""
    if len(number) != _ROUTING_DIGITS or not (number.isascii() and number.isdigit()):
        return False
    return sum(int(digit) * weight for digit, weight in zip(number, (3, 7, 1) * 3, strict=True)) % 10 == 0
