"""Statements as CSV: which column is what is declared, in a small TOML file or in code, and the file is read by that.

    name = "first-bank"
    delimiter = ";"
    date_format = "%m/%d/%Y"        # or "iso", or "instant" with a time_zone
    amount_unit = "dollars"         # or "cents"
    decimal_sign = "."
    account = "123456789"           # where the file does not say it

    [columns]
    booked_on = "Posting Date"
    amount = "Amount"               # or credit and debit, a column each
    text = ["Description", "Memo"]
    balance = "Running Bal."        # each balance must then follow from the one before

Column, our bank, reports the same way: `COLUMN_REPORT` declares its report `bank_account_transaction`, and
`write_column_report` writes one.
"""

import csv
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, BinaryIO, Final, NamedTuple
from zoneinfo import ZoneInfo

from payments_pipeline.errors import PaymentsError
from payments_pipeline.formats.source import Readable, numbered_lines
from payments_pipeline.formats.statements import Balance, Family, Fault, Item, Judge, Line, Statement, cents, shown

LENIENT: Final = {
    "balance": "running balances that do not follow from the one before",
    "count": "rows with more or fewer fields than the header",
}

MOST_ACCOUNTS: Final = 10_000
"""Accounts in one file: what is kept in memory is a few numbers for each."""

_TEXT_COLUMNS: Final = (
    "booked_on", "value_on", "amount", "credit", "debit", "mark", "account", "currency", "type_code", "bank_reference",
    "customer_reference", "balance",
)  # fmt: skip
_LIST_COLUMNS: Final = ("text", "identity")
_MOST_FIELDS: Final = 500
_MOST_LINES_OF_A_ROW: Final = 1_000


class MappingError(PaymentsError):
    """A declaration of columns that says too little, too much, or two things at once."""


@dataclass(frozen=True, slots=True)
class StatementMapping:
    """Which column is what, and how dates and amounts are written."""

    name: str
    columns: Mapping[str, str | Sequence[str]]
    date_format: str = "iso"
    time_zone: str = "America/New_York"
    """The day of an instant is that of this zone."""
    amount_unit: str = "dollars"
    decimal_sign: str = "."
    delimiter: str = ","
    skip_rows: int = 0
    """Lines before the header."""
    newest_first: bool = False
    account: str = ""
    currency: str = "USD"
    debit_marks: Sequence[str] = ("D", "DR", "DEBIT", "DBIT", "-")
    """With a column `mark`: its words for money that left, in whatever case."""
    credit_marks: Sequence[str] = ("C", "CR", "CRDT", "CREDIT", "+")
    """And for money that came; an empty cell is one only where it is among them. A row with any other is refused."""
    skip_zero: bool = False
    """Rows without an amount, or of zero, are no lines."""
    forgives: Sequence[str] = ()
    """Codes of faults that do not refuse a file, where its writer promises nothing."""

    def __post_init__(self) -> None:
        """Refuses what cannot be read by."""
        problem = self._problem()
        if problem:
            raise MappingError(f"the mapping {self.name!r}: {problem[0]}", problem[1])

    def _problem(self) -> tuple[str, str] | None:
        known = {*_TEXT_COLUMNS, *_LIST_COLUMNS}
        if unknown := sorted(set(self.columns) - known):
            return f"no field is called {', '.join(unknown)}", f"the fields are {', '.join(sorted(known))}."
        if wrong := [
            name for name, column in self.columns.items() if (name in _LIST_COLUMNS) == isinstance(column, str)
        ]:
            return (
                f"{wrong[0]} is not of the right kind",
                "give text and identity as lists of columns, all others as one.",
            )
        if "booked_on" not in self.columns:
            return "no column is booked_on", "name the column with the date."
        if ("amount" in self.columns) == ("credit" in self.columns or "debit" in self.columns):
            return "it is not clear where the amount is", "name amount, or credit and debit, but not both."
        if ("credit" in self.columns) != ("debit" in self.columns):
            return "credit and debit go together", "name both columns, or amount."
        if both := sorted(_marks(self.debit_marks) & _marks(self.credit_marks)):
            return f"{both[0]!r} marks both debits and credits", "give debit_marks and credit_marks that differ."
        if "account" not in self.columns and not self.account:
            return "it does not say whose statement it is", "name the column account, or give the account itself."
        if self.amount_unit not in ("dollars", "cents"):
            return f"amount_unit is {self.amount_unit!r}", "say dollars or cents."
        if self.decimal_sign not in (".", ",") or len(self.delimiter) != 1 or self.delimiter == self.decimal_sign:
            return "decimal_sign or delimiter cannot be used", "a point or a comma; one other character between fields."
        if not 0 <= self.skip_rows <= 100:
            return f"skip_rows is {self.skip_rows}", "at most a hundred lines stand before a header."
        if self.date_format not in ("iso", "instant") and not self._is_date_format():
            return f"date_format {self.date_format!r} does not tell day, month and year", "write it like %m/%d/%Y."
        try:
            ZoneInfo(self.time_zone)
        except (ValueError, KeyError, OSError):
            return f"there is no time zone {self.time_zone!r}", "name it like America/New_York."
        return None

    def _is_date_format(self) -> bool:
        day = date(2023, 11, 29)
        try:
            return datetime.strptime(day.strftime(self.date_format), self.date_format).date() == day  # noqa: DTZ007 dates
        except ValueError:
            return False

    @property
    def wanted(self) -> list[str]:
        """The columns that a file must have."""
        return [name for column in self.columns.values() for name in ([column] if isinstance(column, str) else column)]


