"""MT940, the customer statement of SWIFT: a reader of our own.

A message is a run of fields, `:20:` to the next `-` or `:20:`, with or without SWIFT's blocks around it; several make a
file. `:60F:` opens an account, each `:61:` is a line with its `:86:`, `:62F:` closes it, and opening plus lines must be
closing. Where a statement has pages, `:62M:` and the next `:60M:` must agree; its pages are one statement here.

Amounts have a decimal comma. `RC` and `RD` take a credit or a debit back. The entry date has no year: it is the one
nearest to the value date. An `:86:` of the German kind, `166?20...?21...`, is put together from its pieces.
"""

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from payments_pipeline.formats.source import Readable, numbered_lines
from payments_pipeline.formats.statements import (
    MAX_LINE_BYTES,
    Balance,
    Family,
    Fault,
    Item,
    Judge,
    Line,
    Statement,
    cents,
    shown,
    yymmdd,
)

LENIENT: Final = {
    "balance": "a closing balance that is not opening plus lines",
    "page": "pages that are missing, or do not go on where the one before ended",
    "length": "references longer than sixteen characters, amounts without their comma",
    "order": "a closing date before the opening date",
}

_TAG: Final = re.compile(r":(?P<tag>\d{2}[A-Z]?):(?P<rest>.*)", re.DOTALL)
_BALANCE: Final = re.compile(
    r"(?P<mark>[CD])(?P<day>\d{6})(?P<currency>[A-Z]{3})(?P<whole>\d{1,18})(?P<comma>,?)(?P<fraction>\d{0,18})\s*",
    re.ASCII,
)
_LINE: Final = re.compile(
    r"(?P<value>\d{6})(?P<entry>\d{4})?(?P<mark>RC|RD|C|D)[A-Z]?(?P<whole>\d{1,18})(?P<comma>,?)(?P<fraction>\d{0,18})"
    r"(?P<type>[NSF][A-Z0-9]{3})(?P<references>.*)",
    re.ASCII,
)
_STRUCTURED: Final = re.compile(r"(?P<code>\d{3})(?P<sign>[?>~^])(?=\d{2})", re.ASCII)
_BLOCK: Final = re.compile(r"\{1:[^{}]*\}(?:\{[235]:(?:[^{}]|\{[^{}]*\})*\})*\{4:\s*")
_FUNDS_SIGN: Final = {"C": 1, "D": -1, "RC": -1, "RD": 1}
_FAMILIES: Final[dict[str, Family]] = {
    "RTI": "return", "CHG": "fee", "BRF": "fee", "COM": "fee", "INT": "interest",
}  # fmt: skip
_USAGE: Final = (*(f"{number}" for number in range(20, 30)), *(f"{number}" for number in range(60, 64)))
_LONGEST_REFERENCE: Final = 16
_MOST_LINES_OF_A_FIELD: Final = 1_000
_NO_REFERENCE: Final = "NONREF"
_MESSAGE_TAGS: Final = frozenset(
    {"20", "21", "25", "25P", "28", "28C", "60F", "60M", "61", "86", "62F", "62M", "64", "65"}
)
_INTERIM_TAGS: Final = frozenset({"34F", "13D", "13", "90D", "90C"})
"""Of MT942, which tells of a day that is not over and has no balances."""


def looks_like(head: bytes) -> bool:
    """Whether a file that begins so is MT940."""
    return re.search(rb"^(?:\{1:F|:20:|:940:)|\n:20:", head.removeprefix(b"\xef\xbb\xbf").lstrip()) is not None


def read(stream: Readable, *, is_lenient: bool = False) -> Iterator[Item]:
    """The lines, statements and faults of a file."""
    return _Reader(Judge(LENIENT if is_lenient else ())).items(stream)


@dataclass(slots=True)
class _Field:
    tag: str
    number: int
    file_line: int
    texts: list[str]
    size: int

    @property
    def first(self) -> str:
        return self.texts[0].rstrip()


@dataclass(slots=True)
class _Page:
    """A statement, as far as it was read."""

    reference: str
    record: int
    file_line: int
    account: str = ""
    sequence: str = ""
    currency: str = ""
    opened_on: date = date.min
    """As the opening balance says it: mostly the day before the first that is told of."""
    first_booked: date | None = None
    balance: int = 0
    """Opening balance plus the lines so far."""
    is_open: bool = False
    is_sound: bool = True
    """Whether all its lines and balances could be read, so that its sum means something."""
    balances: list[Balance] = field(default_factory=list)
    lines: int = 0
    lines_cents: int = 0


