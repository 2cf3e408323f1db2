"""FIRE files of Forms 1098: records of 750 characters, as the tax authority takes them for tax years up to 2025.

`LAYOUT` is the one description of every record. Writing, reading, checking and the page that documents the format all
go by it, so that a position is stated once. Values are typed where a field holds a number or a date and text otherwise;
reading gives what is there, whatever it is worth, and checking says what it is worth.

A file is T, then for each group of returns A, its B records and C, and F at the end. A group holds originals, or the
first records of corrections (G), or the second ones (C), never a mixture. Forms 1098 are not in the combined
federal/state program, so there is no K record.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from functools import cache
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import numpy.typing as npt

from payments_pipeline.errors import PaymentsError
from payments_pipeline.formats import tax_text
from payments_pipeline.formats.us_states import STATES, ZIP3S

RECORD_LENGTH: Final = 750
LAST_TAX_YEAR: Final = 2025
"""Returns of later years go through IRIS; FIRE closes at the end of 2026."""

Value = str | int | date | None
Mask = npt.NDArray[np.bool_]
Matrix = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]


class FireError(PaymentsError):
    """A value that a record has no room for, or a record that is none of ours."""


class Kind(Enum):
    """What a field may hold, and how it is written."""

    BLANK = "blanks"
    CODE = "one of"
    TEXT = "capitals, digits, & - /, from the left"
    NAME = "capitals, digits, & -, from the left"
    FREE = "printable characters, from the left"
    NUMBER = "digits, filled with zeros from the left"
    NUMBER_OR_BLANK = "digits, filled with zeros from the left, or blanks"
    DATE = "a date, YYYYMMDD"
    DATE_OR_BLANK = "a date, YYYYMMDD, or blanks"
    DIGITS = "digits, from the left"
    TIN = "nine digits, not all the same"
    STATE = "two letters of a state"
    LINE_END = "blanks or a line end"


@dataclass(frozen=True, slots=True)
class Field:
    """A stretch of a record. Positions count from 1 and include the last."""

    name: str
    first: int
    last: int
    kind: Kind
    description: str
    codes: tuple[str, ...] = ()
    """For a code: what it may be, blank filled to the length of the field."""
    is_required: bool = False
    is_personal: bool = False
    """Never shown in a message."""

    @property
    def length(self) -> int:
        """How many characters it has."""
        return self.last - self.first + 1

    @property
    def expected(self) -> str:
        """What it should hold, for a message or a page."""
        if self.kind is Kind.CODE:
            codes = ", ".join(map(repr, self.codes))
            return f"one of {codes}" if len(self.codes) > 1 else codes
        may_be_empty = not self.is_required and self.kind not in _NEVER_EMPTY
        return f"{self.kind.value}, or blanks" if may_be_empty else str(self.kind.value)


_NEVER_EMPTY: Final = {
    Kind.BLANK, Kind.CODE, Kind.NUMBER, Kind.NUMBER_OR_BLANK, Kind.DATE, Kind.DATE_OR_BLANK, Kind.LINE_END,
}  # fmt: skip

AMOUNTS: Final = "123456789ABCDEFGHJ"
"""The amount codes in the order of their fields. There is no I."""

AMOUNT_OF_BOX: Final = {1: "1", 6: "2", 4: "3", 5: "4", 2: "6"}
"""Amount codes are not box numbers: points (box 6) are amount 2, refunds (box 4) 3, premiums (box 5) 4, principal
(box 2) 6."""

_MONEY_CODES: Final = "".join(sorted(AMOUNT_OF_BOX.values()))

# One line a field: name, first-last, kind, description. After the kind: "!" required, "*" personal; codes in brackets.
_SOURCE: Final = {
    "T": """
record_type 1-1 CODE [T] Kind of record
tax_year 2-5 NUMBER Tax year
prior_year 6-6 CODE [ |P] P where the file is of an earlier year than the current one
transmitter_tin 7-15 TIN! Taxpayer number of who transmits
transmitter_control_code 16-20 TEXT! Control code of the transmitter (TCC), for FIRE
blank_21 21-27 BLANK Blank
test_indicator 28-28 CODE [ |T] T for a test file
foreign_entity 29-29 CODE [ |1] 1 for a foreign transmitter
transmitter_name 30-69 NAME! Name of the transmitter
transmitter_name_2 70-109 NAME Name of the transmitter, continued
company_name 110-149 NAME! Company to write to about the file
company_name_2 150-189 NAME Company, continued
company_address 190-229 TEXT! Street or box
company_city 230-269 TEXT! City
company_state 270-271 STATE! State
company_zip 272-280 DIGITS! Postal code
blank_281 281-295 BLANK Blank
payees 296-303 NUMBER Number of B records in the file
contact_name 304-343 NAME! Whom to ask about the file
contact_phone 344-358 DIGITS! Telephone of the contact, with extension
contact_email 359-408 FREE E-mail of the contact
blank_409 409-499 BLANK Blank
sequence 500-507 NUMBER Number of the record in the file, from 1
blank_508 508-517 BLANK Blank
vendor_indicator 518-518 CODE [V|I] V for a vendor's software, I for software of the house
vendor_name 519-558 NAME Name of the vendor
vendor_address 559-598 TEXT Street of the vendor
vendor_city 599-638 TEXT City of the vendor
vendor_state 639-640 STATE State of the vendor
vendor_zip 641-649 DIGITS Postal code of the vendor
vendor_contact_name 650-689 NAME Whom to ask at the vendor's
vendor_contact_phone 690-704 DIGITS Telephone of the vendor
blank_705 705-739 BLANK Blank
vendor_foreign_entity 740-740 CODE [ |1] 1 for a foreign vendor
blank_741 741-748 BLANK Blank
line_end 749-750 LINE_END Blanks, or carriage return and line feed
""",
    "A": """