def mapping_of_toml(text: str, name: str) -> StatementMapping:
    """The mapping that a TOML file declares; `name` is used where it gives none."""
    try:
        declared: dict[str, Any] = {"name": name, **tomllib.loads(text)}
    except tomllib.TOMLDecodeError as error:
        raise MappingError(f"the mapping {name!r} is not TOML: {error}", "correct it at that place.") from None
    known = {known.name: known.type for known in fields(StatementMapping)}
    if unknown := sorted(set(declared) - set(known)):
        raise MappingError(
            f"the mapping {name!r}: nothing is called {', '.join(unknown)}", f"it can have {', '.join(known)}."
        )
    columns = declared.get("columns")
    if not isinstance(columns, dict) or not all(_is_column(column) for column in columns.values()):
        raise MappingError(
            f"the mapping {name!r} has no [columns] of texts",
            'write a table [columns] with lines like amount = "Amount".',
        )
    examples = {
        "skip_rows": 0,
        "newest_first": False,
        "skip_zero": False,
        "debit_marks": [""],
        "credit_marks": [""],
        "forgives": [""],
        "columns": {},
    }
    for key, value in declared.items():
        is_of_texts = not isinstance(value, list) or all(isinstance(part, str) for part in value)
        if type(value) is not type(examples.get(key, "")) or not is_of_texts:
            raise MappingError(
                f"the mapping {name!r}: {key} is not of the right kind", f"write it like {examples.get(key, 'text')!r}."
            )
    return StatementMapping(**declared)


def _marks(words: Sequence[str]) -> set[str]:
    return {word.upper() for word in words}


def _is_column(column: object) -> bool:
    return isinstance(column, str) or (isinstance(column, list) and all(isinstance(part, str) for part in column))


def matches(head: bytes, mapping: StatementMapping) -> bool:
    """Whether a file that begins so has all columns of the mapping."""
    lines = head.removeprefix(b"\xef\xbb\xbf").decode("utf-8", errors="replace").splitlines()
    if len(lines) <= mapping.skip_rows:
        return False
    try:
        header = next(csv.reader([lines[mapping.skip_rows]], delimiter=mapping.delimiter), [])
    except csv.Error:
        return False
    return set(mapping.wanted) <= {name.strip() for name in header}


def read(stream: Readable, mapping: StatementMapping, *, is_lenient: bool = False) -> Iterator[Item]:
    """The lines, statements and faults of a file: a statement for each account in it."""
    return _Reader(Judge(LENIENT if is_lenient else mapping.forgives), mapping).items(stream)


@dataclass(slots=True)
class _Account:
    number: int
    currency: str
    first: date
    last: date
    record: int
    file_line: int
    lines: int = 0
    lines_cents: int = 0
    opening: int | None = None
    balance: int | None = None


@dataclass(slots=True)
class _Row:
    """The row in hand, with its place."""

    record: int
    file_line: int
    values: list[str] = field(default_factory=list)


