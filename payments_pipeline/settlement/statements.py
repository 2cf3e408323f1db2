"""Statements in the banks' own formats into `settlement.statements` and `settlement.bank_lines`.

A file is one transaction: it is read in a stream, proven, and stored whole, or not at all, and then a case in
`operations.exception_cases` (category `statement`) names the record. Bytes that were stored add nothing, nor does a
statement that says what another file said. A correction withdraws the lines that it no longer has and adds its own;
`settlement.lines_in_force` is what counts.

A NACHA file tells of entries, not of an account: its returns are stored only for the account that is named for them, since
the bank's statement mostly shows the same money.
"""

import hashlib
import json
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, BinaryIO, Final, cast

import psycopg

from payments_pipeline.formats.sniff import FORMATS, HEAD_BYTES, Format, reader, sniff
from payments_pipeline.formats.source import Readable
from payments_pipeline.formats.statement_csv import COLUMN_REPORT, StatementMapping, read
from payments_pipeline.formats.statements import MAX_FILE_BYTES, Fault, Item, Line, Statement
from payments_pipeline.postgres.days import close_days, open_days
from payments_pipeline.postgres.locks import hold
from payments_pipeline.postgres.run import query, run
from payments_pipeline.rules.calendar import business_date
from payments_pipeline.settlement.classification import Classifier, classifier

MOST_STATEMENTS: Final = 100_000
"""In one file. They wait in memory for the end of it; their lines do not."""

MOST_DAYS: Final = 1_000
"""Days that one file may tell of: each of them is a partition."""

