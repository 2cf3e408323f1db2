"""Reports of the local bank: what its statement shows of our account, as documents that are made once and fetched.

The world's `bank/<day>.csv` is the truth of a day. A line gets an instant on its day, so that a report asked for at noon
holds what there was until noon, and the balance follows from line to line. Column knows its transfers: where the world's
statement leaves out the id of one, the report has it all the same.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from payments_pipeline.column import ids
from payments_pipeline.column.local.objects import BANK_ACCOUNT_ID, ENTITY_ID
from payments_pipeline.column.local.words import COLUMN_RAILS
from payments_pipeline.formats import bai2
from payments_pipeline.formats.statement_csv import ColumnReportRow, write_column_report
from payments_pipeline.formats.statements import Balance, Line, Statement
from payments_pipeline.rules.calendar import NEW_YORK
from payments_pipeline.world.days import day_number
from payments_pipeline.world.draws import Flags, Int64s, scattered
from payments_pipeline.world.identifiers import RAILS, return_ids, transfer_ids
from payments_pipeline.world.text import ids as text_ids

OUR_ACCOUNT: Final = RAILS[COLUMN_RAILS[0]].account
TYPES: Final = ("bank_account_summary", "bank_account_transaction", "bank_account_daily_statement")

_FIRST_SECOND, _SECONDS = 4 * 3_600, 17 * 3_600
"""Within which lines fall, from midnight in New York: hours that are on the same day in California."""
_INSTANT_SALT: Final = 0xBA_3000
_OWN_SALT: Final = 0xBA_3001
_TYPE_CODES: Final = {("ach", True): "142", ("wire", True): "195", ("realtime", True): "195", ("book", True): "206"}
_RETURN_CODES: Final = {"ach": "557", "wire": "495", "realtime": "495", "book": "506"}
_EVENTS: Final = {
    "wire": ("wire.incoming_transfer.completed", "wire.outgoing_transfer.completed"),
    "realtime": ("realtime.incoming_transfer.completed", "realtime.outgoing_transfer.completed"),
    "book": ("book.transfer.completed", "book.transfer.completed"),
}
_SUMMARY_HEADER: Final = (
    "bank_account_id", "bank_account_type", "currency", "available_balance_open", "available_balance_credit",
    "available_balance_debit", "available_balance_close",
)  # fmt: skip


class ReportError(ValueError):
    """A report that cannot be made as asked; says which field is to blame."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


@dataclass(frozen=True, slots=True)
class BankLines:
    """Lines of the statement of our account, in the order of their instants."""

    at: Int64s
    """Seconds since 1970."""
    amount_cents: Int64s
    channel: list[str]
    is_credit: Flags
    transaction_id: list[str]
    is_collected: Flags
    """Of ACH, whether we collected the money."""

    def __len__(self) -> int:
        return len(self.at)

    def type_of(self, row: int) -> str:
        """The event that a line goes back to."""
        channel, is_credit = self.channel[row], bool(self.is_credit[row])
        if channel == "ach":
            direction = "outgoing" if self.is_collected[row] else "incoming"
            return f"ach.{direction}_transfer.{'settled' if is_credit else 'returned'}"
        return _EVENTS[channel][0 if is_credit else 1]


class Statements:
    """What the bank's books say of our account."""

    def __init__(self, world_dir: Path, collected: npt.NDArray[np.bytes_]) -> None:
        self._folder = world_dir / "bank"
        self._truth = world_dir / "truth" / "bank.parquet"
        self._collected = collected
        self._days = sorted(date.fromisoformat(path.stem) for path in self._folder.glob("*.csv"))

    def lines(self, from_date: date, to_date: date, until: int) -> BankLines:
        """The lines of some days, up to an instant in seconds."""
        days = [self._day(day) for day in self._days if from_date <= day <= to_date]
        return _upto(_joined(days), until)

    def balance(self, before: int) -> int:
        """What was available before an instant in seconds."""
        total = 0
        for day in self._days:
            midnight = _midnight(day, NEW_YORK)
            if midnight + 86_400 <= before:
                total += self._total(day)
            elif midnight < before:
                total += int(_upto(self._day(day), before - 1).amount_cents.sum())
        return total

    def _total(self, day: date) -> int:
        return _total_of(self._folder / f"{day}.csv")

    def _day(self, day: date) -> BankLines:
        table = _read(self._folder / f"{day}.csv")
        midnight = _midnight(day, NEW_YORK)
        number = np.arange(len(table), dtype=np.int64) + day_number(day) * 10**8
        named = _with_ids(table, number, day, self._truth)
        at = midnight + _FIRST_SECOND + (scattered(number, _INSTANT_SALT) % np.uint64(_SECONDS)).astype(np.int64)
        order = np.argsort(at, kind="stable")
        digits = pc.utf8_slice_codeunits(named, -ids.LENGTH).to_numpy(zero_copy_only=False).astype(f"S{ids.LENGTH}")
        place = np.searchsorted(self._collected, digits)
        found = np.zeros(len(digits), dtype=np.bool_)
        inside = place < len(self._collected)
        found[inside] = self._collected[place[inside]] == digits[inside]
        ordered = table.take(pa.array(order))
        return BankLines(
            at[order],
            ordered["amount_cents"].to_numpy(),
            ordered["channel"].to_pylist(),
            pc.equal(ordered["kind"], "credit").to_numpy(),
            named.take(pa.array(order)).to_pylist(),
            found[order],
        )