record_type 1-1 CODE [A] Kind of record
tax_year 2-5 NUMBER Tax year
combined_program 6-6 BLANK Combined federal/state program: not for Form 1098
blank_7 7-11 BLANK Blank
issuer_tin 12-20 TIN! Taxpayer number of the filer
issuer_name_control 21-24 NAME Name control of the filer
last_filing 25-25 CODE [ |1] 1 where the filer files for the last time
return_type 26-27 CODE [3 ] Type of return: 3 for Form 1098
amount_codes 28-45 TEXT! Amounts that the group uses, ascending
blank_46 46-51 BLANK Blank
foreign_entity 52-52 CODE [ |1] 1 for a foreign filer
issuer_name 53-92 NAME! Name of the filer
issuer_name_2 93-132 NAME Name of the filer, continued, or of the transfer agent
transfer_agent 133-133 CODE [0|1] 1 where the second name is a transfer agent's
issuer_address 134-173 TEXT! Street of the filer
issuer_city 174-213 TEXT! City of the filer
issuer_state 214-215 STATE! State of the filer
issuer_zip 216-224 DIGITS! Postal code of the filer
issuer_phone 225-239 DIGITS Telephone of the filer
blank_240 240-499 BLANK Blank
sequence 500-507 NUMBER Number of the record in the file
blank_508 508-748 BLANK Blank
line_end 749-750 LINE_END Blanks, or carriage return and line feed
""",
    "B": """
record_type 1-1 CODE [B] Kind of record
tax_year 2-5 NUMBER Tax year
corrected 6-6 CODE [ |G|C] Blank for an original, G for a correction's only or first record, C for its second
name_control 7-10 NAME* First four letters of the borrower's surname
tin_type 11-11 CODE [ |1|2] 1 for an EIN, 2 for an SSN, ITIN or ATIN, blank where unknown
tin 12-20 TIN* Taxpayer number of the borrower
account_number 21-40 TEXT! Number of the loan
office_code 41-44 TEXT Office of the filer
blank_45 45-54 BLANK Blank
{amounts}
blank_271 271-286 BLANK Blank
foreign_country 287-287 CODE [ |1] 1 for an address abroad, written freely in 448-498
name 288-327 NAME!* Borrower, surname first
name_2 328-367 NAME* Borrower, continued
address 368-407 TEXT!* Mailing address
blank_408 408-447 BLANK Blank
city 448-487 TEXT!* City
state 488-489 STATE* State
zip 490-498 TEXT* Postal code
blank_499 499-499 BLANK Blank
sequence 500-507 NUMBER Number of the record in the file
blank_508 508-543 BLANK Blank
origination_date 544-551 DATE Date of the note (box 3)
property_is_address 552-552 CODE [ |1] 1 where the property is at the mailing address (box 7)
property 553-591 TEXT* Address or description of the property (box 8), blank where box 7 is marked
other 592-630 TEXT Other (box 10)
blank_631 631-669 BLANK Blank
properties 670-673 NUMBER_OR_BLANK Number of properties (box 9), blank for fewer than two
special_data 674-722 FREE For the filer's own use
acquisition_date 723-730 DATE_OR_BLANK Date on which the mortgage was acquired, where in the year (box 11)
blank_731 731-748 BLANK Blank
line_end 749-750 LINE_END Blanks, or carriage return and line feed
""",
    "C": """
record_type 1-1 CODE [C] Kind of record
payees 2-9 NUMBER Number of B records of the group
blank_10 10-15 BLANK Blank
{totals}
blank_340 340-499 BLANK Blank
sequence 500-507 NUMBER Number of the record in the file
blank_508 508-748 BLANK Blank
line_end 749-750 LINE_END Blanks, or carriage return and line feed
""",
    "F": """