class _Reader:
    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._statements = 0
        self._page: _Page | None = None
        self._waiting: _Page | None = None
        """A statement whose last page said that more follow."""
        self._line: tuple[_Field, re.Match[str]] | None = None
        self._texts: list[str] = []
        """What the `:86:` of that line say."""
        self._is_closed = False
        self._messages = 0

    def items(self, stream: Readable) -> Iterator[Item]:
        last = _Field("", 0, 0, [], 0)
        for got in self._fields(stream):
            if isinstance(got, Fault):
                yield got
            else:
                last = got
                yield from self._take(got)
            if self._judge.is_over:
                return
        yield from self._end_message(last)
        if self._judge.is_over:
            return
        if self._waiting is not None:
            yield self._fault("page", last, "last page", "one that ends with :62F:", "the end of the file")
            yield self._finish(self._waiting)
        if not self._messages:
            yield self._fault("not_the_format", last, "file", "an MT940 message, from :20: on", "none")

    def _fields(self, stream: Readable) -> Iterator[_Field | Fault]:
        """The fields of all messages; one without a tag ends a message. What lies around the messages is told."""
        current: _Field | None = None
        number = 0
        is_in_message = False
        is_told = False
        for got in numbered_lines(stream, self._judge):
            if isinstance(got, Fault):
                yield got
                continue
            file_line, text = got
            if text.startswith("{1:") and (block := _BLOCK.match(text)):
                text = text[block.end() :]
                if not text:
                    continue
            if text[:1] == "-" and is_in_message and (text[1:].strip() in ("", "}") or text.startswith(("-}", "-XXX"))):
                if current is not None:
                    yield current
                current, is_in_message = None, False
                yield _Field("", number, file_line, [""], 0)
                continue
            tagged = _TAG.match(text) if text[:1] == ":" else None
            if tagged is None:
                if current is not None:
                    current.size += len(text)
                    if current.size > MAX_LINE_BYTES or len(current.texts) >= _MOST_LINES_OF_A_FIELD:
                        yield self._fault("line_length", current, "field", f"at most {MAX_LINE_BYTES} bytes", "more")
                        return
                    current.texts.append(text)
                elif text.strip() and not is_told:
                    is_told = True
                    around = _Field("", number + 1, file_line, [], 0)
                    what = "a line outside of messages"
                    yield self._fault("envelope", around, "line", "a field, :20: and so on", what, is_forgiven=True)
                continue
            if current is not None:
                yield current
                current = None
            number += 1
            if tagged["tag"] == "20":
                is_in_message = True
            if not is_in_message and tagged["tag"] not in _MESSAGE_TAGS:
                if not is_told:
                    is_told = True
                    around = _Field("", number, file_line, [], 0)
                    found = f":{tagged['tag']}: before it"
                    yield self._fault("envelope", around, "tag", ":20:", found, is_forgiven=True)
                continue
            is_in_message = True
            current = _Field(tagged["tag"], number, file_line, [tagged["rest"]], len(text))
        if current is not None:
            yield current

    # Messages -----------------------------------------------------------------------------------------------------------

    def _take(self, got: _Field) -> Iterator[Item]:
        tag = got.tag
        if tag != "86":
            yield from self._book()
        if tag == "61":
            yield from self._read_line(got)
        elif tag == "86":
            if self._line is not None:  # some banks write a field for each line of the text
                self._texts += got.texts
                if len(self._texts) > _MOST_LINES_OF_A_FIELD:
                    yield self._fault("line_length", got, "text", f"at most {_MOST_LINES_OF_A_FIELD} lines", "more")
        elif tag == "20":
            yield from self._end_message(got)
            self._messages += 1
            self._page = _Page(got.first, got.number, got.file_line)
            self._is_closed = False
        elif tag == "":
            yield from self._end_message(got)
        elif self._page is None:
            yield self._fault("structure", got, "tag", ":20: at the beginning of a message", f":{tag}:")
            self._judge.is_over = True
        elif tag in ("25", "25P"):
            if self._page.account:
                yield self._fault("structure", got, "tag", "one :25: in a message", "another")
            else:
                self._page.account = got.first
        elif tag in ("28", "28C"):
            self._page.sequence = got.first
        elif tag in ("60F", "60M"):
            yield from self._open(got, self._page)
        elif tag in ("62F", "62M"):
            yield from self._close(got, self._page)
        elif tag in ("64", "65"):
            yield from self._available(got, self._page)
        elif tag in _INTERIM_TAGS:
            yield self._fault("not_the_format", got, "tag", "those of MT940", f":{tag}: of the interim report MT942")
        elif tag != "21":
            yield self._fault("unknown_code", got, "tag", "those of MT940", f":{tag}:", is_forgiven=True)

    def _end_message(self, got: _Field) -> Iterator[Item]:
        yield from self._book()
        page, self._page = self._page, None
        if page is None or self._is_closed:
            return
        wanted = ":62F:, the closing balance" if page.is_open else ":60F:, the opening balance"
        yield self._fault("missing", got, "tag", wanted, "the end of the message")

    def _open(self, got: _Field, page: _Page) -> Iterator[Item]:
        found = yield from self._balance(got)
        if page.is_open:
            yield self._fault("structure", got, "tag", "one opening balance", f"another :{got.tag}:")
            return
        page.is_open = True
        if found is None:
            page.is_sound = False
            return
        currency, day, amount = found
        page.currency = currency
        page.opened_on = day
        if page.account.endswith(currency) and page.account[:-3][-1:].isdigit():
            page.account = page.account[:-3]
        if not page.account:
            yield self._fault("missing", got, "account", ":25: before the opening balance", "nothing")
        waiting, self._waiting = self._waiting, None
        if got.tag == "60M":
            if waiting is None:
                yield self._fault("page", got, "page", "one before it, ended by :62M:", "none")
            else:
                is_same = (waiting.account, waiting.currency) == (page.account, currency)
                if not is_same or waiting.balance != amount:
                    found_text = str(amount) if is_same else "another account or currency"
                    yield self._fault("page", got, ":60M:", f"{waiting.balance}, as :62M: before it", found_text)
                if is_same:
                    page.record, page.file_line = waiting.record, waiting.file_line
                    page.opened_on, page.first_booked = waiting.opened_on, waiting.first_booked
                    page.balances, page.lines, page.lines_cents = waiting.balances, waiting.lines, waiting.lines_cents
                    page.is_sound = waiting.is_sound
                    page.sequence = waiting.sequence
                    page.balance = amount
                    return
                yield self._finish(waiting)
        elif waiting is not None:
            yield self._fault("page", got, "page", f":60M: with {waiting.balance}, as :62M: before it", ":60F:")
            yield self._finish(waiting)
        page.balance = amount
        page.balances.append(Balance("opening", got.tag, day, amount))

    def _close(self, got: _Field, page: _Page) -> Iterator[Item]:
        found = yield from self._balance(got)
        if not page.is_open or self._is_closed:
            wanted = "one closing balance" if self._is_closed else ":60F:, the opening balance, before it"
            yield self._fault("missing", got, "tag", wanted, f":{got.tag}:")
            return
        self._is_closed = True
        if found is None:
            return
        currency, day, amount = found
        if currency != page.currency and page.currency:
            yield self._fault("currency", got, f":{got.tag}:", page.currency, currency)
        if page.is_sound and amount != page.balance:
            yield self._fault("balance", got, f":{got.tag}:", f"{page.balance}, opening and lines", str(amount))
        if day < page.opened_on:
            yield self._fault("order", got, f"date of :{got.tag}:", f"{page.opened_on} or later", str(day))
        if got.tag == "62M":
            page.balance = amount
            self._waiting = page
            return
        page.balances.append(Balance("closing", got.tag, day, amount))
        yield self._finish(page)

    def _finish(self, page: _Page) -> Statement:
        self._statements += 1
        as_of = next(
            (balance.as_of for balance in reversed(page.balances) if balance.kind == "closing"), page.opened_on
        )
        return Statement(
            self._statements, page.account, page.currency, "", "/".join(filter(None, (page.reference, page.sequence))),
            min(page.first_booked or as_of, as_of), as_of, tuple(page.balances), page.lines, page.lines_cents,
            record=page.record, file_line=page.file_line,
        )  # fmt: skip

    def _available(self, got: _Field, page: _Page) -> Iterator[Item]:
        """Told after the statement has been given out: read so that what cannot be read is told."""
        found = yield from self._balance(got)
        if found is not None and page.currency and found[0] != page.currency:
            yield self._fault("currency", got, f":{got.tag}:", page.currency, found[0])

    def _balance(self, got: _Field) -> Generator[Fault, None, tuple[str, date, int] | None]:
        read = _BALANCE.fullmatch(got.first)
        if read is None:
            yield self._fault(
                "value", got, f":{got.tag}:", "C or D, date, currency, amount with a comma", shown(got.first, 32)
            )
            return None
        day, amount = yymmdd(read["day"]), cents(read["whole"], read["fraction"], read["currency"])
        if day is None or amount is None:
            yield self._fault("value", got, f":{got.tag}:", "a date and an amount that there are", shown(got.first, 32))
            return None
        yield from self._lengths(got, read)
        return read["currency"], day, amount if read["mark"] == "C" else -amount

    def _lengths(self, got: _Field, read: re.Match[str]) -> Iterator[Fault]:
        if not read["comma"]:
            yield self._fault("length", got, f"amount of :{got.tag}:", "a decimal comma", shown(read["whole"]))

    # Lines --------------------------------------------------------------------------------------------------------------

    def _read_line(self, got: _Field) -> Iterator[Item]:
        page = self._page
        if page is None or not page.is_open or self._is_closed:
            yield self._fault("structure", got, "tag", "an opening balance before the lines", ":61:")
            self._judge.is_over = True
            return
        read = _LINE.fullmatch(got.first)
        if read is None:
            yield self._fault(
                "value", got, ":61:", "value date, entry date, mark, amount, type, references", shown(got.first, 16)
            )
            page.is_sound = False
            return
        self._line = (got, read)

    def _book(self) -> Iterator[Item]:
        """Gives out the line that was read, now that all of its text has been."""
        line, self._line = self._line, None
        texts, self._texts = self._texts, []
        page = self._page
        if line is None or page is None:
            return
        text, business_code = _text(texts)
        got, read = line
        value_on = yymmdd(read["value"])
        booked_on = _entry_date(read["entry"], value_on) if value_on and read["entry"] else value_on
        amount = cents(read["whole"], read["fraction"], page.currency)
        if value_on is None or booked_on is None or amount is None:
            page.is_sound = False
            yield self._fault("value", got, ":61:", "dates and an amount that there are", shown(got.first, 24))
            return
        yield from self._lengths(got, read)
        customer, _, bank = read["references"].partition("//")
        for name, reference in (("customer reference", customer), ("bank reference", bank)):
            if len(reference.rstrip()) > _LONGEST_REFERENCE:
                found = f"{len(reference.rstrip())} characters"
                yield self._fault("length", got, name, f"at most {_LONGEST_REFERENCE} characters", found)
        signed = _FUNDS_SIGN[read["mark"]] * amount
        family: Family = _FAMILIES.get(read["type"][1:], "credit" if signed >= 0 else "debit")
        if len(read["mark"]) == 2:
            family = "return"
        supplement = "\n".join(more.rstrip() for more in got.texts[1:]).strip("\n")
        page.first_booked = min(booked_on, page.first_booked or booked_on)
        page.balance += signed
        page.lines += 1
        page.lines_cents += signed
        yield Line(
            self._statements + 1, page.lines, page.account, page.currency, booked_on, value_on, signed, family,
            f"{read['type']}/{business_code}" if business_code else read["type"], _reference(bank), _reference(customer),
            "\n".join(filter(None, (text, supplement))), got.number, got.file_line,
        )  # fmt: skip

    def _fault(
        self, code: str, got: _Field, name: str, expected: str, found: str, *, is_forgiven: bool = False
    ) -> Fault:
        return self._judge.fault(
            code, max(got.number, 1), max(got.file_line, 1), name, expected, found, is_forgiven=is_forgiven
        )


