"""BAI2, the cash management balance reporting format of American banks: a reader and a writer.

A record is a line: `03,account,currency,type,amount,count,funds.../`. One that is too long goes on in `88` records: after
a slash with the next field, after text with more text. The text of a `16` may hold commas and slashes, so nothing there
is ever cut at a slash. Each `49`, `98` and `99` gives the algebraic sum of the amounts before it (debits and credits
*add*, since the amounts of a `16` bear no sign) and how many records it closes; all of them are verified.

The type code says where the money went: `data/bai2_codes.csv`. A code that is not there is kept as given, takes its sign
from its range, and is told as a warning. Banks need not send every line of a day, so balances that do not follow from the
lines are a warning too, and `Statement.is_proven` says so.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import BinaryIO, Final, NamedTuple, cast

from payments_pipeline.errors import PaymentsError
from payments_pipeline.formats.source import Readable, numbered_lines
from payments_pipeline.formats.statements import (
    MAX_CENTS,
    MAX_LINE_BYTES,
    Balance,
    BalanceKind,
    Family,
    Fault,
    Item,
    Judge,
    Line,
    Nature,
    Statement,
    shown,
    yymmdd,
)
from payments_pipeline.paths import DATA_DIR

LENIENT: Final = {
    "total": "control totals that are not the sum of their amounts",
    "count": "counts of records, accounts and groups that are wrong",
    "structure": "several records on a line, text that goes on without 88, records without their slash",
    "unfinished": "a file that ends before its trailer",
    "version": "a version other than 2",
    "sign": "a signed amount in a transaction, or an amount under a code that moves no money, which is then none",
}

_CODES: Final = frozenset({"01", "02", "03", "16", "49", "88", "98", "99"})
_NATURES: Final[dict[str, Nature]] = {"": "new", "1": "new", "2": "deletion", "3": "correction", "4": "test"}
_RECORD_WITHIN: Final = re.compile(r"(?<=.) (?=(?:01|02|03|16|49|88|98|99),)")
_STATUSES: Final = {nature: status for status, nature in _NATURES.items()}
_INTERIM: Final = frozenset({"1", "3"})
_MODIFIERS: Final = frozenset({"", "1", "2", "3", "4"})
_BALANCES: Final[dict[str, BalanceKind]] = {
    "010": "opening", "015": "closing", "040": "opening_available", "045": "closing_available",
}  # fmt: skip
_BALANCE_CODES: Final = {kind: code for code, kind in _BALANCES.items()}
_PLAIN_FUNDS: Final = frozenset({"", "0", "1", "2", "Z"})
_MOST_DISTRIBUTED: Final = 100
_DEFAULT_CURRENCY: Final = "USD"


class TypeCode(NamedTuple):
    """What a type code means: its family, and the sign it gives its amount."""

    family: Family
    sign: int


@cache
def type_codes() -> dict[str, TypeCode]:
    """The table of `data/bai2_codes.csv`."""
    signs = {"+": 1, "-": -1, "0": 0}
    with (DATA_DIR / "bai2_codes.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, strict=True))
    return {row["code"]: TypeCode(cast("Family", row["family"]), signs[row["sign"]]) for row in rows}


def type_code(code: str) -> TypeCode:
    """What the code means; for one that is not in the table, what its range says."""
    known = type_codes().get(code)
    if known is not None:
        return known
    if "100" <= code <= "399" or "920" <= code <= "959":
        return TypeCode("credit", 1)
    if "400" <= code <= "699" or "960" <= code <= "999":
        return TypeCode("debit", -1)
    if "700" <= code <= "799":
        return TypeCode("other", -1 if code >= "760" else 1)
    return TypeCode("other", 0)


def looks_like(head: bytes) -> bool:
    """Whether a file that begins so is BAI2."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"01,")


def read(stream: Readable, *, is_lenient: bool = False) -> Iterator[Item]:
    """The lines, statements and faults of a file."""
    return _Reader(Judge(LENIENT if is_lenient else ()), is_lenient).items(stream)


@dataclass(slots=True)
class _Record:
    """A record with what continues it, cut into fields only as far as its kind allows."""

    code: str
    number: int
    file_line: int
    pieces: list[str]
    size: int
    physical: int = 1
    """How many physical records it is made of."""


@dataclass(slots=True)
class _Sums:
    """What has been counted of the records that one trailer closes."""

    total: int = 0
    records: int = 0
    members: int = 0


@dataclass(slots=True)
class _Group:
    originator: str
    nature: Nature
    as_of: date
    currency: str
    is_final: bool
    sums: _Sums = field(default_factory=_Sums)