record_type 1-1 CODE [F] Kind of record
issuers 2-9 NUMBER Number of A records in the file
zeros_10 10-30 CODE [000000000000000000000] Zeros
blank_31 31-49 BLANK Blank
payees 50-57 NUMBER Number of B records in the file
blank_58 58-499 BLANK Blank
sequence 500-507 NUMBER Number of the record in the file
blank_508 508-748 BLANK Blank
line_end 749-750 LINE_END Blanks, or carriage return and line feed
""",
}

_BOX_OF_AMOUNT: Final = {code: box for box, code in AMOUNT_OF_BOX.items()}
_LINE: Final = re.compile(r"(\w+) (\d+)-(\d+) (\w+)(!?)(\*?)(?: \[([^]]*)\])? (.+)")


def _amounts(prefix: str, first: int, length: int) -> str:
    lines = []
    for number, code in enumerate(AMOUNTS):
        start = first + number * length
        used = f"box {_BOX_OF_AMOUNT[code]}" if code in _BOX_OF_AMOUNT else "not used by Form 1098"
        lines.append(f"{prefix}_{code} {start}-{start + length - 1} NUMBER Amount {code} in cents: {used}")
    return "\n".join(lines)


def _fields(source: str) -> tuple[Field, ...]:
    text = source.format(amounts=_amounts("amount", 55, 12), totals=_amounts("total", 16, 18))
    found: list[Field] = []
    for line in text.strip().splitlines():
        parts = _LINE.fullmatch(line)
        assert parts, f"this line of the layout cannot be read: {line}"
        name, first, last, kind, required, personal, codes, description = parts.groups()
        length = int(last) - int(first) + 1
        padded = tuple(code.ljust(length) for code in codes.split("|")) if codes is not None else ()
        found.append(
            Field(name, int(first), int(last), Kind[kind], description, padded, bool(required), bool(personal))
        )
    ends = [0, *(each.last for each in found)]
    assert [each.first for each in found] == [end + 1 for end in ends[:-1]], "the fields leave a gap"
    assert ends[-1] == RECORD_LENGTH
    return tuple(found)


LAYOUT: Final[Mapping[str, tuple[Field, ...]]] = {kind: _fields(source) for kind, source in _SOURCE.items()}
"""Every field of every record, without a gap from 1 to 750."""


@cache
def field_of(record_type: str, name: str) -> Field:
    """A field by its name."""
    return next(each for each in LAYOUT[record_type] if each.name == name)


# Reading and writing ----------------------------------------------------------------------------------------------------


def read_record(record: bytes) -> dict[str, Value]:
    """The values of a record. What is no number or date where one should be is given as the text that stands there."""
    text = record.decode("latin-1")
    if len(text) != RECORD_LENGTH or text[0] not in LAYOUT:
        raise FireError(
            f"a record of {len(text)} characters that begins with {text[:1]!r} is none of ours",
            f"records have {RECORD_LENGTH} characters and begin with one of {', '.join(LAYOUT)}.",
        )
    return {each.name: _read(each, text[each.first - 1 : each.last]) for each in LAYOUT[text[0]]}


def _read(field_: Field, text: str) -> Value:
    match field_.kind:
        case Kind.NUMBER | Kind.NUMBER_OR_BLANK if text.isdecimal():
            return int(text)
        case Kind.DATE | Kind.DATE_OR_BLANK if text.isdecimal():
            try:
                return date(int(text[:4]), int(text[4:6]), int(text[6:]))
            except ValueError:
                return text
        case Kind.NUMBER_OR_BLANK | Kind.DATE_OR_BLANK | Kind.DATE if not text.strip():
            return None
        case Kind.LINE_END:
            return text
        case _:
            return text.rstrip(" ")


def write_record(record_type: str, values: Mapping[str, Value], line_end: str = "\r\n") -> bytes:
    """A record of these values. Fields that are not named are blank, numbers zero; constants need no naming."""
    constants = {each.name: each.codes[0] for each in LAYOUT[record_type] if len(each.codes) == 1}
    given = {"line_end": line_end, **constants, **values}
    unknown = given.keys() - {each.name for each in LAYOUT[record_type]}
    if unknown:
        raise FireError(f"{record_type} records have no field {', '.join(sorted(unknown))}", "check the layout.")
    return "".join(_write(record_type, each, given.get(each.name)) for each in LAYOUT[record_type]).encode("latin-1")


def _write(record_type: str, field_: Field, value: Value) -> str:
    match value:
        case None if field_.kind is Kind.NUMBER:
            text = "0" * field_.length
        case None:
            text = " " * field_.length
        case date():
            text = f"{value:%Y%m%d}"
        case int():
            text = f"{value:0{field_.length}d}"
        case str():
            text = value.ljust(field_.length)
    if len(text) != field_.length or (isinstance(value, int) and value < 0):
        shown = tax_text.shape_of(text) if field_.is_personal else repr(value)
        raise FireError(
            f"{record_type} record, {field_.name} ({field_.first}-{field_.last}): expected at most {field_.length} "
            f"characters of {field_.expected}, found {shown}",
            "shorten the value where it comes from.",
        )
    return text


@cache
def _payee_template() -> str:
    """A B record as a template for `%`: writing six million of them field by field would take minutes."""
    pieces = []
    for each in LAYOUT["B"]:
        match each.kind:
            case Kind.BLANK:
                pieces.append(" " * each.length)
            case Kind.NUMBER:
                pieces.append(f"%({each.name})0{each.length}d")
            case Kind.CODE if len(each.codes) == 1:
                pieces.append(each.codes[0])
            case _:
                pieces.append(f"%({each.name})-{each.length}s")
    return "".join(pieces)


_PAYEE_DEFAULTS: Final = {
    **{each.name: 0 for each in LAYOUT["B"] if each.kind is Kind.NUMBER},
    **{each.name: "" for each in LAYOUT["B"] if each.kind not in (Kind.NUMBER, Kind.BLANK)},
    "line_end": "\r\n",
}


def _payee_record(values: Mapping[str, Value]) -> bytes:
    """A B record. The slow way writes the same bytes, and says which value does not fit."""
    given = {
        name: "" if value is None else f"{value:%Y%m%d}" if isinstance(value, date) else value
        for name, value in values.items()
    }
    if isinstance(given.get("properties"), int):
        given["properties"] = f"{given['properties']:04d}"
    text = _payee_template() % {**_PAYEE_DEFAULTS, **given}
    if len(text) != RECORD_LENGTH or "-" in text[54:270]:
        return write_record("B", values)
    return text.encode("latin-1")


class FireWriter:
    """Writes a file in one pass over its returns: what T and A say of those that follow is filled in afterwards."""

    def __init__(self, out: BinaryIO, tax_year: int, transmitter: Mapping[str, Value]) -> None:
        self._out = out
        self._tax_year = tax_year
        self._transmitter = dict(transmitter)
        self._sequence = 0
        self._payees = 0
        self._issuers = 0
        self._issuer: dict[str, Value] = {}
        self._issuer_at = 0
        self._issuer_sequence = 0
        self._group_payees = 0
        self._totals = dict.fromkeys(AMOUNTS, 0)
        self._put("T", self._transmitter)

    def begin_group(self, issuer: Mapping[str, Value]) -> None:
        """A group of returns of this filer."""
        self._issuer = dict(issuer)
        self._issuer_at = self._out.tell()
        self._group_payees, self._totals = 0, dict.fromkeys(AMOUNTS, 0)
        self._issuers += 1
        self._put("A", {**self._issuer, "amount_codes": ""})
        self._issuer_sequence = self._sequence

    def payee(self, values: Mapping[str, Value]) -> int:
        """A return; gives the number of its record in the file."""
        self._sequence += 1
        self._out.write(_payee_record({**values, "tax_year": self._tax_year, "sequence": self._sequence}))
        self._group_payees += 1
        for code in _MONEY_CODES:
            cents = values.get(f"amount_{code}", 0)
            assert isinstance(cents, int)
            self._totals[code] += cents
        return self._sequence

    def end_group(self) -> None:
        """The control totals of the group, and the amounts that it turned out to use."""
        totals: dict[str, Value] = {f"total_{code}": cents for code, cents in self._totals.items()}
        self._put("C", {"payees": self._group_payees, **totals})
        # A group of nothing but zeros, such as the first records of two-transaction corrections, still names interest.
        used = "".join(code for code, cents in self._totals.items() if cents) or AMOUNT_OF_BOX[1]
        issuer: dict[str, Value] = {**self._issuer, "amount_codes": used, "tax_year": self._tax_year}
        self._rewrite(self._issuer_at, "A", {**issuer, "sequence": self._issuer_sequence})
        self._payees += self._group_payees

    def close(self) -> None:
        """The end of the file; who opened it closes it."""
        self._put("F", {"issuers": self._issuers, "payees": self._payees})
        self._rewrite(0, "T", {**self._transmitter, "payees": self._payees, "tax_year": self._tax_year, "sequence": 1})

    def _put(self, record_type: str, values: Mapping[str, Value]) -> None:
        self._sequence += 1
        year: dict[str, Value] = {"tax_year": self._tax_year} if record_type in "TA" else {}
        self._out.write(write_record(record_type, {**values, **year, "sequence": self._sequence}))

    def _rewrite(self, at: int, record_type: str, values: Mapping[str, Value]) -> None:
        end = self._out.tell()
        self._out.seek(at)
        self._out.write(write_record(record_type, values))
        self._out.seek(end)


# Checking ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that the tax authority would refuse or misread."""

    record: int
    """Number of the record in the file, from 1."""
    record_type: str
    field: str
    first: int
    last: int
    expected: str
    found: str

    def __str__(self) -> str:
        return (
            f"record {self.record} ({self.record_type}), {self.field} ({self.first}-{self.last}): "
            f"expected {self.expected}, found {self.found}"
        )


