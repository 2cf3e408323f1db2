"""What every reader of this folder returns: lines, the statements they belong to, and faults.

A reader is a generator over one file. It yields each `Line` as it meets it, each `Statement` after the last of its lines,
when its totals and balances have been held against them, and a `Fault` wherever the file is not what it must be. Nothing
is raised for bad input and nothing is kept but the statement in hand, so memory does not grow with the file.

A reader is strict: a file with any fault that is not forgiven must not be used. Read leniently, the codes that its module
lists in `LENIENT` are forgiven and remain as warnings; some are warnings always. What a fault says it found is a number,
a date or a code, never a text of the bank's, which may name a person.
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal, NamedTuple

Family = Literal["credit", "debit", "return", "fee", "interest", "other"]
"""What a line is, in the one vocabulary of all formats. The sign of its amount says where the money went."""

Nature = Literal["new", "correction", "deletion", "test"]
"""What a statement is to those of its day before it: more of the same, in their place, their end, or nothing at all."""

BalanceKind = Literal["opening", "closing", "opening_available", "closing_available", "other"]

MAX_LINE_BYTES: Final = 64 << 10
"""The longest line of a text file, and the longest text of a record or element. No format comes near it."""

MAX_FILE_BYTES: Final = 4 << 30
"""The largest file, as read: after decompression, so that a small archive cannot become a large disk."""

MAX_FAULTS: Final = 50
"""After so many faults that are not forgiven, a reader gives the file up."""


class Line(NamedTuple):
    """One movement on an account, as the bank tells it."""

    statement: int
    """The statement of the file it is in, from 1."""
    number: int
    """Its number in that statement, from 1."""
    account: str
    currency: str
    booked_on: date
    value_on: date
    amount_cents: int
    """In the smallest unit of the currency; negative where money left the account."""
    family: Family
    type_code: str
    """What the format calls it, as given: 142, NTRF/166, PMNT/RCDT/ESCT, R01."""
    bank_reference: str
    customer_reference: str
    text: str
    record: int
    """The record of the file it was read from, from 1."""
    file_line: int
    """The line of the file on which that record begins, from 1."""
    identity: str | None = None
    """The bank's own id of the line, where it gives one that no other line has."""


class Balance(NamedTuple):
    """What was on the account, booked or available, on a day."""

    kind: BalanceKind
    type_code: str
    as_of: date
    amount_cents: int


@dataclass(frozen=True, slots=True)
class Statement:
    """What a bank says of one account for one day or several, once all of it was read."""

    number: int
    """Its number in the file, from 1."""
    account: str
    currency: str
    bank: str
    """Who says it, as the file identifies them; empty where it does not."""
    reference: str
    """What the bank calls this statement."""
    from_on: date
    as_of: date
    balances: tuple[Balance, ...]
    line_count: int
    lines_cents: int
    """The sum of its lines."""
    nature: Nature = "new"
    is_final: bool = True
    """Whether the day is over; interim statements are followed by others."""
    record: int = 0
    file_line: int = 0

    def balance(self, kind: BalanceKind) -> int | None:
        """The first balance of this kind, or the last where it is a closing one; None if there is none."""
        found = [balance.amount_cents for balance in self.balances if balance.kind == kind]
        if not found:
            return None
        return found[-1] if kind.startswith("closing") else found[0]

    @property
    def is_proven(self) -> bool | None:
        """Whether opening balance plus lines is the closing balance; None where the file does not give both."""
        opening, closing = self.balance("opening"), self.balance("closing")
        return None if opening is None or closing is None else opening + self.lines_cents == closing


@dataclass(frozen=True, slots=True)
class Fault:
    """Something in a file that is not as it must be: what, where, what was expected and found, and what to do."""

    code: str
    record: int
    file_line: int
    field: str
    expected: str
    found: str
    is_forgiven: bool = False

    @property
    def remedy(self) -> str:
        """The next step."""
        return CODES[self.code]

    def __str__(self) -> str:
        return (
            f"record {self.record} (line {self.file_line}), {self.field}: "
            f"expected {self.expected}, found {self.found} [{self.code}]"
        )


Item = Line | Statement | Fault

_ASK: Final = "Ask the bank for the file again, and tell them the record."