class _Reader:
    def __init__(self, judge: Judge, mapping: StatementMapping) -> None:
        self._judge = judge
        self._mapping = mapping
        self._is_debit = {
            **dict.fromkeys(_marks(mapping.debit_marks), True),
            **dict.fromkeys(_marks(mapping.credit_marks), False),
        }
        self._accounts: dict[str, _Account] = {}
        self._faults: list[Fault] = []
        self._at = 0
        self._begins = 0

    def items(self, stream: Readable) -> Iterator[Item]:
        mapping = self._mapping
        rows = csv.reader(self._texts(stream), delimiter=mapping.delimiter, strict=True)
        place: dict[str, Any] | None = None
        row = _Row(0, 1)
        while True:
            begins = self._begins = self._at + 1
            try:
                values = next(rows, None)
            except csv.Error as error:
                yield from self._told()
                yield self._fault("structure", row, "row", "fields that are quoted as CSV wants", str(error)[:60])
                return
            if self._faults:
                yield from self._told()
            if self._judge.is_over or values is None:
                break
            row = _Row(row.record + 1, begins, values)
            if place is None:
                place, missing = self._places(values)
                if missing:
                    what = f"the columns of {mapping.name}"
                    yield self._fault("not_the_format", row, "header", what, f"without {', '.join(missing)[:100]}")
                    return
                width = len(values)
                continue
            if not any(values):
                continue
            if len(values) != width:
                yield self._fault("count", row, "fields", str(width), str(len(values)))
                values += [""] * (width - len(values))
            yield from self._row(row, place)
        if self._judge.is_over:
            return
        if place is None:
            yield self._fault("not_the_format", row, "file", "a header", "nothing")
            return
        for account, found in self._accounts.items():
            yield self._statement(account, found)

    def _texts(self, stream: Readable) -> Iterator[str]:
        """The lines for the CSV reader; the faults of their bytes wait in `_faults`."""
        skipped = self._mapping.skip_rows
        for got in numbered_lines(stream, self._judge):
            if isinstance(got, Fault):
                self._faults.append(got)
                if self._judge.is_over:
                    return
            else:
                self._at = got[0]
                if self._at - self._begins > _MOST_LINES_OF_A_ROW:
                    row = _Row(self._at, self._begins)
                    self._faults.append(
                        self._fault(
                            "line_length", row, "row", f"at most {_MOST_LINES_OF_A_ROW} lines", "more: an open quote?"
                        )
                    )
                    return
                if got[0] > skipped:
                    yield got[1] + "\n"

    def _told(self) -> Iterator[Fault]:
        told, self._faults = self._faults, []
        yield from told

    def _places(self, header: list[str]) -> tuple[dict[str, Any], list[str]]:
        """Where each field's column is, and which columns there are not."""
        at = {name.strip(): number for number, name in reversed(list(enumerate(header)))}
        if len(header) > _MOST_FIELDS:
            return {}, [f"fewer than {_MOST_FIELDS} columns"]
        missing = [name for name in self._mapping.wanted if name not in at]
        if missing:
            return {}, missing
        return {
            name: at[column] if isinstance(column, str) else [at[part] for part in column]
            for name, column in self._mapping.columns.items()
        }, []

    def _row(self, row: _Row, place: dict[str, Any]) -> Iterator[Item]:
        mapping, values = self._mapping, row.values

        def value(name: str) -> str:
            return values[place[name]].strip() if name in place else ""

        currency = value("currency") or mapping.currency
        amount = self._amount(row, value, currency)
        if isinstance(amount, Fault):
            yield amount
            return
        if not amount and mapping.skip_zero:
            return
        booked_on = self._day(value("booked_on"))
        if booked_on is None:
            yield self._fault(
                "value", row, "booked_on", f"a date like {mapping.date_format}", shown(value("booked_on"))
            )
            return
        value_on = booked_on
        if said := value("value_on"):
            found = self._day(said)
            if found is None:
                yield self._fault("value", row, "value_on", f"a date like {mapping.date_format}", shown(said))
                return
            value_on = found
        account = value("account") or mapping.account
        if not account:
            yield self._fault("missing", row, "account", "one", "nothing")
            return
        of = self._accounts.get(account)
        if of is None:
            if len(self._accounts) >= MOST_ACCOUNTS:
                self._judge.is_over = True
                yield self._fault("too_many", row, "account", f"at most {MOST_ACCOUNTS}", "more")
                return
            number = len(self._accounts) + 1
            of = _Account(number, currency, booked_on, booked_on, row.record, row.file_line)
            self._accounts[account] = of
        elif of.currency != currency:
            yield self._fault("currency", row, "currency", of.currency, shown(currency))
            return
        yield from self._balance(row, value("balance"), of, amount)
        of.first, of.last = min(of.first, booked_on), max(of.last, booked_on)
        of.lines += 1
        of.lines_cents += amount
        family: Family = "credit" if amount >= 0 else "debit"
        identity = place.get("identity")
        yield Line(
            of.number, of.lines, account, currency, booked_on, value_on, amount, family, value("type_code"),
            value("bank_reference"), value("customer_reference"),
            "\n".join(text for at in place.get("text", ()) if (text := values[at].strip())), row.record, row.file_line,
            "|".join(values[at].strip() for at in identity) if identity else None,
        )  # fmt: skip

    def _amount(self, row: _Row, value: Callable[[str], str], currency: str) -> int | Fault:
        """The signed amount. A sign that says otherwise than the mark or the column is refused: either may be wrong."""
        mapping = self._mapping
        if "amount" in mapping.columns:
            said = value("amount")
            if not said and mapping.skip_zero:
                return 0
            amount = self._cents(row, "amount", said, currency)
            if isinstance(amount, Fault) or "mark" not in mapping.columns or (not amount and mapping.skip_zero):
                return amount
            mark = value("mark")
            is_debit = self._is_debit.get(mark.upper())
            if is_debit is None:
                known = ", ".join(word or "nothing" for word in (*mapping.debit_marks, *mapping.credit_marks))
                return self._fault("value", row, "mark", f"one of {known[:100]}", shown(mark))
            if amount < 0 and not is_debit:
                return self._fault("sign", row, "amount", f"no minus, as it is marked {shown(mark)}", shown(said))
            return -abs(amount) if is_debit else amount
        total = 0
        for name in ("credit", "debit"):
            if said := value(name):
                part = self._cents(row, name, said, currency)
                if isinstance(part, Fault):
                    return part
                if part < 0 and name == "credit":
                    return self._fault("sign", row, name, "no minus in this column", shown(said))
                total += part if name == "credit" else -abs(part)
        if not value("credit") and not value("debit") and not mapping.skip_zero:
            return self._fault("value", row, "credit", f"an amount in {mapping.amount_unit}", shown(""))
        return total

    def _cents(self, row: _Row, name: str, said: str, currency: str) -> int | Fault:
        amount = _cents(said, currency, self._mapping.decimal_sign, self._mapping.amount_unit)
        if amount is None:
            return self._fault("value", row, name, f"an amount in {self._mapping.amount_unit}", shown(said))
        return amount

    def _day(self, text: str) -> date | None:
        return _day(text, self._mapping.date_format, self._mapping.time_zone)

    def _balance(self, row: _Row, said: str, of: _Account, amount: int) -> Iterator[Fault]:
        if "balance" not in self._mapping.columns or not said:
            return
        balance = _cents(said, of.currency, self._mapping.decimal_sign, self._mapping.amount_unit)
        if balance is None:
            yield self._fault("value", row, "balance", f"an amount in {self._mapping.amount_unit}", shown(said))
            return
        if self._mapping.newest_first:
            if of.balance is not None and of.opening != balance:
                yield self._fault("balance", row, "balance", f"{of.opening}, from the row before", str(balance))
            of.balance = balance if of.balance is None else of.balance
            of.opening = balance - amount
            return
        if of.balance is not None and of.balance + amount != balance:
            yield self._fault("balance", row, "balance", f"{of.balance + amount}, from the row before", str(balance))
        of.opening = balance - amount if of.opening is None else of.opening
        of.balance = balance

    def _statement(self, account: str, of: _Account) -> Statement:
        balances: tuple[Balance, ...] = ()
        if of.opening is not None and of.balance is not None:
            balances = (Balance("opening", "", of.first, of.opening), Balance("closing", "", of.last, of.balance))
        return Statement(
            of.number, account, of.currency, "", "", of.first, of.last, balances, of.lines, of.lines_cents,
            record=of.record, file_line=of.file_line,
        )  # fmt: skip

    def _fault(self, code: str, row: _Row, name: str, expected: str, found: str) -> Fault:
        return self._judge.fault(code, max(row.record, 1), row.file_line, name, expected, found)