@dataclass
class Checked:
    """What a file holds, and the first of its faults."""

    records: int = 0
    payees: int = 0
    totals: dict[str, int] = field(default_factory=lambda: dict.fromkeys(AMOUNTS, 0))
    faults: list[Fault] = field(default_factory=list)
    fault_count: int = 0

    @property
    def is_accepted(self) -> bool:
        """Whether nothing is wrong with it."""
        return self.fault_count == 0


_BLOCK_RECORDS: Final = 20_000


def check_file(path: Path, *, most: int = 1_000) -> Checked:
    """Read a file of any size and name its faults, the first `most` of them in full; memory holds a block of records."""
    return _Check(path, most).run()


@dataclass
class _Group:
    """The A record that is open, and what its B records have added up to."""

    record: int
    codes: str
    payees: int = 0
    corrected: str | None = None
    totals: dict[str, int] = field(default_factory=lambda: dict.fromkeys(AMOUNTS, 0))


class _Check:
    """One reading of one file."""

    def __init__(self, path: Path, most: int) -> None:
        self._path = path
        self._most = most
        self._checked = Checked()
        self._group: _Group | None = None
        self._groups = 0
        self._tax_year = 0
        self._said_payees = 0
        self._has_ended = False
        self._accounts: list[npt.NDArray[np.uint64]] = []
        self._account_records: list[Int64s] = []

    def run(self) -> Checked:
        size = self._path.stat().st_size
        with self._path.open("rb") as file:
            while block := file.read(RECORD_LENGTH * _BLOCK_RECORDS):
                whole = len(block) // RECORD_LENGTH
                self._check_block(np.frombuffer(block, np.uint8, whole * RECORD_LENGTH).reshape(whole, RECORD_LENGTH))
                self._checked.records += whole
        if size % RECORD_LENGTH or not size:
            found = f"{size:,} characters" if size else "an empty file"
            self._fault(
                self._checked.records + 1, "?", "length", 1, RECORD_LENGTH, "records of 750 characters each", found
            )
        if not self._has_ended:
            self._fault(self._checked.records, "?", "record_type", 1, 1, "an F record at the end", "none")
        self._check_accounts()
        return self._checked

    def _check_block(self, block: Matrix) -> None:
        """Runs of B records are checked together, a field of all of them at a time; the others one by one."""
        is_payee = block[:, 0] == ord("B")
        edges = np.flatnonzero(np.diff(is_payee.astype(np.int8))) + 1
        starts = [0, *edges.tolist()]
        for start, end in zip(starts, [*starts[1:], len(block)], strict=True):
            first = self._checked.records + start + 1
            if is_payee[start]:
                self._check_payees(block[start:end], first)
            else:
                for offset in range(end - start):
                    self._check_other(block[start + offset : start + offset + 1], first + offset)

    def _check_other(self, row: Matrix, number: int) -> None:
        record_type = chr(row[0, 0])
        if record_type not in LAYOUT:
            expected = "one of T, A, B, C, F (Form 1098 has no K record)"
            self._fault(number, record_type, "record_type", 1, 1, expected, repr(record_type))
            return
        self._check_fields(record_type, row, number)
        self._check_sequence(record_type, row, number)
        values = read_record(row.tobytes())
        if (record_type == "T") != (number == 1) or self._has_ended:
            self._fault(number, record_type, "record_type", 1, 1, "T first and only once, F last", repr(record_type))
        match record_type:
            case "T":
                self._tax_year = _whole(values["tax_year"])
                self._said_payees = _whole(values["payees"])
            case "A":
                self._begin_group(values, number)
            case "C":
                self._end_group(values, number)
            case _:
                self._end_file(values, number)

    def _begin_group(self, values: Mapping[str, Value], number: int) -> None:
        if self._group is not None:
            self._fault(
                number, "A", "record_type", 1, 1, f"a C record for the group of record {self._group.record}", "'A'"
            )
        self._groups += 1
        codes = str(values["amount_codes"])
        self._group = _Group(number, codes)
        if values["tax_year"] != self._tax_year:
            self._wrong("A", "tax_year", number, str(self._tax_year), str(values["tax_year"]))
        if not codes or list(codes) != sorted(set(codes) & set(_MONEY_CODES)):
            self._wrong("A", "amount_codes", number, f"codes out of {_MONEY_CODES}, ascending, each once", repr(codes))

    def _end_group(self, values: Mapping[str, Value], number: int) -> None:
        group = self._group
        if group is None:
            self._fault(number, "C", "record_type", 1, 1, "an A record before it", "'C'")
            return
        if values["payees"] != group.payees or not group.payees:
            self._wrong("C", "payees", number, f"{group.payees or 'at least 1'}", str(values["payees"]))
        for code, cents in group.totals.items():
            if values[f"total_{code}"] != cents:
                self._wrong("C", f"total_{code}", number, f"the sum {cents:018d}", str(values[f"total_{code}"]))
            if cents and code not in group.codes:
                self._wrong("A", "amount_codes", group.record, f"{code} among the codes", repr(group.codes))
        self._group = None

    def _end_file(self, values: Mapping[str, Value], number: int) -> None:
        self._has_ended = True
        if self._group is not None:
            self._fault(
                number, "F", "record_type", 1, 1, f"a C record for the group of record {self._group.record}", "'F'"
            )
        for name, counted in (("issuers", self._groups), ("payees", self._checked.payees)):
            if values[name] != counted:
                self._wrong("F", name, number, str(counted), str(values[name]))
        if self._said_payees != self._checked.payees:
            self._wrong("T", "payees", 1, str(self._checked.payees), str(self._said_payees))

    def _check_payees(self, rows: Matrix, first: int) -> None:
        group = self._group
        if group is None or self._has_ended:
            self._fault(first, "B", "record_type", 1, 1, "an A record before it", "'B'")
        self._check_fields("B", rows, first)
        self._check_sequence("B", rows, first)
        payees = _Payees(rows)
        for name, is_good, expected in payees.properties(self._tax_year):
            self._report("B", field_of("B", name), rows, first, is_good, expected)
        self._checked.payees += len(rows)
        totals = payees.totals()
        for code, cents in totals.items():
            self._checked.totals[code] += cents
        if group is not None:
            group.payees += len(rows)
            for code, cents in totals.items():
                group.totals[code] += cents
            corrected = rows[:, field_of("B", "corrected").first - 1]
            group.corrected = group.corrected or chr(corrected[0])
            expected = f"{group.corrected!r}, as in the first of the group: originals, G and C have groups of their own"
            self._report("B", field_of("B", "corrected"), rows, first, corrected == ord(group.corrected), expected)
        self._accounts.append(payees.account_hashes())
        self._account_records.append(np.arange(first, first + len(rows), dtype=np.int64))

    def _check_fields(self, record_type: str, rows: Matrix, first: int) -> None:
        for each in LAYOUT[record_type]:
            self._report(record_type, each, rows, first, _RULES[each.kind](each, _part(each, rows)), each.expected)

    def _check_sequence(self, record_type: str, rows: Matrix, first: int) -> None:
        each = field_of(record_type, "sequence")
        expected = np.arange(first, first + len(rows), dtype=np.int64)
        self._report(
            record_type, each, rows, first, _numbers(_part(each, rows)) == expected, "the number of the record"
        )

    def _check_accounts(self) -> None:
        """No two returns of a kind have one account number: it is what a correction finds its original by."""
        if not self._accounts:
            return
        hashes, records = np.concatenate(self._accounts), np.concatenate(self._account_records)
        order = np.argsort(hashes, kind="stable")
        again = np.flatnonzero(hashes[order][1:] == hashes[order][:-1])
        for place in again.tolist():
            original, repeat = int(records[order[place]]), int(records[order[place + 1]])
            self._wrong("B", "account_number", repeat, "one of its own", f"that of record {original}")

    def _report(self, record_type: str, each: Field, rows: Matrix, first: int, is_good: Mask, expected: str) -> None:
        for row in np.flatnonzero(~is_good).tolist():
            text = _part(each, rows)[row].tobytes().decode("latin-1")
            self._wrong(record_type, each.name, first + row, expected, _shown(each, text))

    def _wrong(self, record_type: str, name: str, number: int, expected: str, found: str) -> None:
        each = field_of(record_type, name)
        self._fault(number, record_type, name, each.first, each.last, expected, found)

    def _fault(
        self, record: int, record_type: str, name: str, first: int, last: int, expected: str, found: str
    ) -> None:
        self._checked.fault_count += 1
        if len(self._checked.faults) < self._most:
            self._checked.faults.append(Fault(record, record_type, name, first, last, expected, found))


