"""The journal in formats that other people's tools read, so that an auditor need not take our word for a sum.

The database writes the text and Python passes it on, so memory stays the same however long the journal is.
"""

from collections.abc import Generator, Iterable
from contextlib import closing
from datetime import date
from pathlib import Path
from shutil import copyfileobj
from threading import Lock
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
            with closing(_ChunkReader(chunks)) as reader:
                copyfileobj(reader, out)
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
        with closing(_ChunkReader(chunks, without=_QUOTE)) as reader:
            copyfileobj(reader, out)


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
            with closing(_ChunkReader(chunks)) as reader:
                batches = csv.open_csv(
                    pa.PythonFile(reader, mode="r"),
                    convert_options=csv.ConvertOptions(column_types=COLUMNS, strings_can_be_null=True),
                )
                for batch in batches:
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


def _copy(
    connection: psycopg.Connection[Any], name: str, options: str, **parameters: object
) -> Generator[bytes, None, None]:
    """What COPY writes of the rows of a file of `sql/`, as it comes.

    Close it: where the reader gives up half-way, the connection waits in COPY, and its rollback would wait for ever.
    """
    (statement,) = statements(name)
    with (
        connection.cursor() as cursor,
        cursor.copy(f"copy ({statement.text}) to stdout ({options})".encode(), parameters) as copy,
    ):
        for chunk in copy:
            yield bytes(chunk)


class _ChunkReader:
    """A file to read from, over chunks of bytes; once it is closed it is at its end."""

    closed = False

    def __init__(self, chunks: Generator[bytes, None, None], without: bytes = b"") -> None:
        self._chunks = chunks
        self._without = without
        self._rest = b""
        self._lock = Lock()  # Arrow reads ahead in a thread of its own, and may be at it when the writer fails

    def read(self, size: int = -1, /) -> bytes:
        with self._lock:
            return b"" if self.closed else self._read(size)

    def _read(self, size: int) -> bytes:
        pieces, length = [self._rest], len(self._rest)
        while (size < 0 or length < size) and (chunk := next(self._chunks, None)) is not None:
            pieces.append(chunk.translate(None, self._without))
            length += len(pieces[-1])
        whole = b"".join(pieces)
        end = len(whole) if size < 0 else size
        self._rest = whole[end:]
        return whole[:end]

    def close(self) -> None:
        with self._lock:
            self.closed = True
            self._chunks.close()