_COPIED_AT_ONCE: Final = 1 << 20
_TOLD: Final = 20
_MOST_WARNINGS: Final = 100
_LARGEST: Final = 2**63 - 1
_COLUMN: Final = "column"
_LINE_COLUMNS: Final = (
    "number", "bank_day", "account", "channel", "kind", "amount_cents", "value_on", "type_code", "bank_reference",
    "customer_reference", "description", "record", "file_line", "identity",
)  # fmt: skip
_STATEMENT_COLUMNS: Final = (
    "number", "account", "currency", "bank", "reference", "from_on", "as_of", "opening_cents", "closing_cents",
    "line_count", "lines_cents", "nature", "is_final", "record", "file_line",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a statement of a file."""

    statement_id: str
    account: str
    as_of: date
    from_on: date
    nature: str
    is_final: bool
    opening_cents: int | None
    closing_cents: int | None
    line_count: int
    lines_cents: int
    repeats: str | None
    """The statement that said the same before."""
    replaces: str | None
    """The statement that it corrects or deletes."""
    number: int
    withdrawn: int
    """Lines that it took back."""
    reinstated: int
    """Lines that it brought back."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of a file."""

    source: str
    format: str | None = None
    sha256: str = ""
    is_known: bool = False
    """Whether its bytes were stored before."""
    statements: tuple[Stored, ...] = ()
    lines: int = 0
    added: int = 0
    days: tuple[date, ...] = ()
    """Days on which what counts is not what it was: those ask to be reconciled again."""
    unclassified: int = 0
    """Lines for which data/statement_rules.csv has no rule."""
    warnings: tuple[Fault, ...] = ()
    faults: tuple[Fault, ...] = ()
    """Why it was refused, if it was: then nothing of it is stored."""

    @property
    def is_refused(self) -> bool:
        """Whether nothing of it was stored because something is wrong with it."""
        return bool(self.faults)

    @property
    def refusal(self) -> str:
        """The first fault, and how many more there are."""
        more = f" (and {len(self.faults) - 1} more)" if len(self.faults) > 1 else ""
        return f"{self.source}: {self.faults[0]}{more}" if self.faults else ""


class _RefusedError(Exception):
    """Leaves the transaction of a file that must not be stored."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class Options:
    """How a file is to be read and stored."""

    format: Format | None = None
    """None: by how it begins."""
    mappings: Sequence[StatementMapping] = ()
    """For CSV, beside that of Column's report."""
    is_lenient: bool = False
    replaces: bool = False
    """Whether its statements take the place of those stored of their accounts and days, although they do not say so."""
    account: str | None = None
    """For NACHA: the account on which its returns settle."""
    currency: str = "USD"
    """That of our books; a statement in another is refused."""


def load_statement(
    connection: psycopg.Connection[Any],
    content: BinaryIO,
    source: str,
    *,
    received_at: datetime,
    options: Options | None = None,
    size_bytes: int | None = None,
) -> Loaded:
    """Load one file; one that is refused opens a case and is returned with its faults."""
    chosen = options or Options()

    def items(stream: Readable, head: bytes) -> tuple[str, Iterator[Item]]:
        format_, found = items_of(stream, head, chosen)
        return format_, _of_account(found, chosen.account) if format_ == "nacha" else found

    return _load(connection, content, source, received_at, items, chosen, size_bytes)


def load_column_report(
    connection: psycopg.Connection[Any],
    day: date,
    content: BinaryIO,
    source: str,
    *,
    received_at: datetime | None = None,
) -> Loaded:
    """Load Column's report `bank_account_transaction` of a day, as CSV; a statement for each account in it.

    A row is known by its transaction, type, instant and account, so a report in another time zone adds nothing. Its day
    is that of the instant in New York; rows more than a day away from `day` are not of this report and refuse it.
    """

    def items(stream: Readable, _: bytes) -> tuple[str, Iterator[Item]]:
        return _COLUMN, _of_day(read(stream, COLUMN_REPORT), day)

    return _load(connection, content, source, received_at or datetime.now(UTC), items, Options(), None)


def items_of(stream: Readable, head: bytes, options: Options) -> tuple[str, Iterator[Item]]:
    """What a file says, and the format that it is in."""
    mappings = (COLUMN_REPORT, *options.mappings)
    format_, mapping = options.format, None
    found = sniff(head, mappings)
    if format_ is None:
        if found is None:
            return "unknown", iter([_not_read(head)])
        format_, mapping = found
    elif format_ == "csv":
        mapping = found[1] if found and found[0] == "csv" else options.mappings[-1] if options.mappings else None
    items = reader(format_, mapping)(stream, is_lenient=options.is_lenient)
    return _COLUMN if mapping is COLUMN_REPORT else format_, items


def _not_read(head: bytes) -> Fault:
    wanted = ", ".join(FORMATS)
    found = "nothing" if not head.strip() else "none of them, nor a CSV file with the columns of a mapping"
    return Fault("not_the_format", 1, 1, "first bytes", f"a statement as {wanted}", found)


def _of_day(items: Iterator[Item], day: date) -> Iterator[Item]:
    """Column's report as a statement of its day. It is never final: what moves late that day comes with the next look."""
    for item in items:
        if isinstance(item, Line) and abs(item.booked_on - day) > timedelta(days=1):
            yield Fault(
                "value", item.record, item.file_line, "effective_at_utc", f"{day} in New York", str(item.booked_on)
            )
        elif isinstance(item, Statement):
            yield replace(item, as_of=day, from_on=min(item.from_on, day), reference=f"{day}", is_final=False)
        else:
            yield item


def _of_account(items: Iterator[Item], account: str | None) -> Iterator[Item]:
    """The returns of a NACHA file as lines of the account on which they settle. What we send ourselves is no statement."""
    for item in items:
        if isinstance(item, Fault):
            yield item
        elif account is None:
            wanted = "the account on which these entries settle"
            yield Fault("missing", item.record, item.file_line, "account", wanted, "none: a NACHA file does not say it")
            return
        elif isinstance(item, Statement):
            yield replace(item, account=account)
        elif item.family != "return":
            yield Fault(
                "not_the_format", item.record, item.file_line, "entry", "a return", "an entry that is sent forward"
            )
        else:
            yield item._replace(account=account, identity=f"ach {item.identity}")


def _load(
    connection: psycopg.Connection[Any],
    content: BinaryIO,
    source: str,
    received_at: datetime,
    items: Callable[[Readable, bytes], tuple[str, Iterator[Item]]],
    options: Options,
    size_bytes: int | None,
) -> Loaded:
    try:
        with closing(_rewindable(content)) as stream:
            try:
                with connection.transaction():
                    loaded = _store(connection, stream, source, received_at, items, options, size_bytes)
                    run(connection, "settlement/accepted_statement", source=source)
                    return loaded
            except _RefusedError as refused:
                return refuse(connection, Loaded(source, faults=refused.faults), received_at)
    except (OSError, EOFError, zlib.error) as error:
        return refuse(connection, unreadable(source, error), received_at)


class _Rewindable:
    """A file that is read twice, once for its hash and once for what it says, and must be the same both times."""

    def __init__(self, file: BinaryIO, *, is_copy: bool = False) -> None:
        self._file = file
        self._is_copy = is_copy
        self._hash = hashlib.sha256()
        self.size = 0

    def read(self, size: int = -1, /) -> bytes:
        return self._noted(self._file.read(size))

    def readline(self, size: int = -1, /) -> bytes:
        return self._noted(self._file.readline(size))

    def _noted(self, data: bytes) -> bytes:
        self._hash.update(data)
        self.size += len(data)
        return data

    def rewind(self) -> None:
        self._file.seek(0)
        self._hash, self.size = hashlib.sha256(), 0

    def close(self) -> None:
        """The copy goes; the file of the caller is the caller's."""
        if self._is_copy:
            self._file.close()

    def digest_of_all(self) -> bytes:
        """The hash, once what is left has been read too."""
        while self.size <= MAX_FILE_BYTES and self.read(_COPIED_AT_ONCE):
            pass
        return self._hash.digest()


def _rewindable(content: BinaryIO) -> _Rewindable:
    """The file itself where it can be read again; a copy on disk where it comes through a pipe."""
    if content.seekable():
        return _Rewindable(content)
    copy = tempfile.TemporaryFile()  # noqa: SIM115 lives as long as what is returned
    size = 0
    while size <= MAX_FILE_BYTES and (chunk := content.read(_COPIED_AT_ONCE)):
        size += copy.write(chunk)
    copy.seek(0)
    return _Rewindable(cast("BinaryIO", copy), is_copy=True)


def _store(
    connection: psycopg.Connection[Any],
    stream: _Rewindable,
    source: str,
    received_at: datetime,
    items: Callable[[Readable, bytes], tuple[str, Iterator[Item]]],
    options: Options,
    size_bytes: int | None,
) -> Loaded:
    sha256 = stream.digest_of_all()
    hold(connection, "settlement.statements")
    known = query(connection, "settlement/statements_known", file_sha256=sha256)
    if known[0]["statements"]:
        return Loaded(source, sha256=sha256.hex(), is_known=True)
    stream.rewind()
    head = stream.read(HEAD_BYTES)
    stream.rewind()
    format_, found = items(stream, head)
    run(connection, "settlement/statements_arriving")
    reading = _copy(connection, found, classifier(format_))
    if reading.faults:
        raise _RefusedError(reading.faults)
    if stream.digest_of_all() != sha256:
        raise _RefusedError(
            [Fault("unfinished", 1, 1, "file", "one that stays as it is", "other bytes at the second reading")]
        )
    _copy_statements(connection, reading.statements)
    added = _post(connection, source, format_, sha256, received_at, options, size_bytes or stream.size)
    first, last = _span(reading.statements)
    return Loaded(
        source, format_, sha256.hex(),
        statements=tuple(
            _stored(row) for row in query(connection, "settlement/statements_report", file_sha256=sha256)
        ),
        lines=reading.lines, added=added,
        days=tuple(
            row["bank_day"]
            for row in query(connection, "settlement/statements_changed_days", file_sha256=sha256, first=first, last=last)
        ),
        unclassified=reading.unclassified, warnings=tuple(reading.warnings),
    )  # fmt: skip


def _stored(row: dict[str, Any]) -> Stored:
    for name in ("statement_id", "repeats", "replaces"):
        row[name] = str(row[name]) if row[name] else None
    return Stored(**row)


@dataclass(slots=True)
class _Reading:
    statements: list[Statement]
    faults: list[Fault]
    warnings: list[Fault]
    lines: int = 0
    unclassified: int = 0


def _copy(connection: psycopg.Connection[Any], items: Iterator[Item], classify: Classifier) -> _Reading:
    """Streams the lines into the database. What is refused is read on for its other faults, but copied no further."""
    reading = _Reading([], [], [])
    statement = f"copy pg_temp.arriving_statement_lines ({', '.join(_LINE_COLUMNS)}) from stdin"
    with connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        for item in items:
            if isinstance(item, Line):
                if reading.faults:
                    continue
                found = classify(item)
                reading.lines += 1
                reading.unclassified += not found.has_rule
                # as ingestion names the receipt that a refused return makes
                reference = f"{item.customer_reference}/{found.receipt}" if found.receipt else item.customer_reference
                copy.write_row(
                    (
                        item.statement, item.booked_on, item.account, found.channel, found.kind, item.amount_cents,
                        item.value_on, item.type_code, item.bank_reference, reference, item.text, item.record,
                        item.file_line, item.identity,
                    )
                )  # fmt: skip
            elif isinstance(item, Fault):
                into = reading.warnings if item.is_forgiven else reading.faults
                if len(into) < _MOST_WARNINGS:
                    into.append(item)
            else:
                _take(item, reading)
            if len(reading.faults) >= _MOST_WARNINGS:
                break
    return reading


def _take(statement: Statement, reading: _Reading) -> None:
    place = (statement.record, statement.file_line)
    if statement.nature == "test":
        reading.faults.append(
            Fault("not_the_format", *place, "group status", "a statement to be stored", "4, only a test")
        )
    if len(reading.statements) >= MOST_STATEMENTS:
        reading.faults.append(Fault("too_many", *place, "statements", f"at most {MOST_STATEMENTS}", "more"))
        return
    if abs(statement.lines_cents) > _LARGEST:
        reading.faults.append(Fault("value", *place, "sum of the lines", f"at most {_LARGEST}", "more"))
    reading.statements.append(statement)


def _copy_statements(connection: psycopg.Connection[Any], statements: Sequence[Statement]) -> None:
    into = f"copy pg_temp.arriving_statements ({', '.join(_STATEMENT_COLUMNS)}) from stdin"
    with connection.cursor() as cursor, cursor.copy(into.encode()) as copy:
        for one in statements:
            copy.write_row(
                (
                    one.number, one.account, one.currency, one.bank, one.reference, one.from_on, one.as_of,
                    one.balance("opening"), one.balance("closing"), one.line_count, one.lines_cents, one.nature,
                    one.is_final, one.record, one.file_line,
                )
            )  # fmt: skip


def _post(
    connection: psycopg.Connection[Any],
    source: str,
    format_: str,
    sha256: bytes,
    received_at: datetime,
    options: Options,
    size_bytes: int,
) -> int:
    """Stores what waits in the temporary tables; returns how many lines are new."""
    connection.execute("set local work_mem = '256MB'")
    for name in ("arriving_statements", "arriving_statement_lines"):
        connection.execute(f"analyze pg_temp.{name}".encode())
    run(connection, "settlement/statements_judged", file_sha256=sha256, replaces=options.replaces)
    for fault in query(connection, "settlement/statements_faults", format=format_, currency=options.currency):
        raise _RefusedError([Fault(**fault)])
    days = [row["bank_day"] for row in query(connection, "settlement/statements_days")]
    if len(days) > MOST_DAYS:
        raise _RefusedError([Fault("too_many", 1, 1, "days", f"at most {MOST_DAYS}", str(len(days)))])
    run(connection, "settlement/statements_balances")
    added = 0
    open_days(connection, ["settlement.bank_lines"], days)
    if days:
        added = run(connection, "settlement/statements_lines", source=source, first=days[0], last=days[-1])
    close_days(connection, ["settlement.bank_lines"], days)
    run(connection, "settlement/statements_corrections", format=format_)
    run(
        connection, "settlement/statements", format=format_, file_sha256=sha256, source=source, size_bytes=size_bytes,
        received_at=received_at,
    )  # fmt: skip
    return added


def _span(statements: Sequence[Statement]) -> tuple[date, date]:
    """Days between which all lines of these statements, and of those that they correct, lie."""
    if not statements:
        return date.min, date.min
    first = min(min(one.from_on, one.as_of) for one in statements)
    return max(date.min + timedelta(days=400), first) - timedelta(days=400), max(
        one.as_of for one in statements
    ) + timedelta(days=7)


def ask_for_days(connection: psycopg.Connection[Any], days: Iterable[date]) -> None:
    """Ask for days to be run again whose lines or balances are not what they were; those never run will be anyway."""
    for day in sorted(days):
        run(connection, "operations/request_day", day=day, reason="reposted", subject=f"bank lines of {day}")


def unreadable(source: str, error: Exception) -> Loaded:
    """A file that breaks off, or that the system does not let us read."""
    reason = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
    code = "unreadable" if isinstance(error, PermissionError) else "unfinished"
    return Loaded(source, faults=(Fault(code, 1, 1, "file", "one that can be read to its end", reason),))


def refuse(connection: psycopg.Connection[Any], loaded: Loaded, received_at: datetime) -> Loaded:
    """Opens the case that says why nothing of the file was stored."""
    first = loaded.faults[0]
    with connection.transaction():
        run(
            connection,
            "settlement/refused_statement",
            source=loaded.source,
            code=first.code,
            day=business_date(received_at),
            file_line=first.file_line,
            summary=f"The statement {loaded.source.rpartition('/')[2]} was not stored. {first}.",
            next_step=f"{first.remedy} Then put the file in the same place again.",
            details=json.dumps(
                {
                    "source": loaded.source,
                    "faults": [str(fault) for fault in loaded.faults[:_TOLD]],
                    "record": first.record,
                    "found": len(loaded.faults),
                }
            ),
        )
    return loaded