class _Payees:
    """B records side by side, and what must hold between their fields."""

    def __init__(self, rows: Matrix) -> None:
        self._rows = rows

    def properties(self, tax_year: int) -> Iterator[tuple[str, Mask, str]]:
        """Field, where it is as it should be beside the others, and what it should be."""
        year = self._part("tax_year")
        yield "tax_year", _numbers(year) == tax_year, f"{tax_year}, as in the T record"

        has_tin, has_type = ~self._is_blank("tin"), ~self._is_blank("tin_type")
        yield "tin_type", has_tin == has_type, "a type beside a number, and blank beside none"
        yield "tin", ~has_type | has_tin, "a number beside its type"

        is_foreign = ~self._is_blank("foreign_country")
        zip_ = self._part("zip")
        is_zip = _DIGIT[zip_[:, :5]].all(1) & ((zip_[:, 5:] == 32).all(1) | _DIGIT[zip_[:, 5:]].all(1))
        yield "state", is_foreign | ~self._is_blank("state"), "a state, unless the address is abroad"
        yield "zip", is_foreign | is_zip, "five or nine digits, unless the address is abroad"
        yield "zip", is_foreign | ~is_zip | self._zip_is_in_state(zip_), "a postal code of the state"

        is_home, has_property = ~self._is_blank("property_is_address"), ~self._is_blank("property")
        expected = "an address or description where box 7 is not marked, and blanks where it is"
        yield "property", is_home != has_property, expected

        count = self._part("properties")
        yield "properties", self._is_blank("properties") | (_numbers(count) >= 2), "blanks, or a number of 2 or more"
        for code in AMOUNTS:
            if code not in _MONEY_CODES:
                name = f"amount_{code}"
                yield name, _numbers(self._part(name)) == 0, "zeros: Form 1098 does not use it"
        is_first_of_two = self._part("corrected")[:, 0] == ord("G")
        yield "amount_1", is_first_of_two | self._has_money(), "an amount in at least one of boxes 1, 4, 5 and 6"
        acquired = self._part("acquisition_date")
        in_year = (acquired[:, :4] == year).all(1)
        yield "acquisition_date", self._is_blank("acquisition_date") | in_year, f"a date in {tax_year}, or blanks"
        yield "name_control", self._fits_name(), "the first letters of the name, or blanks"

    def totals(self) -> dict[str, int]:
        """The sum of each amount. Sums of twelve digits over a block stay far below 2^63."""
        return {code: int(_numbers(self._part(f"amount_{code}")).clip(0).sum()) for code in AMOUNTS}

    def account_hashes(self) -> npt.NDArray[np.uint64]:
        """64 bits for each account number and kind of record: two that are the same are the same number, but for once
        in a million files.
        """
        columns = np.hstack([self._part("corrected"), self._part("account_number")]).astype(np.uint64)
        mixed = np.full(len(columns), 0xCBF29CE484222325, dtype=np.uint64)
        for column in range(columns.shape[1]):
            mixed = (mixed ^ columns[:, column]) * np.uint64(0x100000001B3)
            mixed ^= mixed >> np.uint64(29)
        return mixed

    def _has_money(self) -> Mask:
        codes = [AMOUNT_OF_BOX[box] for box in (1, 4, 5, 6)]
        found: Mask = np.any([_numbers(self._part(f"amount_{code}")) > 0 for code in codes], axis=0)
        return found

    def _zip_is_in_state(self, zip_: Matrix) -> Mask:
        state, code = self._part("state"), zip_[:, :3].astype(np.int64) - 48
        zip3 = np.clip(code[:, 0] * 100 + code[:, 1] * 10 + code[:, 2], 0, 999)
        found: Mask = _ZIP3_IN_STATE[_state_numbers(state), zip3] | _blank(state)
        return found

    def _fits_name(self) -> Mask:
        """A control of a person begins the name, which is written surname first; a hyphen or space may lie between."""
        control, name = self._part("name_control"), self._part("name")
        is_letter = ~np.isin(name[:, :4], np.frombuffer(b" -&", np.uint8))
        before_gap = np.logical_and.accumulate(is_letter, axis=1)
        begins_with_the = (name[:, :4] == np.frombuffer(b"THE ", np.uint8)).all(axis=1)
        good: Mask = ((control == name[:, :4]) | (control == 32) | ~before_gap).all(axis=1)
        fits: Mask = good | begins_with_the
        return fits

    def _part(self, name: str) -> Matrix:
        return _part(field_of("B", name), self._rows)

    def _is_blank(self, name: str) -> Mask:
        return _blank(self._part(name))