@dataclass(slots=True)
class _Account:
    number: str
    currency: str
    record: int
    file_line: int
    balances: list[Balance]
    sums: _Sums = field(default_factory=_Sums)
    lines: int = 0
    lines_cents: int = 0


class _Reader:
    def __init__(self, judge: Judge, is_lenient: bool) -> None:
        self._judge = judge
        self._is_lenient = is_lenient
        self._reference = ""
        self._bank = ""
        self._is_open = False
        self._is_closed = False
        self._file = _Sums()
        self._group: _Group | None = None
        self._account: _Account | None = None
        self._statements = 0
        self._unknown: set[str] = set()

    def items(self, stream: Readable) -> Iterator[Item]:
        record = _Record("", 0, 0, [], 0)
        for got in self._records(stream):
            if isinstance(got, Fault):
                yield got
            else:
                record = got
                if not self._is_open and got.code != "01":
                    yield self._fault(
                        "not_the_format", got, "record code", "01, the header of a BAI2 file", shown(got.code)
                    )
                    return
                for item in self._take(got):
                    yield item
                    if self._judge.is_over:
                        return
            if self._judge.is_over:
                return
        if not self._is_open:
            yield self._fault("not_the_format", record, "file", "a BAI2 file", "no record")
        elif not self._is_closed:
            yield self._fault("unfinished", record, "file", "a trailer, record 99", "the end of the file")
            if self._is_lenient:
                yield from self._close_account(record)

    # Records ------------------------------------------------------------------------------------------------------------

    def _records(self, stream: Readable) -> Iterator[_Record | Fault]:
        """The records with what continues them. Leniently, several on a line are taken apart first."""
        current: _Record | None = None
        number = 0
        for got in numbered_lines(stream, self._judge):
            if isinstance(got, Fault):
                yield got
                continue
            file_line, text = got
            for physical in self._split(text):
                code = physical[:2]
                is_record = code in _CODES and physical[2:3] in (",", "")
                if not is_record or code == "88":
                    if current is None:
                        if not physical.strip():
                            continue
                        place = _Record(code, number + 1, file_line, [], 0)
                        yield self._fault(
                            "not_the_format", place, "record code", "01, the header of a file", shown(code)
                        )
                        return
                    if is_record:
                        number += 1
                        current.physical += 1
                        body = physical[3:]
                    elif not physical.strip():
                        continue
                    else:
                        place = _Record(code, number + 1, file_line, [], 0)
                        yield self._fault(
                            "structure", place, "record code", "one of " + " ".join(sorted(_CODES)), shown(code)
                        )
                        if self._judge.is_over:
                            return
                        if current.code not in ("16", "03"):
                            continue
                        if code == "88":
                            number += 1
                            current.physical += 1
                            body = physical[2:].lstrip(":;. ")
                        else:
                            body = physical
                    current.size += len(body)
                    if current.size > MAX_LINE_BYTES:
                        yield self._fault("line_length", current, "record", f"at most {MAX_LINE_BYTES} bytes", "more")
                        return
                    current.pieces.append(body)
                    continue
                if current is not None:
                    yield current
                number += 1
                current = _Record(code, number, file_line, [physical[3:]], len(physical))
        if current is not None:
            yield current

    def _split(self, text: str) -> Sequence[str]:
        """The records of a physical line: strictly, one."""
        if not self._is_lenient or "/" not in text:
            return (text,)
        found: list[str] = []
        start = 0
        for begins in _RECORD_WITHIN.finditer(text):
            # a record after text needs no slash before it, only a good deal of blanks
            if text[begins.start() - 1] in "/ ":
                found.append(text[start : begins.start()])
                start = begins.start() + 1
        return [*found, text[start:]]

    def _fields(self, record: _Record) -> Iterator[list[str] | Fault]:
        """The fields of a record that has no text: all up to the slash, on over its continuations."""
        fields: list[str] = []
        for piece in record.pieces:
            body, slash, rest = piece.partition("/")
            if not slash or rest.strip():
                found = "something after it" if slash else "none"
                yield self._fault("structure", record, "end of record", "a slash", found)
            fields += body.rstrip().split(",") if not slash else body.split(",")
        yield fields

    # The file -----------------------------------------------------------------------------------------------------------

    def _take(self, record: _Record) -> Iterator[Item]:
        code = record.code
        if code == "16" and self._account is not None:
            self._account.sums.records += record.physical
            yield from self._transaction(record, self._account)
            return
        misplaced = self._misplaced(record)
        if misplaced is not None:
            yield misplaced
            if not misplaced.is_forgiven:
                self._judge.is_over = True
                return
            yield from self._catch_up(record)
        fields: list[str] = []
        for got in self._fields(record):
            if isinstance(got, Fault):
                yield got
            else:
                fields = got
        if code == "01":
            yield from self._header(record, fields)
        elif code == "02":
            yield from self._open_group(record, fields)
        elif code == "03":
            yield from self._open_account(record, fields)
        elif code == "49":
            yield from self._trailer_of_account(record, fields)
        elif code == "98":
            yield from self._trailer_of_group(record, fields)
        elif code == "99":
            yield from self._trailer_of_file(record, fields)

    def _misplaced(self, record: _Record) -> Fault | None:
        code = record.code
        is_right = {
            "01": not self._is_open,
            "02": self._is_open and self._group is None and not self._is_closed,
            "03": self._group is not None and self._account is None,
            "16": self._account is not None,
            "49": self._account is not None,
            "98": self._group is not None and self._account is None,
            "99": self._is_open and self._group is None and not self._is_closed,
        }[code]
        if is_right:
            return None
        if self._is_closed:
            expected = "nothing after record 99"
        elif self._account is not None:
            expected = "16 or 49 within an account"
        elif self._group is not None:
            expected = "03 or 98 within a group"
        else:
            expected = "02 or 99 within a file"
        # what is about no account and in no group cannot be guessed
        is_lost = code == "16" or (code in ("03", "49", "98") and self._group is None) or code == "01"
        return self._fault("missing" if is_lost else "structure", record, "record code", expected, shown(code))

    def _catch_up(self, record: _Record) -> Iterator[Item]:
        """Ends what lacks its trailer, so that the record has its place."""
        yield from self._close_account(record)
        if record.code in ("02", "99"):
            self._close_group()

    def _header(self, record: _Record, fields: list[str]) -> Iterator[Item]:
        self._is_open = True
        self._file.records += record.physical
        sender, _, created, at, identifier, *_ = [*fields, "", "", "", "", ""]
        version = fields[7] if len(fields) > 7 else ""
        if version != "2":
            yield self._fault("version", record, "version", "2", shown(version))
        if yymmdd(created) is None:
            yield self._fault("value", record, "creation date", "a date yymmdd", shown(created))
        self._bank = sender
        self._reference = "/".join(part for part in (created, at, identifier) if part)

    def _open_group(self, record: _Record, fields: list[str]) -> Iterator[Item]:
        _, originator, status, as_of, _, currency, modifier, *_ = [*fields, *[""] * 7]
        nature = _NATURES.get(status)
        if nature is None:
            yield self._fault("value", record, "group status", "1, 2, 3 or 4", shown(status))
        if modifier not in _MODIFIERS:
            yield self._fault("value", record, "as-of date modifier", "1, 2, 3 or 4", shown(modifier))
        day = yymmdd(as_of)
        if day is None:
            yield self._fault("value", record, "as-of date", "a date yymmdd", shown(as_of))
        if currency and not _is_currency(currency):
            yield self._fault("value", record, "currency", "three capitals", shown(currency))
        self._group = _Group(
            originator or self._bank, nature or "new", day or date.min, currency or _DEFAULT_CURRENCY,
            modifier not in _INTERIM,
        )  # fmt: skip
        self._group.sums.records += record.physical

    def _open_account(self, record: _Record, fields: list[str]) -> Iterator[Item]:
        group = self._group
        if group is None:
            return
        number, currency, *summaries = [*fields, ""] if len(fields) < 2 else fields
        if not number:
            yield self._fault("missing", record, "account number", "one", "nothing")
        if currency and not _is_currency(currency):
            yield self._fault("value", record, "currency", "three capitals", shown(currency))
        account = _Account(number, currency or group.currency, record.number, record.file_line, [])
        account.sums.records += record.physical
        self._account = account
        place = 0
        while place < len(summaries):
            code, amount = summaries[place], summaries[place + 1] if place + 1 < len(summaries) else ""
            if place + 1 >= len(summaries) and not code:
                break
            skipped, funds = self._funds(record, summaries, place + 3)
            if funds is not None:
                yield funds
                return
            place += 4 + skipped
            if code and not _is_type(code):
                yield self._fault("value", record, "type code", "three digits", shown(code))
                continue
            value = _amount(amount, can_be_signed=True)
            if value is None:
                if amount:
                    yield self._fault("value", record, f"amount of {code or 'no type'}", "digits", shown(amount))
                continue
            account.sums.total += value
            if code and code < "100":
                account.balances.append(Balance(_BALANCES.get(code, "other"), code, group.as_of, value))

    def _funds(self, record: _Record, fields: Sequence[str], place: int) -> tuple[int, Fault | None]:
        """How many fields say when the money is there, after the type of funds at `place`."""
        kind = fields[place] if place < len(fields) else ""
        if kind in _PLAIN_FUNDS:
            return 0, None
        if kind == "S":
            return 3, None
        if kind == "V":
            return 2, None
        if kind == "D":
            many = fields[place + 1] if place + 1 < len(fields) else ""
            if many.isascii() and many.isdigit() and len(many) <= 3 and int(many) <= _MOST_DISTRIBUTED:
                return 1 + 2 * int(many), None
            return 0, self._fault("value", record, "number of distributions", f"0 to {_MOST_DISTRIBUTED}", shown(many))
        return 0, self._fault("value", record, "funds type", "0, 1, 2, D, S, V or Z", shown(kind))

    # Transactions -------------------------------------------------------------------------------------------------------

    def _transaction(self, record: _Record, account: _Account) -> Iterator[Item]:
        group = self._group
        if group is None:
            return
        code, amount, funds, dates, bank, customer, text, ended = _cut(record)
        if ended is not None:
            expected = "0, 1, 2, D, S, V or Z with its fields" if ended == "funds type" else "another field"
            yield self._fault("value", record, ended, expected, shown(funds))
            return
        if not _is_type(code):
            yield self._fault("value", record, "type code", "three digits", shown(code))
            return
        cents = _amount(amount, can_be_signed=self._is_lenient) if amount else 0
        if cents is None:
            yield self._fault("value", record, "amount", "digits", shown(amount))
            return
        if amount[:1] in ("+", "-"):
            yield self._fault("sign", record, "amount", "no sign", shown(amount))
        value_on = group.as_of
        if dates:
            found = yymmdd(dates)
            if found is None:
                yield self._fault("value", record, "value date", "a date yymmdd", shown(dates))
                return
            value_on = found
        known = type_codes().get(code)
        if known is None:
            known = type_code(code)
            if code not in self._unknown:
                self._unknown.add(code)
                what = "a code of data/bai2_codes.csv"
                yield self._fault("unknown_code", record, "type code", what, shown(code), is_forgiven=True)
        if cents and not known.sign:
            yield self._fault("sign", record, "type code", "one of a credit or a debit", shown(code))
        account.sums.total += cents
        account.lines += 1
        signed = cents * known.sign
        account.lines_cents += signed
        yield Line(
            self._statements + 1, account.lines, account.number, account.currency, group.as_of, value_on, signed,
            known.family, code, bank.strip(), customer.strip(), text, record.number, record.file_line,
        )  # fmt: skip

    # Trailers -----------------------------------------------------------------------------------------------------------

    def _trailer_of_account(self, record: _Record, fields: list[str]) -> Iterator[Item]:
        account, group = self._account, self._group
        if account is None or group is None:
            return
        account.sums.records += record.physical
        total, records, *_ = [*fields, "", ""]
        yield from self._hold(record, "account control total", total, account.sums.total)
        yield from self._count(record, "records of the account", records, account.sums.records)
        yield from self._close_account(record)

    def _close_account(self, record: _Record) -> Iterator[Item]:
        account, group = self._account, self._group
        if account is None or group is None:
            return
        self._statements += 1
        statement = Statement(
            self._statements, account.number, account.currency, group.originator, self._reference, group.as_of, group.as_of,
            tuple(account.balances), account.lines, account.lines_cents, group.nature, group.is_final,
            account.record, account.file_line,
        )  # fmt: skip
        if statement.is_proven is False:
            opening, closing = statement.balance("opening") or 0, statement.balance("closing") or 0
            yield self._fault(
                "balance", record, "closing ledger", f"{opening + account.lines_cents}, opening and lines", str(closing),
                is_forgiven=True,
            )  # fmt: skip
        group.sums.total += account.sums.total
        group.sums.records += account.sums.records
        group.sums.members += 1
        self._account = None
        yield statement

    def _trailer_of_group(self, record: _Record, fields: list[str]) -> Iterator[Item]:
        group = self._group
        if group is None:
            return
        group.sums.records += record.physical
        total, members, records, *_ = [*fields, "", "", ""]
        yield from self._hold(record, "group control total", total, group.sums.total)
        yield from self._count(record, "accounts of the group", members, group.sums.members)
        yield from self._count(record, "records of the group", records, group.sums.records)
        self._close_group()

    def _close_group(self) -> None:
        if self._group is not None:
            self._file.total += self._group.sums.total
            self._file.records += self._group.sums.records
            self._file.members += 1
            self._group = None

    def _trailer_of_file(self, record: _Record, fields: list[str]) -> Iterator[Item]:
        self._file.records += record.physical
        total, members, records, *_ = [*fields, "", "", ""]
        yield from self._hold(record, "file control total", total, self._file.total)
        yield from self._count(record, "groups of the file", members, self._file.members)
        yield from self._count(record, "records of the file", records, self._file.records)
        self._is_closed = True

    def _hold(self, record: _Record, name: str, said: str, is_: int) -> Iterator[Fault]:
        total = _amount(said, can_be_signed=True)
        if total is None:
            yield self._fault("value", record, name, "digits", shown(said))
        elif total != is_:
            yield self._fault("total", record, name, str(is_), str(total))

    def _count(self, record: _Record, name: str, said: str, is_: int) -> Iterator[Fault]:
        if not (said.isascii() and said.isdigit() and len(said) < 12):
            yield self._fault("value", record, name, "digits", shown(said))
        elif int(said) != is_:
            yield self._fault("count", record, name, str(is_), said)

    def _fault(
        self, code: str, record: _Record, name: str, expected: str, found: str, *, is_forgiven: bool = False
    ) -> Fault:
        return self._judge.fault(
            code, max(record.number, 1), max(record.file_line, 1), name, expected, found, is_forgiven=is_forgiven
        )


