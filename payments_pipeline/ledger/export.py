"""The journal in formats that other people's tools read, so that an auditor need not take our word for a sum.

The database writes the text and Python passes it on, so memory stays the same however long the journal is.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from shutil import copyfileobj
from typing import Any, Final, Literal, Protocol

import psycopg
import pyarrow as pa
from pyarrow import csv, parquet

from payments_pipeline.postgres.run import query, statements

TextFormat = Literal["hledger", "beancount", "csv"]
Detail = Literal["transaction", "day"]


class Sink(Protocol):
    """Whatever takes bytes."""

    def write(self, data: bytes, /) -> object:
        """Take them."""


COLUMNS: Final = pa.schema(
    [
        pa.field("effective_on", pa.date32()),
        pa.field("booked_on", pa.date32()),
        pa.field("loan_id", pa.int64()),
        pa.field("subject_id", pa.string()),
        pa.field("kind", pa.string()),
        pa.field("seq", pa.int16()),
        pa.field("account", pa.int32()),
        pa.field("account_name", pa.string()),
        pa.field("amount_cents", pa.int64()),
        pa.field("entries", pa.int64()),
    ]
)
"""The columns of the journal as CSV and as Parquet; debits are positive. By day, what names one transaction is empty."""

# A value that spans lines is put in quotes by COPY; this one occurs in no journal, so taking it out leaves the text.
_QUOTE: Final = b"\x01"

_BEANCOUNT_ROOTS: Final = {
    "asset": "Assets",
    "liability": "Liabilities",
    "equity": "Equity",
    "income": "Income",
    "expense": "Expenses",
}


def write_text(
    connection: psycopg.Connection[Any],
    out: Sink,
    format_: TextFormat,
    *,
    first: date = date.min,
    last: date = date.max,
    detail: Detail = "transaction",
) -> None:
    """Write the journal of these days, day by day in the connection's transaction."""
    days = _days(connection, first, last)
    if format_ == "csv":
        out.write((",".join(COLUMNS.names) + "\n").encode())
        for day in days:
            chunks = _copy(connection, "ledger/journal", "format csv", day=day, detail=detail)
            copyfileobj(_ChunkReader(chunks), out)
        return
    names = {
        account: name if format_ == "hledger" else beancount_account(name, account_type)
        for account, name, account_type in _chart(connection)
    }
    out.write(_preamble(format_, names.values(), days))
    for day in days:
        chunks = _copy(
            connection,
            "ledger/journal_text",
            r"format csv, delimiter E'\x02', quote E'\x01'",
            day=day,
            detail=detail,
            format=format_,
            accounts=list(names),
            names=list(names.values()),
            unlisted="unlisted:" if format_ == "hledger" else "Equity:Unlisted:",
        )
        copyfileobj(_ChunkReader(chunk.translate(None, _QUOTE) for chunk in chunks), out)


def write_parquet(
    connection: psycopg.Connection[Any],
    path: Path,
    *,
    first: date = date.min,
    last: date = date.max,
    detail: Detail = "transaction",
) -> None:
    """Write the journal of these days as one Parquet file, a batch at a time."""
    with parquet.ParquetWriter(path, COLUMNS, compression="zstd") as writer:
        for day in _days(connection, first, last):
            chunks = _copy(connection, "ledger/journal", "format csv, header", day=day, detail=detail)
            reader = csv.open_csv(
                pa.PythonFile(_ChunkReader(chunks), mode="r"),
                convert_options=csv.ConvertOptions(column_types=COLUMNS, strings_can_be_null=True),
            )
            for batch in reader:
                writer.write_batch(batch)


def beancount_account(name: str, account_type: str) -> str:
    """The account as Beancount wants it: below one of its five roots, each word with a capital."""
    return ":".join([_BEANCOUNT_ROOTS[account_type], *(part.title() for part in name.split(":")[1:])])


def _chart(connection: psycopg.Connection[Any]) -> list[tuple[int, str, str]]:
    return connection.execute("select account, name, type from ledger.accounts order by account").fetchall()


def _days(connection: psycopg.Connection[Any], first: date, last: date) -> list[date]:
    return [line["day"] for line in query(connection, "ledger/journal_days", first=first, last=last)]


def _preamble(format_: TextFormat, names: Iterable[str], days: list[date]) -> bytes:
    """What the tool must know before the first transaction: the currency, and the accounts."""
    if format_ == "hledger":
        lines = ["commodity 1000.00 USD", *(f"account {name}" for name in names)]
    else:
        begin = min(days, default=date(2000, 1, 1)).isoformat()
        lines = ['option "operating_currency" "USD"', *(f"{begin} open {name} USD" for name in names)]
    return ("\n".join([*lines, "", ""])).encode()


def _copy(connection: psycopg.Connection[Any], name: str, options: str, **parameters: object) -> Iterator[bytes]:
    """What COPY writes of the rows of a file of `sql/`, as it comes."""
    (statement,) = statements(name)
    with (
        connection.cursor() as cursor,
        cursor.copy(f"copy ({statement.text}) to stdout ({options})".encode(), parameters) as copy,
    ):
        for chunk in copy:
            yield bytes(chunk)


class _ChunkReader:
    """A file to read from, over chunks of bytes."""

    closed = False

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""

    def read(self, size: int = -1, /) -> bytes:
        pieces, length = [self._rest], len(self._rest)
        while (size < 0 or length < size) and (chunk := next(self._chunks, None)) is not None:
            pieces.append(chunk)
            length += len(chunk)
        whole = b"".join(pieces)
        end = len(whole) if size < 0 else size
        self._rest = whole[end:]
        return whole[:end]

    def close(self) -> None:
        self.closed = True