def _part(each: Field, rows: Matrix) -> Matrix:
    return rows[:, each.first - 1 : each.last]


def _blank(part: Matrix) -> Mask:
    is_blank: Mask = (part == 32).all(axis=1)
    return is_blank


def _numbers(part: Matrix) -> Int64s:
    """The numbers that digits stand for; -1 where something else stands. Of 18 digits, all fit an int64."""
    value = np.zeros(len(part), dtype=np.int64)
    for column in range(part.shape[1]):
        value = value * 10 + (part[:, column].astype(np.int64) - 48)
    return np.where(_DIGIT[part].all(axis=1), value, -1)


def _allowed(characters: str) -> Mask:
    table = np.zeros(256, dtype=np.bool_)
    table[np.frombuffer(characters.encode(), np.uint8)] = True
    return table


_CAPITALS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DIGITS: Final = "0123456789"
_DIGIT: Final = _allowed(_DIGITS)
_CHARACTERS: Final = {
    Kind.TEXT: _allowed(_CAPITALS + _DIGITS + " &-/"),
    Kind.NAME: _allowed(_CAPITALS + _DIGITS + " &-"),
    Kind.FREE: _allowed("".join(chr(code) for code in range(32, 127))),
    Kind.DIGITS: _allowed(_DIGITS + " "),
}
_STATE_INDEX: Final = np.full((256, 256), len(STATES), dtype=np.int16)
for _number, _state in enumerate(STATES):
    _STATE_INDEX[ord(_state[0]), ord(_state[1])] = _number