@dataclass(slots=True)
class Report:
    """A report that was asked for."""

    id: str
    type: str
    from_date: date
    to_date: date
    time_zone: str
    created: int
    row_count: int = 0
    documents: dict[str, Path] = field(default_factory=dict)
    """By format."""
    is_completed: bool = False

    def as_json(self) -> dict[str, Any]:
        """As the bank shows it."""
        done = self.documents if self.is_completed else {}
        return {
            "id": self.id,
            "type": self.type,
            "status": "completed" if self.is_completed else "scheduled",
            "from_date": str(self.from_date),
            "to_date": str(self.to_date),
            "time_zone": self.time_zone,
            "row_count": self.row_count if self.is_completed else None,
            "columns": None,
            **{
                f"{form}_document_id": document_id(self.id, form) if form in done else None
                for form in ("csv", "json", "parquet", "pdf", "bai2")
            },
        }


def document_id(report_id: str, form: str) -> str:
    """The id of a report's document in one of its formats."""
    made = ids.decode(report_id)
    return ids.make("docu", made.made_at, f"{report_id} {form}")


def make_report(statements: Statements, report: Report, folder: Path, until: int) -> None:
    """Writes the documents of a report with what had happened until then, in seconds since 1970."""
    write = {
        "bank_account_summary": _write_summary,
        "bank_account_transaction": _write_transactions,
        "bank_account_daily_statement": _write_statement,
    }[report.type]
    form, rows = write(statements, report, until, lambda form: (folder / f"{report.id}.{form}").open("wb"))
    report.row_count, report.documents = rows, {form: folder / f"{report.id}.{form}"}


def check_report(report_type: str, from_date: date, to_date: date, time_zone: str) -> None:
    """Refuses a report that there is not."""
    if report_type not in TYPES:
        raise ReportError("type")
    if to_date < from_date:
        raise ReportError("to_date")
    try:
        ZoneInfo(time_zone)
    except (ValueError, OSError):
        raise ReportError("time_zone") from None


_Open = Callable[[str], BinaryIO]


def _write_transactions(statements: Statements, report: Report, until: int, opened: _Open) -> tuple[str, int]:
    lines = statements.lines(report.from_date, report.to_date, until)
    opening = statements.balance(_midnight(report.from_date, NEW_YORK))
    with opened("csv") as out:
        return "csv", write_column_report(out, _report_rows(lines, opening), report.time_zone)


def _report_rows(lines: BankLines, balance: int) -> Iterator[ColumnReportRow]:
    for row in range(len(lines)):
        amount = int(lines.amount_cents[row])
        balance += amount
        yield ColumnReportRow(
            effective_at=datetime.fromtimestamp(int(lines.at[row]), UTC),
            bank_account_id=BANK_ACCOUNT_ID,
            transaction_id=lines.transaction_id[row],
            transaction_type=lines.type_of(row),
            available_amount=amount,
            available_balance=balance,
            entity_id=ENTITY_ID,
        )


def _write_summary(statements: Statements, report: Report, until: int, opened: _Open) -> tuple[str, int]:
    lines = statements.lines(report.from_date, report.to_date, until)
    opening = statements.balance(_midnight(report.from_date, NEW_YORK))
    credited = int(lines.amount_cents[lines.amount_cents > 0].sum())
    debited = int(lines.amount_cents[lines.amount_cents < 0].sum())
    row = (BANK_ACCOUNT_ID, "CHECKING", "USD", opening, credited, debited, opening + credited + debited)
    with opened("csv") as out:
        out.write(f"{','.join(_SUMMARY_HEADER)}\n{','.join(map(str, row))}\n".encode())
    return "csv", 1


def _write_statement(statements: Statements, report: Report, until: int, opened: _Open) -> tuple[str, int]:
    header = bai2.Header(
        "COLUMN", "SERVICER", report.to_date, datetime.fromtimestamp(until, NEW_YORK).strftime("%H%M"), "1"
    )
    rows = 0

    def days() -> Iterator[tuple[Statement, Iterator[Line]]]:
        nonlocal rows
        day, number = report.from_date, 0
        while day <= report.to_date:
            lines = statements.lines(day, day, until)
            number, rows = number + 1, rows + len(lines)
            yield _statement(day, number, lines, statements, until), _statement_lines(day, number, lines)
            day += timedelta(days=1)

    with opened("bai2") as out:
        bai2.write(out, header, days())
    return "bai2", rows