def _cut(record: _Record) -> tuple[str, str, str, str, str, str, str, str | None]:
    """A `16`: type, amount, funds type, value date, the two references, text; at last the field where it breaks off.

    Only as many fields are cut off as come before the text, from one piece after another: after a slash the next piece
    goes on with the next field.
    """
    pieces = record.pieces
    first = pieces[0]
    if len(pieces) == 1:  # nearly all are one line
        parts = first.split(",", 5)
        if len(parts) == 6 and parts[2] in _PLAIN_FUNDS:
            code, amount, funds, bank, customer, text = parts
            return code, amount, funds, "", bank, customer, _text([text]), None
    fields: list[str] = []
    wanted = 5  # before the text
    for place, piece in enumerate(pieces):
        rest = piece.rstrip()
        while True:
            if len(fields) >= 3 and wanted == 5 and fields[2] not in _PLAIN_FUNDS:
                if fields[2] == "S":
                    wanted += 3
                elif fields[2] == "V":
                    wanted += 2
                elif fields[2] == "D" and len(fields) >= 4:
                    many = fields[3]
                    if not (many.isascii() and many.isdigit() and len(many) <= 3 and int(many) <= _MOST_DISTRIBUTED):
                        return "", "", f"D,{many}", "", "", "", "", "funds type"
                    wanted += 1 + 2 * int(many)
                elif fields[2] != "D":
                    return "", "", fields[2], "", "", "", "", "funds type"
            if len(fields) == wanted:
                if wanted == 5 and fields[2] == "D":
                    return "", "", "D", "", "", "", "", "funds type"
                return _of_fields(fields, _text([rest, *pieces[place + 1 :]]))
            head, comma, rest = rest.partition(",")
            if comma:
                fields.append(head)
                continue
            fields.append(head.removesuffix("/"))
            break
    if len(fields) >= 3 and wanted == 5 and fields[2] not in _PLAIN_FUNDS:
        return "", "", fields[2], "", "", "", "", "funds type"
    return _of_fields([*fields, *[""] * (wanted - len(fields))], "")