CODES: Final[Mapping[str, str]] = {
    "not_the_format": (
        "Look whether it is the file that you meant. If it is a statement, say its format (--format; for CSV a mapping), or "
        "ask the bank for one in a format that is read here."
    ),
    "unreadable": "Let the account that runs this read the file, or put it where that account can.",
    "version": "Ask the bank for a version that is read here, or read it leniently after a look at its records.",
    "file_size": "Ask the bank to split the file.",
    "line_length": _ASK,
    "encoding": "Ask the bank for ASCII or UTF-8.",
    "markup": "Ask the bank for well-formed XML without a document type; entities are refused on purpose.",
    "structure": _ASK,
    "unfinished": "The file breaks off: fetch it again, whole.",
    "missing": _ASK,
    "value": _ASK,
    "length": "Ask the bank for the exact layout; leniently, blanks that were cut off or added are forgiven.",
    "sign": _ASK,
    "currency": "Ask the bank for a statement of one account in one currency.",
    "count": "Records are missing or doubled: fetch the file again; if it stays so, ask the bank which count is right.",
    "total": "An amount or the total is wrong: ask the bank which; read leniently only after that.",
    "hash": "A routing number was changed on the way: fetch the file again.",
    "balance": "Lines are missing or a balance is wrong: compare with the bank's own screen, and ask for the file again.",
    "mapping": "Correct the mapping; docs/statements.md shows one.",
    "page": "Pages are missing or out of order: ask the bank for the whole statement in one file.",
    "order": _ASK,
    "check_digit": "The routing number is mistyped: ask the sender which is right.",
    "unknown_code": "Look the code up in the bank's list and add it to the table of codes.",
    "envelope": "Nothing need be done: what stands around the messages holds no statement.",
    "not_booked": "Nothing need be done: what is not booked yet comes again when it is.",
    "nothing_to_delete": "The statement it deletes never came: ask the bank for it, then for the deletion.",
    "other_source": "The day is held in another format already: choose one for each account, or load this in its place.",
    "contradicts": "Ask the bank which is right; if it is this, load it in the place of what is stored.",
    "too_many": "The first faults are enough to see what is wrong; correct those and read the file again.",
}
"""Every code a fault can have, and the next step. Codes are only ever added."""

FATAL: Final = frozenset({"not_the_format", "file_size", "line_length", "markup", "too_many"})
"""Faults after which a reader does not go on, since what would follow is guesswork."""


class Judge:
    """Decides which faults are forgiven, and when a file is given up."""

    def __init__(self, forgiven: Container[str]) -> None:
        self._forgiven = forgiven
        self._severe = 0
        self.is_over = False
        """Whether the reader should stop."""

    def fault(
        self, code: str, record: int, file_line: int, name: str, expected: str, found: str, *, is_forgiven: bool = False
    ) -> Fault:
        """The fault, forgiven if its code is."""
        fault = Fault(code, record, file_line, name, expected, found, is_forgiven or code in self._forgiven)
        if not fault.is_forgiven:
            self._severe += 1
            self.is_over = self.is_over or code in FATAL or self._severe >= MAX_FAULTS
        return fault


@dataclass(slots=True)
class Reading:
    """A whole file in memory, for small files and for tests."""

    statements: list[Statement] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    """Those that are not forgiven."""
    warnings: list[Fault] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong with it that was not forgiven."""
        return not self.faults


def collect(items: Iterable[Item]) -> Reading:
    """Everything that a reader yields."""
    reading = Reading()
    for item in items:
        if isinstance(item, Line):
            reading.lines.append(item)
        elif isinstance(item, Statement):
            reading.statements.append(item)
        else:
            (reading.warnings if item.is_forgiven else reading.faults).append(item)
    return reading


# Values -----------------------------------------------------------------------------------------------------------------

_EXPONENTS: Final[Mapping[str, int]] = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF",
                     "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}  # fmt: skip
"""Digits after the decimal sign, where they are not two (ISO 4217)."""

MAX_CENTS: Final = 10**18 - 1
"""The largest amount: it and the sum of a handful like it fit into eight bytes."""


def cents(whole: str, fraction: str, currency: str) -> int | None:
    """The amount in the currency's smallest unit; None if it has more digits than the currency, or than an account."""
    exponent = _EXPONENTS.get(currency, 2)
    surplus = fraction[exponent:]
    if surplus.strip("0") or len(whole) > 18:
        return None
    amount = int(whole + fraction[:exponent].ljust(exponent, "0"))
    return amount if amount <= MAX_CENTS else None


def yymmdd(text: str) -> date | None:
    """A date of six digits; years from 70 on are of the last century."""
    if len(text) != 6 or not (text.isascii() and text.isdigit()):
        return None
    year = int(text[:2])
    try:
        return date(year + (1900 if year >= 70 else 2000), int(text[2:4]), int(text[4:]))
    except ValueError:
        return None


def shown(text: str, limit: int = 24) -> str:
    """A field as a fault shows it: short, printable, and told from nothing. Only for fields that hold no person's name."""
    if not text:
        return "nothing"
    cut = text if len(text) <= limit else text[:limit] + "…"
    return ascii(cut) if not cut.isprintable() or not cut.isascii() else f"'{cut}'"