def _statement(day: date, number: int, lines: BankLines, statements: Statements, until: int) -> Statement:
    opening, moved = statements.balance(_midnight(day, NEW_YORK)), int(lines.amount_cents.sum())
    return Statement(
        number=number,
        account=BANK_ACCOUNT_ID,
        currency="USD",
        bank="121145307",
        reference="",
        from_on=day,
        as_of=day,
        balances=(Balance("opening", "010", day, opening), Balance("closing", "015", day, opening + moved)),
        line_count=len(lines),
        lines_cents=moved,
        is_final=until >= _midnight(day + timedelta(days=1), NEW_YORK) - 2 * 3_600,
    )


def _statement_lines(day: date, number: int, lines: BankLines) -> Iterator[Line]:
    for row in range(len(lines)):
        channel, amount = lines.channel[row], int(lines.amount_cents[row])
        code = _TYPE_CODES[channel, True] if amount > 0 else _RETURN_CODES[channel]
        transaction = lines.transaction_id[row]
        yield Line(
            statement=number,
            number=row + 1,
            account=BANK_ACCOUNT_ID,
            currency="USD",
            booked_on=day,
            value_on=day,
            amount_cents=amount,
            family="credit" if amount > 0 else "return",
            type_code=code,
            bank_reference=transaction,
            customer_reference="",
            text=lines.type_of(row),
            record=0,
            file_line=0,
        )


def _read(path: Path) -> pa.Table:
    text = dict.fromkeys(("line_id", "account", "channel", "kind", "transaction_id"), pa.string())
    table = pacsv.read_csv(
        path,
        convert_options=pacsv.ConvertOptions(
            include_columns=[*text, "amount_cents"], column_types={**text, "amount_cents": pa.int64()}
        ),
    )
    return table.filter(pc.equal(table["account"], OUR_ACCOUNT))


def _with_ids(table: pa.Table, number: Int64s, day: date, truth: Path) -> pa.StringArray:
    """The id of each line's transaction; where the statement leaves it out, that of the payment that the line truly is."""
    named = table["transaction_id"].combine_chunks()
    is_missing = pc.equal(named, "")
    nameless = table.filter(is_missing)
    if not len(nameless):
        return named
    own = number[is_missing.to_numpy(zero_copy_only=False)].tolist()
    rails, kinds = nameless["channel"].to_pylist(), nameless["kind"].to_pylist()
    found = zip(rails, kinds, _payments_of(nameless["line_id"], day, truth), own, strict=True)
    return pc.replace_with_mask(named, is_missing, pa.array([_own_id(*one) for one in found]))


def _payments_of(line_ids: pa.ChunkedArray, day: date, truth: Path) -> Iterator[int]:
    """The payment that each line shows, be it for the second time; 0 where it is nobody's."""
    rows = pq.read_table(truth, columns=["line_id", "group", "identity"], filters=[("bank_day", "=", day)])
    lines = rows.filter(pc.is_in(rows["line_id"], line_ids))
    paid = rows.filter(pc.and_(pc.is_in(rows["group"], lines["group"]), pc.greater(rows["identity"], 0)))
    payment = dict(zip(paid["group"].to_pylist(), paid["identity"].to_pylist(), strict=True))
    group = dict(zip(lines["line_id"].to_pylist(), lines["group"].to_pylist(), strict=True))
    return (payment.get(group[line_id], 0) for line_id in line_ids.to_pylist())


def _own_id(channel: str, kind: str, payment: int, number: int) -> str:
    if payment:
        named = return_ids if kind == "return" else transfer_ids
        return str(named(channel, np.array([payment]))[0])
    return RAILS[channel].transfer_prefix + text_ids(np.array([number]), _OWN_SALT).tobytes().decode("ascii")


@cache
def _total_of(path: Path) -> int:
    return int(pc.sum(_read(path)["amount_cents"]).as_py() or 0)


def _joined(days: list[BankLines]) -> BankLines:
    nothing = np.zeros(0, dtype=np.int64)
    flags = np.zeros(0, dtype=np.bool_)
    return BankLines(
        np.concatenate([nothing, *(day.at for day in days)]),
        np.concatenate([nothing, *(day.amount_cents for day in days)]),
        [channel for day in days for channel in day.channel],
        np.concatenate([flags, *(day.is_credit for day in days)]),
        [named for day in days for named in day.transaction_id],
        np.concatenate([flags, *(day.is_collected for day in days)]),
    )


def _upto(lines: BankLines, until: int) -> BankLines:
    """Those that happened by then; lines are in the order of their instants."""
    count = int(np.searchsorted(lines.at, until, side="right"))
    return BankLines(
        lines.at[:count],
        lines.amount_cents[:count],
        lines.channel[:count],
        lines.is_credit[:count],
        lines.transaction_id[:count],
        lines.is_collected[:count],
    )


def _midnight(day: date, zone: ZoneInfo) -> int:
    return int(datetime.combine(day, time(), zone).timestamp())
