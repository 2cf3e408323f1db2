"""When the money of each rail reaches the bank, and which word about a payment means that it is there.

The rules are data, `data/settlement_rules.csv`, so that finance can read and change them without reading Python. They
are read once, when this module is imported.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Final

from payments_pipeline.rules.calendar import add_bank_days

RULES_FILE = Path(__file__).resolve().parents[2] / "data" / "settlement_rules.csv"

_COLUMNS = [
    "channel", "lag_bank_days", "every_day", "ready_signal", "account", "grouped_by", "fee_ppm", "fee_cents_each",
    "late_after_bank_days", "window_bank_days", "description",
]  # fmt: skip
_NUMBERS = ["lag_bank_days", "fee_ppm", "fee_cents_each", "late_after_bank_days", "window_bank_days"]
_READY_SIGNALS = {"settled", "completed", "captured"}
_GROUPINGS = {"transfer", "deposit", "payout"}
_BOOLEANS = {"true": True, "false": False}

MAY_STILL_COME: Final = timedelta(days=10)
"""For how long a batch may still come; what takes longer has long been a case."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How one rail settles."""

    channel: str
    lag_bank_days: int
    every_day: bool
    """Whether it settles on days on which banks are closed; the lag is then in calendar days and must be 0."""
    ready_signal: str
    """The word that makes a payment completed."""
    account: str
    """Ours, on which it settles."""
    grouped_by: str
    """What a line of the bank is: a transfer, a deposit of checks, or the payout of a processor."""
    fee_ppm: int
    """Share of each payment that its processor withholds, in parts per million."""
    fee_cents_each: int
    """What it withholds of each payment besides."""
    late_after_bank_days: int
    """Bank days after the day of settlement that its money may take."""
    window_bank_days: int
    """How many bank days a line and its movement may lie apart."""
    description: str

    def settles_on(self, value_date: date) -> date:
        """The day on which the bank shows a payment of `value_date`."""
        return value_date if self.every_day else add_bank_days(value_date, self.lag_bank_days)


def settles_on(channel: str, value_date: date) -> date:
    """The day on which the bank shows a payment of `value_date` that came by `channel`."""
    return RULES[channel].settles_on(value_date)


def days_to_come(days: Collection[date]) -> list[date]:
    """The days on which a batch of one of these days may come, from the first of them on."""
    first, last = min(days), max(days) + MAY_STILL_COME
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def fee_cents(amount_cents: int, rule: Rule) -> int:
    """What the processor of a rail withholds of a payment; nothing of what goes back. As `settlement.fee_cents`."""
    if amount_cents <= 0:
        return 0
    return (amount_cents * rule.fee_ppm + 500_000) // 1_000_000 + rule.fee_cents_each


def parse(lines: Iterable[str]) -> Mapping[str, Rule]:
    """Rules by channel, in the order of the file."""
    reader = csv.DictReader(lines)
    if reader.fieldnames != _COLUMNS:
        raise ValueError(f"settlement rules, line 1: expected the columns {_COLUMNS}, found {reader.fieldnames}")
    rules: dict[str, Rule] = {}
    for row in reader:
        where = f"settlement rules, line {reader.line_num}"
        if row["channel"] in rules:
            raise ValueError(f"{where}: channel {row['channel']!r} has a rule already; keep one")
        rules[row["channel"]] = _rule(row, where)
    return MappingProxyType(rules)


def _rule(row: Mapping[str, str], where: str) -> Rule:
    for column in _NUMBERS:
        if not row[column].isdecimal():
            raise ValueError(f"{where}: expected {column} as a whole number from 0, found {row[column]!r}")
    numbers = {column: int(row[column]) for column in _NUMBERS}
    every_day, ready_signal, grouped_by = row["every_day"], row["ready_signal"], row["grouped_by"]
    if every_day not in _BOOLEANS:
        raise ValueError(f"{where}: expected every_day as true or false, found {every_day!r}")
    if _BOOLEANS[every_day] and numbers["lag_bank_days"]:
        lag = numbers["lag_bank_days"]
        raise ValueError(f"{where}: a rail that settles every day has no lag in bank days, found {lag}")
    if ready_signal not in _READY_SIGNALS:
        raise ValueError(f"{where}: expected ready_signal as one of {sorted(_READY_SIGNALS)}, found {ready_signal!r}")
    if not row["account"]:
        raise ValueError(f"{where}: expected the account on which the rail settles, found none")
    if grouped_by not in _GROUPINGS:
        raise ValueError(f"{where}: expected grouped_by as one of {sorted(_GROUPINGS)}, found {grouped_by!r}")
    return Rule(
        channel=row["channel"],
        every_day=_BOOLEANS[every_day],
        ready_signal=ready_signal,
        account=row["account"],
        grouped_by=grouped_by,
        description=row["description"],
        **numbers,
    )


RULES: Mapping[str, Rule] = parse(RULES_FILE.read_text(encoding="utf-8").splitlines())
