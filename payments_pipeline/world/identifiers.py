"""What payments are called by those who carry them: references, transfer ids, account numbers, sources.

All are functions of a payment's identity and rail, so nothing needs to remember them. References hold letters on every
rail, so that each can come back in another case.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from payments_pipeline.world.draws import Int64s
from payments_pipeline.world.text import digits, ids, prefixed


@dataclass(frozen=True, slots=True)
class Rail:
    """How one rail's payments are named, and who tells us of them."""

    source: str
    provider: str
    reference_prefix: str
    transfer_prefix: str
    metadata: str
    """Of payments made by hand; JSON."""
    automatic_metadata: str
    account: str
    """Ours, at the bank, that receives the money."""
    statement_text: str
    batch_prefix: str = ""
    """Of the numbers of deposits or payouts; empty where each payment comes by itself."""
    returns_by_another: bool = False
    """Whether money goes back by a transfer of its own."""


RAILS: Final = {
    "ach": Rail(
        "column_ach",
        "column",
        "Trc0910",
        "acht_",
        '{"sec":"WEB"}',
        '{"sec":"PPD","autopay":true}',
        "collections",
        "ACH CREDIT",
    ),
    "wire": Rail(
        "column_wire",
        "column",
        "Fed",
        "wire_",
        '{"obi":"MORTGAGE PAYMENT"}',
        "",
        "collections",
        "WIRE IN",
        returns_by_another=True,
    ),
    "realtime": Rail(
        "column_realtime",
        "column",
        "Rtp",
        "rttr_",
        "",
        "",
        "collections",
        "REAL TIME PAYMENT",
        returns_by_another=True,
    ),
    "check": Rail("lockbox", "lockbox", "Ck", "chkt_", '{"box":"7731"}', "", "lockbox", "LOCKBOX DEPOSIT", "DEP"),
    "card": Rail(
        "cards",
        "card_processor",
        "Auth",
        "ch_",
        '{"entry":"keyed"}',
        "",
        "processors",
        "CARD SETTLEMENT",
        "STL",
    ),
    "paypal": Rail("paypal", "paypal", "Pp", "pp_", "", "", "processors", "PAYPAL TRANSFER", "PPB"),
    "venmo": Rail("venmo", "venmo", "Vn", "vn_", "", "", "processors", "VENMO CASHOUT", "VNC"),
    "book": Rail("column_book", "column", "Bk", "book_", "", '{"autopay":true}', "collections", "BOOK TRANSFER"),
}

_REFERENCES: Final = 10**10
_STRIDE: Final = 834_597_113
"""Without a common factor with 10^10, so that multiples of it visit every number below once: references look unordered
and none comes twice. Small enough that the product of it and an identity of ten digits is an int64."""
_TRANSFER_SALT: Final = 0x5EED_0001
_RETURN_SALT: Final = 0x5EED_0008
_ACCOUNT_NUMBER_SALT: Final = 0x5EED_0011


def references(channel: str, identities: Int64s) -> pa.StringArray:
    """The reference of each payment, in the case that its source writes."""
    scrambled = identities * _STRIDE % _REFERENCES
    return prefixed(RAILS[channel].reference_prefix, digits(scrambled, 10))


def batch_numbers(channel: str, batches: Int64s) -> pa.StringArray:
    """What bank and source call each deposit or payout."""
    scrambled = batches * _STRIDE % _REFERENCES
    return prefixed(RAILS[channel].batch_prefix, digits(scrambled, 10))


def transfer_ids(channel: str, identities: Int64s) -> pa.StringArray:
    """The id of each payment's transfer at its provider."""
    return prefixed(RAILS[channel].transfer_prefix, ids(identities, _TRANSFER_SALT))


def return_ids(channel: str, identities: Int64s) -> pa.StringArray:
    """The id of the transfer by which each payment goes back."""
    rail = RAILS[channel]
    salt = _RETURN_SALT if rail.returns_by_another else _TRANSFER_SALT
    return prefixed(rail.transfer_prefix, ids(identities, salt))


def account_number_ids(loan_ids: Int64s) -> pa.StringArray:
    """The id of each loan's own account number at the bank: money that is sent there says by itself whose it is."""
    return prefixed("acno_", ids(loan_ids, _ACCOUNT_NUMBER_SALT))
