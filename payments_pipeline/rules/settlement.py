"""When the money of each rail reaches the bank, and which word about a payment means that it is there.

The rules are data, `data/settlement_rules.csv`, so that finance can read and change them without reading Python. They
are read once, when this module is imported.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType

from payments_pipeline.rules.calendar import add_bank_days

RULES_FILE = Path(__file__).resolve().parents[2] / "data" / "settlement_rules.csv"

_COLUMNS = ["channel", "lag_bank_days", "every_day", "ready_signals", "description"]
_BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Rule:
    """How one rail settles."""

    channel: str
    lag_bank_days: int
    every_day: bool
    """Whether it settles on days on which banks are closed; the lag is then in calendar days and must be 0."""
    ready_signals: frozenset[str]
    """The words that make a payment completed."""
    description: str

    def settles_on(self, value_date: date) -> date:
        """The day on which the bank shows a payment of `value_date`."""
        return value_date if self.every_day else add_bank_days(value_date, self.lag_bank_days)


def settles_on(channel: str, value_date: date) -> date:
    """The day on which the bank shows a payment of `value_date` that came by `channel`."""
    return RULES[channel].settles_on(value_date)


def is_ready(channel: str, signal: str) -> bool:
    """Whether `signal` says that a payment by `channel` is completed."""
    return signal in RULES[channel].ready_signals


def parse(lines: Iterable[str]) -> Mapping[str, Rule]:
    """Rules by channel, in the order of the file. Several ready signals of a rail are separated by `|`."""
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
    lag, every_day = row["lag_bank_days"], row["every_day"]
    signals = frozenset(row["ready_signals"].split("|")) - {""}
    if not lag.isdecimal():
        raise ValueError(f"{where}: expected lag_bank_days as a whole number from 0, found {lag!r}")
    if every_day not in _BOOLEANS:
        raise ValueError(f"{where}: expected every_day as true or false, found {every_day!r}")
    if _BOOLEANS[every_day] and int(lag):
        raise ValueError(f"{where}: a rail that settles every day has no lag in bank days, found {lag}")
    if not signals:
        raise ValueError(f"{where}: expected at least one ready signal, found none")
    return Rule(row["channel"], int(lag), _BOOLEANS[every_day], signals, row["description"])


RULES: Mapping[str, Rule] = parse(RULES_FILE.read_text(encoding="utf-8").splitlines())