_ZIP3_IN_STATE: Final = np.zeros((len(STATES) + 1, 1_000), dtype=np.bool_)
for _number, _state in enumerate(STATES):
    _ZIP3_IN_STATE[_number, [int(zip3) for zip3 in ZIP3S[_state]]] = True


def _state_numbers(part: Matrix) -> npt.NDArray[np.int16]:
    return _STATE_INDEX[part[:, 0], part[:, 1]]


def _is_code(each: Field, part: Matrix) -> Mask:
    wanted = [np.frombuffer(code.encode(), np.uint8) for code in each.codes]
    found: Mask = np.any([(part == code).all(axis=1) for code in wanted], axis=0)
    return found


def _is_text(each: Field, part: Matrix) -> Mask:
    """Only its characters, nothing blank before the first of them."""
    is_blank = _blank(part)
    good: Mask = _CHARACTERS[each.kind][part].all(axis=1) & (is_blank | (part[:, 0] != 32))
    return good & ~is_blank if each.is_required else good


def _is_digits(each: Field, part: Matrix) -> Mask:
    """Digits without a gap between them."""
    is_digit = _DIGIT[part]
    good: Mask = _is_text(each, part) & ~(~is_digit[:, :-1] & is_digit[:, 1:]).any(axis=1)
    return good


