"""Bank lines from files of our own plain form, `bank/<bank day>.csv` in the inbox, into `settlement.bank_lines`.

Lines are facts: reading a file again adds nothing, and a line that comes back with other content is refused. Readers of
statements in the banks' own formats fill the same table.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO, Final

import psycopg

from payments_pipeline.errors import PaymentsError
from payments_pipeline.postgres.days import close_days, open_days
from payments_pipeline.postgres.run import query, run

COLUMNS: Final = (
    "line_id", "bank_day", "account", "channel", "kind", "amount_cents", "reference", "transaction_id", "description",
)  # fmt: skip

_CHUNK_BYTES: Final = 1 << 20
_WHERE_IN_COPY: Final = re.compile(r"line (?P<line>\d+)(?:, column (?P<column>\w+))?")


class BankLinesError(PaymentsError):
    """A file of bank lines that cannot be stored as it is."""


@dataclass(frozen=True, slots=True)
class BankLines:
    """What was read, and what of it was new."""

    files: int
    lines: int
    added: int
    days: tuple[date, ...]
    """Bank days that have new lines, in order: those that ask to be reconciled again."""


def load_bank_lines(
    connection: psycopg.Connection[Any], inbox: Path, through: date, *, since: date | None = None
) -> BankLines:
    """Store the lines of all files of bank days up to `through`, from `since` on where that is given.

    Files stream through the server's COPY, so memory does not grow with them. A line that is known with other content
    stops the load before anything of the call is stored.
    """
    files = lines = added = 0
    days: list[date] = []
    run(connection, "settlement/bank_lines_arriving")
    with connection.transaction():  # inside the caller's: what the call has stored so far goes, and nothing else
        for day, path in _files(inbox / "bank", since, through):
            read, new = _load(connection, day, path)
            files, lines, added = files + 1, lines + read, added + new
            days += [day] if new else []
    return BankLines(files, lines, added, tuple(days))


def _files(folder: Path, since: date | None, through: date) -> Iterator[tuple[date, Path]]:
    for path in sorted(folder.glob("*.csv")):
        day = _day_of(path)
        if day <= through and (since is None or day >= since):
            yield day, path


def _day_of(path: Path) -> date:
    try:
        return date.fromisoformat(path.stem)
    except ValueError:
        raise BankLinesError(
            f"{path} is not named after its bank day.", "Name it yyyy-mm-dd.csv, or take it out of the folder."
        ) from None


def _load(connection: psycopg.Connection[Any], day: date, path: Path) -> tuple[int, int]:
    """How many lines the file has, and how many of them are new."""
    connection.execute("truncate pg_temp.arriving_lines")
    read = _copy(connection, path)
    for fault in query(connection, "settlement/bank_lines_faults", day=day):
        raise BankLinesError(
            f"{path}: line {fault['line_id']} {fault['fault']}.",
            "Nothing was stored. Ask the bank which is right; a correction is a line of its own with an id of its own.",
        )
    open_days(connection, ["settlement.bank_lines"], [day])
    added = run(connection, "settlement/bank_lines", source=f"bank/{path.name}")
    close_days(connection, ["settlement.bank_lines"], [day])
    return read, added


def _copy(connection: psycopg.Connection[Any], path: Path) -> int:
    with path.open("rb") as file, connection.cursor() as cursor:
        _refuse_other_columns(file, path)
        try:
            with cursor.copy(f"copy pg_temp.arriving_lines ({', '.join(COLUMNS)}) from stdin (format csv)") as copy:
                while chunk := file.read(_CHUNK_BYTES):
                    copy.write(chunk)
        except (psycopg.DataError, psycopg.IntegrityError) as error:
            raise _unreadable(path, error) from None
        return cursor.rowcount


def _refuse_other_columns(file: BinaryIO, path: Path) -> None:
    header = file.readline().decode("utf-8", errors="replace").strip("\ufeff\r\n")
    if header != ",".join(COLUMNS):
        raise BankLinesError(
            f"{path}, line 1: expected the header {','.join(COLUMNS)}, found another.",
            "Nothing was stored. Bring the columns into this order and form.",
        )


def _unreadable(path: Path, error: psycopg.Error) -> BankLinesError:
    """What the server says, without the row itself, which may name a person."""
    found = _WHERE_IN_COPY.search(error.diag.context or "")
    # the header is read here and not by the server, which counts from the line after it
    where = f", line {int(found['line']) + 1}" if found else ""
    column = f", column {found['column']}" if found and found["column"] else ""
    reasons = {
        psycopg.errors.NotNullViolation: f"{error.diag.column_name} is empty",
        psycopg.errors.BadCopyFileFormat: "the number of fields is not that of the header, or a quote is open",
        psycopg.errors.CharacterNotInRepertoire: "the text is not UTF-8",
    }
    reason = next(
        (text for kind, text in reasons.items() if isinstance(error, kind)), "the value is not of the column's type"
    )
    return BankLinesError(
        f"{path}{where}{column}: {reason}.", "Nothing was stored. Correct the file, or ask the bank for it again."
    )