def _of_fields(fields: list[str], text: str) -> tuple[str, str, str, str, str, str, str, str | None]:
    funds = fields[2]
    return fields[0], fields[1], funds, fields[3] if funds == "V" else "", fields[-2], fields[-1], text, None


def _text(pieces: Sequence[str]) -> str:
    """Text without the blanks that fill its records and the slash that many banks end it with; a line for each record."""
    if len(pieces) == 1:
        return pieces[0].rstrip().removesuffix("/").rstrip()
    return "\n".join(piece.rstrip().removesuffix("/").rstrip() for piece in pieces).strip("\n")


def _amount(text: str, *, can_be_signed: bool) -> int | None:
    digits = text[1:] if can_be_signed and text[:1] in ("+", "-") else text
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 18:
        return None
    return -int(digits) if text[0] == "-" else int(digits)


def _is_type(code: str) -> bool:
    return len(code) == 3 and code.isascii() and code.isdigit()


def _is_currency(code: str) -> bool:
    return len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()


# Writing ----------------------------------------------------------------------------------------------------------------


class Bai2Error(PaymentsError):
    """Something that BAI2 has no way to say."""


@dataclass(frozen=True, slots=True)
class Header:
    """Who sends a file to whom, when, and its number on that day."""

    sender: str
    receiver: str
    created_on: date
    created_at: str
    """Hours and minutes, as four digits."""
    file_id: str