def _is_tin(each: Field, part: Matrix) -> Mask:
    good: Mask = _DIGIT[part].all(axis=1) & (part != part[:, :1]).any(axis=1)
    return good if each.is_required else good | _blank(part)


def _is_state(each: Field, part: Matrix) -> Mask:
    good: Mask = np.asarray(_state_numbers(part) < len(STATES))
    return good if each.is_required else good | _blank(part)


def _is_date(part: Matrix) -> Mask:
    year, month, day = _numbers(part[:, :4]), _numbers(part[:, 4:6]), _numbers(part[:, 6:])
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    lengths = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    in_month = lengths[np.where((month >= 1) & (month <= 12), month, 0)] + (leap & (month == 2))
    good: Mask = np.logical_and.reduce([year >= 1900, day >= 1, day <= in_month])
    return good


def _is_number(part: Matrix) -> Mask:
    good: Mask = np.logical_and.reduce(_DIGIT[part], axis=1)
    return good


def _is_line_end(part: Matrix) -> Mask:
    is_crlf: Mask = (part == np.frombuffer(b"\r\n", np.uint8)).all(axis=1)
    return _blank(part) | is_crlf


_RULES: Final[Mapping[Kind, Callable[[Field, Matrix], Mask]]] = {
    Kind.BLANK: lambda _, part: _blank(part),
    Kind.CODE: _is_code,
    Kind.TEXT: _is_text,
    Kind.NAME: _is_text,
    Kind.FREE: _is_text,
    Kind.NUMBER: lambda _, part: _is_number(part),
    Kind.NUMBER_OR_BLANK: lambda _, part: _is_number(part) | _blank(part),
    Kind.DATE: lambda _, part: _is_date(part),
    Kind.DATE_OR_BLANK: lambda _, part: _is_date(part) | _blank(part),
    Kind.DIGITS: _is_digits,
    Kind.TIN: _is_tin,
    Kind.STATE: _is_state,
    Kind.LINE_END: lambda _, part: _is_line_end(part),
}


def _shown(each: Field, text: str) -> str:
    return tax_text.shape_of(text) if each.is_personal else repr(text.rstrip(" "))


def _whole(value: Value) -> int:
    return value if isinstance(value, int) else 0


# The page ---------------------------------------------------------------------------------------------------------------


def layout_page() -> str:
    """The layout as Markdown, for docs/form-1098-fire.md."""
    lines = [
        "# FIRE records of Form 1098",
        "",
        "Made from `payments_pipeline/formats/fire.py`, which writes, reads and checks by the same table.",
    ]
    names = {"T": "Transmitter", "A": "Filer", "B": "Return", "C": "Control totals", "F": "End"}
    for kind, fields in LAYOUT.items():
        lines += ["", f"## {kind}: {names[kind]}", "", "| positions | field | holds | meaning |", "|---|---|---|---|"]
        for each in fields:
            place = f"{each.first}-{each.last}" if each.length > 1 else str(each.first)
            holds = each.expected.replace("|", "\\|")
            lines.append(f"| {place} | {each.name} | {holds} | {each.description} |")
    return "\n".join([*lines, ""])
