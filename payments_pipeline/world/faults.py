"""The ways in which a row can be malformed, one place each: what is written instead, and which column is to blame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

HEADER: Final = (
    "event",
    "reference_number",
    "loan_account_number",
    "cif",
    "amount",
    "currency",
    "payment_date",
    "value_date",
    "payment_channel",
    "provider",
    "return_code",
    "transfer_id",
    "metadata",
)
"""Columns of a delivered file."""

WHOLE_ROW: Final = "row"
"""Stands for the column where the number of columns is wrong."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to be malformed."""

    name: str
    column: str
    spoil: Callable[[list[str]], list[str]]
    """From the fields of a good row to those of a broken one."""


def _in(column: str, spoil: Callable[[str], str]) -> Callable[[list[str]], list[str]]:
    place = HEADER.index(column)
    return lambda row: [*row[:place], spoil(row[place]), *row[place + 1 :]]


FAULTS: Final = (
    Fault("amount_not_a_number", "amount", _in("amount", lambda _: "abc")),
    Fault("amount_negative", "amount", _in("amount", lambda amount: f"-{amount}")),
    Fault("amount_zero", "amount", _in("amount", lambda _: "0.00")),
    Fault("amount_in_mills", "amount", _in("amount", lambda amount: f"{amount}5")),
    Fault("reference_empty", "reference_number", _in("reference_number", lambda _: "")),
    Fault(
        "payment_date_impossible",
        "payment_date",
        _in("payment_date", lambda instant: f"{instant[:5]}13-32{instant[10:]}"),
    ),
    Fault("value_date_impossible", "value_date", _in("value_date", lambda day: f"{day[:5]}02-30")),
    Fault("value_date_absurd", "value_date", _in("value_date", lambda day: f"{int(day[:4]) + 100}{day[4:]}")),
    Fault("currency_foreign", "currency", _in("currency", lambda _: "EUR")),
    Fault("channel_unknown", "payment_channel", _in("payment_channel", lambda _: "pigeon")),
    Fault("columns_missing", WHOLE_ROW, lambda row: row[:-2]),
    Fault("columns_surplus", WHOLE_ROW, lambda row: [*row, "", "x"]),
)