@dataclass(slots=True)
class _Writer:
    out: BinaryIO
    records: int = 0

    def write(self, record: str) -> None:
        self.out.write(record.encode("utf-8") + b"\n")
        self.records += 1


def write(out: BinaryIO, header: Header, statements: Iterable[tuple[Statement, Iterable[Line]]]) -> int:
    """Write a file of these statements; returns its records. Reading it gives the same statements and lines.

    Statements that follow each other with the same originator, day, currency and nature are one group. Lines stream.
    """
    writer = _Writer(out)
    created = f"{header.created_on:%y%m%d}"
    writer.write(
        f"01,{_plain(header.sender)},{_plain(header.receiver)},{created},{header.created_at},{_plain(header.file_id)},,,2/"
    )
    file = _Sums()
    group: _Sums | None = None
    said: tuple[str, Nature, date, str, bool] | None = None

    def close() -> None:
        if group is not None:
            writer.write(f"98,{group.total},{group.members},{group.records + 1}/")
            file.total += group.total
            file.members += 1

    for statement, lines in statements:
        if statement.from_on != statement.as_of:
            raise Bai2Error(
                f"the statement of {statement.as_of} begins on {statement.from_on}; BAI2 tells a day at a time",
                "cut it into days.",
            )
        about = (statement.bank, statement.nature, statement.as_of, statement.currency, statement.is_final)
        if about != said:
            close()
            group, said = _Sums(records=1), about
            writer.write(
                f"02,{_plain(header.receiver)},{_plain(statement.bank)},{_STATUSES[statement.nature]},"
                f"{statement.as_of:%y%m%d},2400,{statement.currency},{2 if statement.is_final else 1}/"
            )
        assert group is not None
        total, records = _write_account(writer, statement, lines)
        group.total += total
        group.records += records
        group.members += 1
    close()
    writer.write(f"99,{file.total},{file.members},{writer.records + 1}/")
    return writer.records