def _reference(text: str) -> str:
    stripped = text.strip()
    return "" if stripped == _NO_REFERENCE else stripped


def _entry_date(month_and_day: str, value_on: date) -> date | None:
    """The day of that month nearest to the value date: around New Year they may lie in different years."""
    month, day = int(month_and_day[:2]), int(month_and_day[2:])
    nearest: date | None = None
    for year in (value_on.year - 1, value_on.year, value_on.year + 1):
        try:
            found = date(year, month, day)
        except ValueError:
            continue
        if nearest is None or abs(found - value_on) < abs(nearest - value_on):
            nearest = found
    return nearest


def _text(texts: list[str]) -> tuple[str, str]:
    """The text of a line, and the code of its business transaction where it has one."""
    joined = "".join(texts)
    structured = _STRUCTURED.match(joined)
    if structured is None:
        return "\n".join(text.rstrip() for text in texts).strip("\n"), ""
    return _of_pieces(joined[structured.end() :], structured["sign"]), structured["code"]


def _of_pieces(text: str, sign: str) -> str:
    """A structured `:86:` as text: what was booked, what for, and with whom, a line each."""
    pieces = {piece[:2]: piece[2:] for piece in text.split(sign)}
    usage = "".join(pieces.get(key, "") for key in _USAGE).strip()
    party = " ".join(part.strip() for key in ("32", "33") if (part := pieces.get(key, "")))
    return "\n".join(filter(None, (pieces.get("00", "").strip(), usage, party.strip())))
