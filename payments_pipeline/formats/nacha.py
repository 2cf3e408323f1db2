"""NACHA files: returns and notices of change that come back to us, and the forward files they answer.

Records are lines of 94 characters. `LAYOUTS` says what stands where: reading, checking, writing and the documentation all
follow it. Entries are verified with their batch and file: counts, amounts, the hash over the routing numbers, check
digits, the order of the trace numbers, the blocks of ten.

A return (addenda 99) is found by the trace of the entry it returns, never by its own. `entries` gives what a file says in
full; `read` gives it as lines, in which a credit is money to the account that the file's entries are posted to.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import BinaryIO, Final, Literal, NamedTuple

from payments_pipeline.errors import PaymentsError
from payments_pipeline.formats.source import Readable, numbered_lines
from payments_pipeline.formats.statements import Family, Fault, Item, Judge, Line, Statement, shown, yymmdd

RECORD_LENGTH: Final = 94
BLOCKING: Final = 10

LENIENT: Final = {
    "unfinished": "a file that is only part of one: without its header, a batch control or the file control",
    "length": "blanks that were cut off the end of a record or added to it, blocks that were not filled",
    "count": "counts of entries, batches and blocks that are wrong",
    "total": "control totals that are not the sum of the entries",
    "hash": "entry hashes that are wrong",
    "order": "trace numbers that do not ascend, batch numbers that do not agree with their control",
    "check_digit": "routing numbers with a wrong check digit",
    "encoding": "characters outside ASCII",
    "sign": "debits in a batch of credits, and the other way round",
}

Kind = Literal["forward", "prenote", "return", "dishonored", "contested", "change"]


class Field(NamedTuple):
    """Where a field stands, from 1, and how it is filled: `9` with zeros on the left, `x` with blanks on the right."""

    name: str
    first: int
    last: int
    fill: Literal["9", "x"]
    meaning: str

    @property
    def width(self) -> int:
        """How many characters it has."""
        return self.last - self.first + 1


Layout = tuple[Field, ...]

_TRACE: Final = Field(
    "trace", 80, 94, "9", "Trace number: the first eight digits of the originator's bank, then a number."
)
_RECORD: Final = Field("record_type", 1, 1, "9", "Record type.")
_ADDENDA: Final = (
    Field("record_type", 1, 1, "9", "Record type: 7."),
    Field("addenda_type", 2, 3, "9", "Addenda type."),
)

LAYOUTS: Final[Mapping[str, Layout]] = {
    "file_header": (
        _RECORD,
        Field("priority", 2, 3, "9", "Always 01."),
        Field("destination", 4, 13, "x", "To whom the file goes: a blank and a routing number."),
        Field("origin", 14, 23, "x", "From whom it comes."),
        Field("created_on", 24, 29, "9", "Date, yymmdd."),
        Field("created_at", 30, 33, "x", "Time, hhmm."),
        Field("modifier", 34, 34, "x", "A to Z, 0 to 9: tells files of one day apart."),
        Field("record_size", 35, 37, "9", "094."),
        Field("blocking", 38, 39, "9", "10: records in a block."),
        Field("format_code", 40, 40, "9", "1."),
        Field("destination_name", 41, 63, "x", "Name of the destination."),
        Field("origin_name", 64, 86, "x", "Name of the origin."),
        Field("reference", 87, 94, "x", "For the origin's own use."),
    ),
    "batch_header": (
        _RECORD,
        Field("service_class", 2, 4, "9", "200 mixed, 220 credits, 225 debits."),
        Field("company_name", 5, 20, "x", "The originator."),
        Field("discretionary", 21, 40, "x", "For the originator's own use."),
        Field("company_id", 41, 50, "x", "The originator's number."),
        Field("entry_class", 51, 53, "x", "Standard entry class: PPD, WEB, CCD, COR and so on."),
        Field("description", 54, 63, "x", "What the entries are, as the receiver sees it."),
        Field("descriptive_date", 64, 69, "x", "A date or a word for the receiver."),
        Field("effective_on", 70, 75, "x", "When the entries should settle, yymmdd."),
        Field("settlement", 76, 78, "x", "Day of the year of settlement; the operator fills it in."),
        Field("status", 79, 79, "x", "Who the originating bank is: 1 for most."),
        Field("odfi", 80, 87, "9", "The originating bank: the first eight digits of its routing number."),
        Field("batch", 88, 94, "9", "Number of the batch."),
    ),
    "entry": (
        _RECORD,
        Field("transaction_code", 2, 3, "9", "Which account, credit or debit, and whether a prenote or a return."),
        Field("rdfi", 4, 11, "9", "The receiving bank: the first eight digits of its routing number."),
        Field("check_digit", 12, 12, "9", "The ninth, which follows from the eight by the weights 3, 7, 1."),
        Field("account", 13, 29, "x", "Account at the receiving bank."),
        Field("amount", 30, 39, "9", "Cents."),
        Field("individual_id", 40, 54, "x", "The originator's number for the receiver."),
        Field("name", 55, 76, "x", "The receiver."),
        Field("discretionary", 77, 78, "x", "For the bank's own use."),
        Field("addenda_indicator", 79, 79, "9", "1 if addenda follow."),
        _TRACE,
    ),
    "iat_entry": (
        _RECORD,
        Field("transaction_code", 2, 3, "9", "As in other entries."),
        Field("rdfi", 4, 11, "9", "The receiving bank."),
        Field("check_digit", 12, 12, "9", "Its check digit."),
        Field("addenda_count", 13, 16, "9", "How many addenda follow."),
        Field("reserved", 17, 29, "x", "Blank."),
        Field("amount", 30, 39, "9", "Cents."),
        Field("account", 40, 74, "x", "The foreign receiver's account."),
        Field("reserved_2", 75, 76, "x", "Blank."),
        Field("gateway_screening", 77, 77, "x", "What the gateway's sanctions screening found."),
        Field("secondary_screening", 78, 78, "x", "What the second found."),
        Field("addenda_indicator", 79, 79, "9", "1."),
        _TRACE,
    ),
    "addenda_05": (
        *_ADDENDA,
        Field("information", 4, 83, "x", "What the payment is about."),
        Field("sequence", 84, 87, "9", "Number of the addenda."),
        Field("entry_sequence", 88, 94, "9", "The last seven digits of the entry's trace."),
    ),
    "addenda_98": (
        *_ADDENDA,
        Field("code", 4, 6, "x", "What must change: C01 and so on."),
        Field("original_trace", 7, 21, "9", "Trace of the entry that is spoken of."),
        Field("reserved", 22, 27, "x", "Blank."),
        Field("original_rdfi", 28, 35, "9", "The bank that received it."),
        Field("corrected", 36, 64, "x", "What is right instead."),
        Field("reserved_2", 65, 79, "x", "Blank."),
        _TRACE,
    ),
    "addenda_99": (
        *_ADDENDA,
        Field("code", 4, 6, "x", "Why it comes back: R01 and so on."),
        Field("original_trace", 7, 21, "9", "Trace of the entry that comes back."),
        Field("date_of_death", 22, 27, "x", "With R14 and R15, yymmdd."),
        Field("original_rdfi", 28, 35, "9", "The bank that received it."),
        Field("information", 36, 79, "x", "What the returning bank adds."),
        _TRACE,
    ),
    "addenda_99_dishonored": (
        *_ADDENDA,
        Field("code", 4, 6, "x", "Why the return is not accepted: R61, R67 to R70."),
        Field("original_trace", 7, 21, "9", "Trace of the entry that came back."),
        Field("reserved", 22, 27, "x", "Blank."),
        Field("original_rdfi", 28, 35, "9", "The bank that received it."),
        Field("reserved_2", 36, 38, "x", "Blank."),
        Field("return_trace", 39, 53, "9", "Trace of the return."),
        Field("return_settlement", 54, 56, "x", "Day of the year on which the return settled."),
        Field("return_code", 57, 58, "x", "Reason of the return, without its R."),
        Field("information", 59, 79, "x", "What the bank adds."),
        _TRACE,
    ),
    "addenda_99_contested": (
        *_ADDENDA,
        Field("code", 4, 6, "x", "Why the return stands all the same: R71 to R77."),
        Field("original_trace", 7, 21, "9", "Trace of the entry that came back."),
        Field("returned_on", 22, 27, "x", "When it was returned, yymmdd."),
        Field("original_rdfi", 28, 35, "9", "The bank that received it."),
        Field("original_settlement", 36, 38, "x", "Day of the year on which it had settled."),
        Field("return_trace", 39, 53, "9", "Trace of the return."),
        Field("return_settlement", 54, 56, "x", "Day of the year on which the return settled."),
        Field("return_code", 57, 58, "x", "Reason of the return, without its R."),
        Field("dishonored_trace", 59, 73, "9", "Trace of the entry that dishonored it."),
        Field("dishonored_settlement", 74, 76, "x", "Day of the year on which that settled."),
        Field("dishonored_code", 77, 78, "x", "Its reason, without its R."),
        Field("reserved", 79, 79, "x", "Blank."),
        _TRACE,
    ),
    "addenda_other": (
        *_ADDENDA,
        Field(
            "information", 4, 83, "x", "As the standard entry class says: terminals (02), parties of an IAT (10 to 18)."
        ),
        Field("last", 84, 94, "x", "Sequence or trace, as the class says."),
    ),
    "batch_control": (
        _RECORD,
        Field("service_class", 2, 4, "9", "That of the header."),
        Field("count", 5, 10, "9", "Entries and addenda."),
        Field("hash", 11, 20, "9", "Sum of the receiving banks' eight digits, its last ten."),
        Field("debit", 21, 32, "9", "Sum of the debits, in cents."),
        Field("credit", 33, 44, "9", "Sum of the credits, in cents."),
        Field("company_id", 45, 54, "x", "That of the header."),
        Field("authentication", 55, 73, "x", "Blank, mostly."),
        Field("reserved", 74, 79, "x", "Blank."),
        Field("odfi", 80, 87, "9", "That of the header."),
        Field("batch", 88, 94, "9", "That of the header."),
    ),
    "file_control": (
        _RECORD,
        Field("batches", 2, 7, "9", "How many there are."),
        Field("blocks", 8, 13, "9", "Lines of the file by ten, rounded up."),
        Field("count", 14, 21, "9", "Entries and addenda."),
        Field("hash", 22, 31, "9", "Sum of the batches' hashes, its last ten digits."),
        Field("debit", 32, 43, "9", "Sum of the debits, in cents."),
        Field("credit", 44, 55, "9", "Sum of the credits, in cents."),
        Field("reserved", 56, 94, "x", "Blank."),
    ),
}

_DISHONORED: Final = frozenset({"R61", "R67", "R68", "R69", "R70"})
_CONTESTED: Final = frozenset({"R71", "R72", "R73", "R74", "R75", "R76", "R77"})
_PRENOTES: Final = frozenset({"23", "28", "33", "38", "43", "48", "53"})
_DEBIT_ENDINGS: Final = frozenset("56789")
_SERVICE_CLASSES: Final = frozenset({"200", "220", "225"})
_ADV: Final = "280"
_HASH_LIMIT: Final = 10**10
_FILLER: Final = "9" * RECORD_LENGTH

Record = dict[str, str]


class Batch(NamedTuple):
    """The header of a batch, and which record it is."""

    header: Record
    record: int
    file_line: int
    created_on: date | None
    """The date of the file, where it has a header."""


class Entry(NamedTuple):
    """An entry with its addenda: what it is, and what it speaks of."""

    batch: Batch
    number: int
    """Its number in the file, from 1."""
    kind: Kind
    fields: Record
    addenda: tuple[Record, ...]
    amount_cents: int
    """Negative for a debit to the account that it is posted to."""
    record: int
    file_line: int

    @property
    def reason(self) -> Record | None:
        """The addenda that says why it comes back or what must change."""
        return next((one for one in self.addenda if one["addenda_type"] in ("98", "99")), None)

    @property
    def code(self) -> str:
        """R01, C01 and so on; the transaction code of a forward entry."""
        reason = self.reason
        return reason["code"] if reason else self.fields["transaction_code"]

    @property
    def trace(self) -> str:
        """Its own trace."""
        return self.fields["trace"]

    @property
    def original_trace(self) -> str:
        """The trace of the entry that it speaks of; empty for a forward entry."""
        reason = self.reason
        return reason["original_trace"].strip() if reason else ""


class File(NamedTuple):
    """The header of a file, where it has one, and what its control says once all of it was read."""

    header: Record | None
    batches: int
    entries: int
    debit_cents: int
    credit_cents: int


AchItem = Entry | File | Fault


def parse(line: str, layout: Layout) -> Record:
    """The fields of a record of 94 characters, as they stand there."""
    return {one.name: line[one.first - 1 : one.last] for one in layout}


def form(record: Mapping[str, str], layout: Layout) -> str:
    """The record of these fields. What does not fit is refused, never cut."""
    line = ""
    for one in layout:
        value = record.get(one.name, "")
        text = value.rjust(one.width, "0") if one.fill == "9" and value.strip() else value.ljust(one.width)
        if len(text) != one.width or not text.isascii() or not text.isprintable():
            raise AchError(
                f"{one.name} takes {one.width} printable ASCII characters, and {shown(value)} has {len(value)}",
                "shorten it, or write it without accents.",
            )
        line += text
    return line


class AchError(PaymentsError):
    """Something that a NACHA file has no room for."""


def check_digit(rdfi: str) -> str:
    """The ninth digit of the routing number that begins with these eight."""
    total = sum(weight * int(digit) for weight, digit in zip((3, 7, 1, 3, 7, 1, 3, 7), rdfi, strict=True))
    return str(-total % 10)


def looks_like(head: bytes) -> bool:
    """Whether a file that begins so is NACHA, whole or the part of one."""
    first = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:RECORD_LENGTH].split(b"\n")[0]
    return (first[:3] == b"101" and first[34:39] == b"09410") or (
        first[:1] == b"5" and first[1:4] in (b"200", b"220", b"225") and len(first.rstrip()) > 80
    )


def entries(stream: Readable, *, is_lenient: bool = False) -> Iterator[AchItem]:
    """The entries with their addenda, the file once it was read to its end, and the faults."""
    return _Reader(Judge(LENIENT if is_lenient else ()), is_lenient).items(stream)


def read(stream: Readable, *, is_lenient: bool = False) -> Iterator[Item]:
    """The file as one statement without balances: a line for each entry that moves money."""
    count = total = 0
    first: date | None = None
    last: date | None = None
    account = reference = ""
    for got in entries(stream, is_lenient=is_lenient):
        if isinstance(got, Fault):
            yield got
        elif isinstance(got, Entry):
            header = got.batch.header
            day = yymmdd(header["effective_on"]) or got.batch.created_on or yymmdd(header["descriptive_date"])
            if day is None and got.amount_cents:
                yield Fault(
                    "missing", got.batch.record, got.batch.file_line, "effective_on", "a date", "none in batch or file"
                )
            line = _line(got, day, count + 1)
            if day is not None:
                first, last = min(day, first or day), max(day, last or day)
            account = account or header["odfi"].strip()
            if line is not None:
                count, total = count + 1, total + line.amount_cents
                yield line
        else:
            created = yymmdd(got.header["created_on"]) if got.header else None
            as_of = last or created
            if got.header:
                account = got.header["destination"].strip()
                reference = "/".join(got.header[name] for name in ("created_on", "created_at", "modifier"))
            if as_of is not None:
                yield Statement(
                    1, account, "USD", got.header["origin"].strip() if got.header else "", reference, first or as_of, as_of,
                    (), count, total, record=1, file_line=1,
                )  # fmt: skip


def _line(entry: Entry, day: date | None, number: int) -> Line | None:
    if not entry.amount_cents or day is None:
        return None
    families: dict[Kind, Family] = {"return": "return", "dishonored": "return", "contested": "return"}
    header, reason = entry.batch.header, entry.reason
    return Line(
        1, number, header["odfi"].strip(), "USD", day, day, entry.amount_cents,
        families.get(entry.kind, "credit" if entry.amount_cents > 0 else "debit"), entry.code, entry.trace,
        entry.original_trace or entry.fields.get("individual_id", "").strip(),
        reason["information"].strip() if reason and "information" in reason else header["description"].strip(),
        entry.record, entry.file_line, entry.trace,
    )  # fmt: skip


@dataclass(slots=True)
class _Sums:
    count: int = 0
    hash: int = 0
    debit: int = 0
    credit: int = 0

    def add(self, other: "_Sums") -> None:
        self.count += other.count
        self.hash += other.hash
        self.debit += other.debit
        self.credit += other.credit


@dataclass(slots=True)
class _Pending:
    """An entry whose addenda may still follow."""

    fields: Record
    record: int
    file_line: int
    addenda: list[Record] = field(default_factory=list)


_MOST_ADDENDA: Final = 9_999


class _Reader:
    def __init__(self, judge: Judge, is_lenient: bool) -> None:
        self._judge = judge
        self._is_lenient = is_lenient
        self._header: Record | None = None
        self._batch: Batch | None = None
        self._pending: _Pending | None = None
        self._sums = _Sums()
        self._file = _Sums()
        self._batches = 0
        self._entries = 0
        self._last_trace = ""
        self._is_closed = False
        self._blocks_said: int | None = None
        self._record = 0
        self._file_line = 0

    def items(self, stream: Readable) -> Iterator[AchItem]:
        filler = 0
        for got in self._lines(stream):
            if isinstance(got, Fault):
                yield got
                if self._judge.is_over:
                    return
                continue
            self._record, self._file_line, line = got
            if self._is_closed:
                if line.rstrip("9 "):
                    yield self._fault(
                        "structure", "record", "nothing but filler after the file control", shown(line[:1])
                    )
                    return
                filler += 1
                continue
            yield from self._take(line)
            if self._judge.is_over:
                return
        yield from self._end(filler)

    def _lines(self, stream: Readable) -> Iterator[tuple[int, int, str] | Fault]:
        """Records of 94 characters with their numbers and lines. Files without line ends are cut."""
        number = 0
        for got in numbered_lines(stream, self._judge, only_ascii=True):
            if isinstance(got, Fault):
                yield got
                continue
            file_line, text = got
            if not text.strip():
                continue
            if len(text) >= 2 * RECORD_LENGTH:
                for start in range(0, len(text), RECORD_LENGTH):
                    number += 1
                    yield from self._fitted(number, file_line, text[start : start + RECORD_LENGTH])
                continue
            number += 1
            yield from self._fitted(number, file_line, text)

    def _fitted(self, number: int, file_line: int, text: str) -> Iterator[tuple[int, int, str] | Fault]:
        if len(text) != RECORD_LENGTH:
            self._record, self._file_line = number, file_line
            surplus = text[RECORD_LENGTH:].strip()
            if surplus:
                yield self._fault("structure", "record", f"{RECORD_LENGTH} characters", f"{len(text)}")
            else:
                yield self._fault("length", "record", f"{RECORD_LENGTH} characters", f"{len(text)}")
            if self._judge.is_over:
                return
            text = text[:RECORD_LENGTH].ljust(RECORD_LENGTH)
        yield number, file_line, text

    def _take(self, line: str) -> Iterator[AchItem]:
        kind = line[0]
        if kind != "7":
            yield from self._book()
        if kind == "1":
            yield from self._file_header(line)
        elif kind == "5":
            yield from self._batch_header(line)
        elif kind == "6":
            yield from self._entry(line)
        elif kind == "7":
            yield from self._addenda(line)
        elif kind == "8":
            yield from self._batch_control(line)
        elif kind == "9":
            yield from self._file_control(line)
        else:
            yield self._fault("value", "record type", "1, 5, 6, 7, 8 or 9", shown(kind))
            self._judge.is_over = True

    def _file_header(self, line: str) -> Iterator[Fault]:
        if self._record != 1:
            yield self._fault("structure", "record type", "one file header, at the beginning", "another")
            return
        header = parse(line, LAYOUTS["file_header"])
        for name, wanted in (("priority", "01"), ("record_size", "094"), ("blocking", "10"), ("format_code", "1")):
            if header[name] != wanted:
                yield self._fault("value", name, wanted, shown(header[name]))
        if yymmdd(header["created_on"]) is None:
            yield self._fault("value", "created_on", "a date yymmdd", shown(header["created_on"]))
        for name in ("destination", "origin"):
            if not header[name].strip():
                yield self._fault("missing", name, "a routing or company number", "nothing")
        self._header = header

    def _batch_header(self, line: str) -> Iterator[Fault]:
        if self._header is None and self._batches == 0 and self._batch is None:
            yield self._fault("unfinished", "record", "the file header, record 1", "a batch header")
        if self._batch is not None:
            yield self._fault("unfinished", "record", "the control of the batch before", "another batch header")
            self._close_batch()
        header = parse(line, LAYOUTS["batch_header"])
        if header["service_class"] == _ADV:
            yield self._fault(
                "version", "service_class", "200, 220 or 225", "280: advices (ADV) have a layout of their own"
            )
            self._judge.is_over = True
            return
        if header["service_class"] not in _SERVICE_CLASSES:
            yield self._fault("value", "service_class", "200, 220 or 225", shown(header["service_class"]))
        if not (header["entry_class"].isalnum() and header["entry_class"].isupper()):
            yield self._fault("value", "entry_class", "three capitals", shown(header["entry_class"]))
        for name in ("odfi", "batch"):
            if not _is_digits(header[name]):
                yield self._fault("value", name, "digits", shown(header[name]))
        effective = header["effective_on"]
        if effective.strip(" 0") and yymmdd(effective) is None:
            yield self._fault("value", "effective_on", "a date yymmdd or blanks", shown(effective))
        created_on = yymmdd(self._header["created_on"]) if self._header else None
        self._batch = Batch(header, self._record, self._file_line, created_on)
        self._sums = _Sums()
        self._last_trace = ""

    def _entry(self, line: str) -> Iterator[Fault]:
        batch = self._batch
        if batch is None:
            yield self._fault("structure", "record type", "a batch header before the entries", "6")
            self._judge.is_over = True
            return
        is_international = batch.header["entry_class"] == "IAT"
        fields = parse(line, LAYOUTS["iat_entry" if is_international else "entry"])
        self._sums.count += 1
        sound = True
        for name in ("transaction_code", "rdfi", "check_digit", "amount", "trace"):
            if not _is_digits(fields[name]):
                yield self._fault("value", name, "digits", shown(fields[name]))
                sound = False
        if not sound:
            return
        code, rdfi = fields["transaction_code"], fields["rdfi"]
        if not ("2" <= code[0] <= "5" and "1" <= code[1] <= "8") and code != "49":
            yield self._fault("value", "transaction_code", "one of an account, 21 to 58", code)
        if check_digit(rdfi) != fields["check_digit"]:
            wanted = f"{check_digit(rdfi)} for {rdfi}"
            yield self._fault("check_digit", "check_digit", wanted, fields["check_digit"])
        amount = int(fields["amount"])
        is_debit = code[1] in _DEBIT_ENDINGS
        if batch.header["service_class"] == ("220" if is_debit else "225") and amount:
            what = f"{'credits' if is_debit else 'debits'} in a batch {batch.header['service_class']}"
            yield self._fault("sign", "transaction_code", what, code)
        if fields["addenda_indicator"] not in ("0", "1"):
            yield self._fault("value", "addenda_indicator", "0 or 1", shown(fields["addenda_indicator"]))
        if self._last_trace and fields["trace"] <= self._last_trace:
            yield self._fault("order", "trace", f"more than {self._last_trace}", fields["trace"])
        self._last_trace = fields["trace"]
        self._sums.hash += int(rdfi)
        if is_debit:
            self._sums.debit += amount
        else:
            self._sums.credit += amount
        self._pending = _Pending(fields, self._record, self._file_line)

    def _addenda(self, line: str) -> Iterator[Fault]:
        self._sums.count += 1
        pending = self._pending
        if pending is None:
            yield self._fault("structure", "record type", "an entry before its addenda", "7")
            self._judge.is_over = True
            return
        layout = _addenda_layout(line)
        addenda = parse(line, LAYOUTS[layout])
        if len(pending.addenda) >= _MOST_ADDENDA:
            yield self._fault("too_many", "addenda", f"at most {_MOST_ADDENDA}", "more")
            return
        if not _is_digits(addenda["addenda_type"]):
            yield self._fault("value", "addenda_type", "two digits", shown(addenda["addenda_type"]))
        if layout == "addenda_05" and addenda["entry_sequence"] != pending.fields["trace"][-7:]:
            yield self._fault("order", "entry_sequence", pending.fields["trace"][-7:], shown(addenda["entry_sequence"]))
        if layout.startswith("addenda_9"):
            letter = "C" if layout == "addenda_98" else "R"
            code = addenda["code"]
            if code[0] != letter or not _is_digits(code[1:]):
                yield self._fault("value", "code", f"{letter} and two digits", shown(code))
            if not _is_digits(addenda["original_trace"]):
                yield self._fault("value", "original_trace", "fifteen digits", shown(addenda["original_trace"]))
        pending.addenda.append(addenda)

    def _book(self) -> Iterator[AchItem]:
        pending, self._pending = self._pending, None
        batch = self._batch
        if pending is None or batch is None:
            return
        fields = pending.fields
        has_addenda = "1" if pending.addenda else "0"
        if fields["addenda_indicator"] != has_addenda and fields["addenda_indicator"] in ("0", "1"):
            yield self._judge.fault(
                "structure", pending.record, pending.file_line, "addenda_indicator", f"{has_addenda}, as its addenda say",
                fields["addenda_indicator"],
            )  # fmt: skip
        self._entries += 1
        amount = int(fields["amount"])
        yield Entry(
            batch, self._entries, _kind(fields["transaction_code"], pending.addenda), fields, tuple(pending.addenda),
            -amount if fields["transaction_code"][1] in _DEBIT_ENDINGS else amount, pending.record, pending.file_line,
        )  # fmt: skip

    def _batch_control(self, line: str) -> Iterator[Fault]:
        batch = self._batch
        if batch is None:
            yield self._fault("structure", "record type", "a batch header before its control", "8")
            self._judge.is_over = True
            return
        control = parse(line, LAYOUTS["batch_control"])
        yield from self._controls(control, self._sums)
        for name in ("service_class", "company_id", "odfi", "batch"):
            if control[name].strip() != batch.header[name].strip():
                code = "order" if name == "batch" else "value"
                yield self._fault(code, name, f"{shown(batch.header[name])}, as in its header", shown(control[name]))
        self._close_batch()

    def _close_batch(self) -> None:
        self._file.add(self._sums)
        self._batches += 1
        self._batch = None

    def _file_control(self, line: str) -> Iterator[Fault]:
        if self._batch is not None:
            yield self._fault("unfinished", "record", "the control of the batch before", "the file control")
            self._close_batch()
        control = parse(line, LAYOUTS["file_control"])
        yield from self._number("batches", control, self._batches, "count")
        yield from self._controls(control, self._file)
        self._blocks_said = int(control["blocks"]) if _is_digits(control["blocks"]) else None
        if self._blocks_said is None:
            yield self._fault("value", "blocks", "digits", shown(control["blocks"]))
        self._is_closed = True
        self._closed_at = self._record

    def _controls(self, control: Record, sums: _Sums) -> Iterator[Fault]:
        yield from self._number("count", control, sums.count, "count")
        yield from self._number("hash", control, sums.hash % _HASH_LIMIT, "hash")
        yield from self._number("debit", control, sums.debit, "total")
        yield from self._number("credit", control, sums.credit, "total")

    def _number(self, name: str, control: Record, is_: int, code: str) -> Iterator[Fault]:
        said = control[name]
        if not _is_digits(said):
            yield self._fault("value", name, "digits", shown(said))
        elif int(said) != is_:
            yield self._fault(code, name, str(is_), str(int(said)))

    def _end(self, filler: int) -> Iterator[AchItem]:
        yield from self._book()
        if not self._record:
            yield self._fault("not_the_format", "file", "a NACHA file", "nothing")
            return
        if self._batch is not None:
            yield self._fault("unfinished", "record", "the control of the batch", "the end of the file")
            self._close_batch()
        if not self._is_closed:
            yield self._fault("unfinished", "record", "the file control, record 9", "the end of the file")
        else:
            records = self._closed_at + filler
            if records % BLOCKING:
                wanted = f"filler up to a multiple of {BLOCKING} records"
                yield self._fault("length", "file", wanted, f"{records} records")
            blocks = -(-self._closed_at // BLOCKING)
            if self._blocks_said not in (None, blocks):
                yield self._fault("count", "blocks", str(blocks), str(self._blocks_said))
        yield File(self._header, self._batches, self._entries, self._file.debit, self._file.credit)

    def _fault(self, code: str, name: str, expected: str, found: str) -> Fault:
        return self._judge.fault(code, max(self._record, 1), max(self._file_line, 1), name, expected, found)


def _addenda_layout(line: str) -> str:
    kind, code = line[1:3], line[3:6]
    if kind == "99":
        if code in _DISHONORED:
            return "addenda_99_dishonored"
        return "addenda_99_contested" if code in _CONTESTED else "addenda_99"
    return {"05": "addenda_05", "98": "addenda_98"}.get(kind, "addenda_other")


def _kind(transaction_code: str, addenda: Sequence[Record]) -> Kind:
    for one in addenda:
        if one["addenda_type"] == "98":
            return "change"
        if one["addenda_type"] == "99":
            if one["code"] in _DISHONORED:
                return "dishonored"
            return "contested" if one["code"] in _CONTESTED else "return"
    return "prenote" if transaction_code in _PRENOTES else "forward"


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


# Writing ----------------------------------------------------------------------------------------------------------------

BatchToWrite = tuple[Mapping[str, str], Iterable[tuple[Mapping[str, str], Sequence[Mapping[str, str]]]]]
"""The fields of a batch header, and its entries with their addenda."""


def write(out: BinaryIO, header: Mapping[str, str], batches: Iterable[BatchToWrite]) -> int:
    """Write a file: controls, hash, blocks and filler are worked out. Entries stream; returns the number of records."""
    records = 0

    def put(record: Mapping[str, str], layout: str) -> None:
        nonlocal records
        out.write(form(record, LAYOUTS[layout]).encode("ascii") + b"\n")
        records += 1

    constants = {"record_type": "1", "priority": "01", "record_size": "094", "blocking": "10", "format_code": "1"}
    put({**header, **constants}, "file_header")
    file, many = _Sums(), 0
    for batch_header, batch_entries in batches:
        many += 1
        batch = {**batch_header, "record_type": "5"}
        put(batch, "batch_header")
        sums = _Sums()
        for fields, addenda in batch_entries:
            entry = {**fields, "record_type": "6", "addenda_indicator": "1" if addenda else "0"}
            entry["check_digit"] = check_digit(entry["rdfi"])
            put(entry, "iat_entry" if batch["entry_class"] == "IAT" else "entry")
            sums.count += 1 + len(addenda)
            sums.hash += int(entry["rdfi"])
            if entry["transaction_code"][1] in _DEBIT_ENDINGS:
                sums.debit += int(entry["amount"])
            else:
                sums.credit += int(entry["amount"])
            for one in addenda:
                kind = "7" + one["addenda_type"] + one.get("code", "")
                put({**one, "record_type": "7"}, _addenda_layout(kind))
        put({**_control(sums), **{name: batch[name] for name in ("service_class", "company_id", "odfi", "batch")},
             "record_type": "8"}, "batch_control")  # fmt: skip
        file.add(sums)
    blocks = -(-(records + 1) // BLOCKING)
    put({**_control(file), "record_type": "9", "batches": str(many), "blocks": str(blocks)}, "file_control")
    while records % BLOCKING:
        out.write(_FILLER.encode("ascii") + b"\n")
        records += 1
    return records


def _control(sums: _Sums) -> dict[str, str]:
    return {
        "count": str(sums.count), "hash": str(sums.hash % _HASH_LIMIT), "debit": str(sums.debit),
        "credit": str(sums.credit),
    }  # fmt: skip


def layouts_as_markdown() -> str:
    """The layouts as tables, for `docs/nacha.md`."""
    lines = [
        "# NACHA records",
        "",
        "Made from `payments_pipeline/formats/nacha.py`, which reads and writes by the same tables.",
    ]
    for name, layout in LAYOUTS.items():
        lines += ["", f"## {name}", "", "| field | columns | filled | meaning |", "|---|---|---|---|"]
        fills = {"9": "zeros on the left", "x": "blanks on the right"}
        lines += [f"| {one.name} | {one.first}-{one.last} | {fills[one.fill]} | {one.meaning} |" for one in layout]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(layouts_as_markdown())