_PLAIN: Final = re.compile(
    r"(?P<sign>[-+]?)\$?(?P<whole>\d{1,18})(?:[.](?P<fraction>\d{0,18}))?(?P<after>-?)", re.ASCII
)


@lru_cache(maxsize=4096)
def _cents(text: str, currency: str, decimal_sign: str, unit: str) -> int | None:
    """An amount as people and programs write it: -1,234.50, $10, 12.00-, (5.00), or whole cents."""
    thousands = "," if decimal_sign == "." else "."
    said = text
    is_bracketed = said[:1] == "(" and said[-1:] == ")"
    if is_bracketed:
        said = said[1:-1]
    groups = said.split(decimal_sign)[0].split(thousands)
    if len(groups) > 1 and any(len(group) != 3 for group in groups[1:]):
        return None
    read = _PLAIN.fullmatch(said.replace(thousands, "").replace(decimal_sign, "."))
    if read is None or (read["sign"] and read["after"]) or (is_bracketed and (read["sign"] or read["after"])):
        return None
    if unit == "cents":
        amount = int(read["whole"]) if read["fraction"] is None else None
    else:
        amount = cents(read["whole"], read["fraction"] or "", currency)
    if amount is None:
        return None
    return -amount if is_bracketed or read["sign"] == "-" or read["after"] else amount