def _write_account(writer: _Writer, statement: Statement, lines: Iterable[Line]) -> tuple[int, int]:
    """Returns the account's control total and how many records it took."""
    before = writer.records
    total = sum(balance.amount_cents for balance in statement.balances)
    summaries = "".join(
        f",{_BALANCE_CODES.get(balance.kind, balance.type_code)},{balance.amount_cents},,"
        for balance in statement.balances
    )
    writer.write(f"03,{_plain(statement.account)},{statement.currency}{summaries}/")
    for line in lines:
        known = type_code(line.type_code)
        if abs(line.amount_cents) * known.sign != line.amount_cents or abs(line.amount_cents) > MAX_CENTS:
            raise Bai2Error(
                f"line {line.number} has {line.amount_cents} cents, which the code {line.type_code} cannot say",
                "choose a code of the other direction from data/bai2_codes.csv.",
            )
        funds = "Z" if line.value_on == statement.as_of else f"V,{line.value_on:%y%m%d},"
        first, *more = _text_records(line)
        writer.write(
            f"16,{line.type_code},{abs(line.amount_cents)},{funds},{_plain(line.bank_reference)},"
            f"{_plain(line.customer_reference)},{first}/"
        )
        for text in more:
            writer.write(f"88,{text}/")
        total += abs(line.amount_cents)
    writer.write(f"49,{total},{writer.records - before + 1}/")
    return total, writer.records - before


def _text_records(line: Line) -> list[str]:
    texts = line.text.split("\n")
    if any(text.startswith("/") or text.rstrip().endswith("/") or not text.isprintable() for text in texts):
        raise Bai2Error(
            f"the text of line {line.number} begins or ends with a slash, or holds what is not printed",
            "change the text; a slash ends a record.",
        )
    return texts


def _plain(text: str) -> str:
    if "," in text or "/" in text or not text.isprintable():
        raise Bai2Error(f"{shown(text)} holds a comma or a slash, which end a field", "choose a name without.")
    return text