@lru_cache(maxsize=4096)
def _day(text: str, date_format: str, time_zone: str) -> date | None:
    try:
        if date_format == "iso":
            return date.fromisoformat(text)
        if date_format == "instant":
            instant = datetime.fromisoformat(text)
            return None if instant.utcoffset() is None else instant.astimezone(ZoneInfo(time_zone)).date()
        return datetime.strptime(text, date_format).date()  # noqa: DTZ007 a statement's dates have no zone
    except (ValueError, OverflowError):
        return None


# Column's report --------------------------------------------------------------------------------------------------------

COLUMN_REPORT: Final = StatementMapping(
    name="column",
    columns={
        "booked_on": "effective_at_utc",
        "amount": "available_amount",
        "account": "bank_account_id",
        "currency": "currency",
        "type_code": "transaction_type",
        "bank_reference": "transaction_id",
        "customer_reference": "transaction_id",
        "balance": "available_balance",
        "identity": ("transaction_id", "transaction_type", "effective_at_utc", "bank_account_id"),
    },
    date_format="instant",
    amount_unit="cents",
    skip_zero=True,
    forgives=("balance",),
)
"""Column's report bank_account_transaction. A row says what an event moved; one that moved nothing available is no line.

The balance before the first row and that after the last prove the day. Column does not promise the order of rows of one
instant, so a balance that does not follow from the row before is told and refuses nothing: the proof shows it.

Rows have no number of their own: what they say of transaction, event, instant and account together is their identity, so
that the report of another time zone or day brings none of them twice. The day of a row is the day in New York.
"""

COLUMN_REPORT_HEADER: Final = (
    "effective_at", "effective_at_utc", "bank_account_id", "bank_account_type", "account_number_id", "entity_id",
    "entity_name", "entity_type", "transaction_id", "transaction_type", "currency", "available_amount",
    "available_balance", "pending_amount", "pending_balance", "locked_amount", "locked_balance", "holding_amount",
    "holding_balance",
)  # fmt: skip


class ColumnReportRow(NamedTuple):
    """What a row of the report says; amounts in cents, debits negative."""

    effective_at: datetime
    bank_account_id: str
    transaction_id: str
    transaction_type: str
    available_amount: int | None
    available_balance: int
    pending_amount: int = 0
    pending_balance: int = 0
    locked_amount: int = 0
    locked_balance: int = 0
    holding_amount: int = 0
    holding_balance: int = 0
    account_number_id: str = ""
    entity_id: str = ""
    entity_name: str = ""
    entity_type: str = "ORGANIZATION"
    bank_account_type: str = "CHECKING"
    currency: str = "USD"


def write_column_report(out: BinaryIO, rows: Iterable[ColumnReportRow], time_zone: str = "America/New_York") -> int:
    """Write the report as Column does, with the local time of this zone beside UTC; returns its rows."""
    zone = ZoneInfo(time_zone)
    sink = _Rows(out)
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow(COLUMN_REPORT_HEADER)
    count = 0
    for row in rows:
        count += 1
        writer.writerow(
            (
                row.effective_at.astimezone(zone).isoformat(),
                row.effective_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
                row.bank_account_id, row.bank_account_type, row.account_number_id, row.entity_id, row.entity_name,
                row.entity_type, row.transaction_id, row.transaction_type, row.currency,
                "" if row.available_amount is None else row.available_amount, row.available_balance, row.pending_amount,
                row.pending_balance, row.locked_amount, row.locked_balance, row.holding_amount, row.holding_balance,
            )
        )  # fmt: skip
    return count


class _Rows:
    """A text file for the CSV writer over a binary one that stays open."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out

    def write(self, text: str) -> int:
        return self._out.write(text.encode("utf-8"))
