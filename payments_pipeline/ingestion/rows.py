"""The rows of a delivered CSV file, block by block, each with its text as it was received.

A row that cannot be read costs itself and never its neighbours. A quote that is opened and not closed would, read as the
format has it, swallow the rows after it; so a record that spans several lines and does not come out right is taken to be
one broken line, and reading goes on with the next.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO, StringIO
from typing import Final, Protocol

BLOCK_BYTES: Final = 4 << 20
"""What is read at a time: some 25,000 rows. Memory is a few dozen times that, whatever the size of the file."""
LONGEST_RECORD: Final = 100
"""Lines that one record may span. A quote that is still open then was never meant to be closed."""

NOT_TEXT: Final = "expected text in UTF-8 without NUL"
NOT_CSV: Final = "expected a row of CSV, with its quotes in pairs and in their places"


class Readable(Protocol):
    """What rows are read from: a file opened for bytes, or what stands in for one."""

    def read(self, size: int, /) -> bytes: ...  # noqa: D102

    def readline(self, size: int, /) -> bytes: ...  # noqa: D102


class UnreadableError(Exception):
    """The file as a whole is not a CSV file of rows."""


@dataclass
class Block:
    """Consecutive rows of a file. A row is either in `fields` or in `broken`, by its place in `raw`."""

    first_row: int
    """Number of the first row, counted from 1; the header and blank lines are not counted."""
    raw: list[str] = field(default_factory=list)
    """Each row as received, without its line end; what is not text stands there as \\x.. escapes."""
    whole: list[int] = field(default_factory=list)
    fields: list[list[str]] = field(default_factory=list)
    broken: dict[int, str] = field(default_factory=dict)
    """What was expected of the rows that could not be read."""

    def add(self, lines: list[str], fields: list[str], fault: str | None = None) -> None:
        """One more row: its lines, and its fields or what is wrong with it."""
        if fault is None:
            self.whole.append(len(self.raw))
            self.fields.append(fields)
        else:
            self.broken[len(self.raw)] = fault
        self.raw.append(_without_end("".join(lines)))


def read_header(source: Readable) -> list[str]:
    """The names of the columns, trimmed and in lower case, from the first line."""
    line = source.readline(BLOCK_BYTES)
    try:
        (names,) = csv.reader([line.decode("utf-8-sig")], strict=True)
        if not names:
            raise ValueError("no names")
    except (ValueError, csv.Error) as error:
        raise UnreadableError("its first line is not a CSV header in UTF-8") from error
    return [name.strip().lower() for name in names]


def read_blocks(source: Readable, width: int) -> Iterator[Block]:
    """The rows after the header, each of which should have `width` fields."""
    rest = b""
    next_row = 1
    is_last = False
    while not is_last:
        chunk = source.read(BLOCK_BYTES)
        is_last = not chunk
        data = rest + chunk
        cut = len(data) if is_last else data.rfind(b"\n") + 1
        if len(data) - cut > BLOCK_BYTES:
            raise UnreadableError(f"after row {next_row - 1} comes a line of more than {BLOCK_BYTES >> 20} MB")
        block, unread = _read(data[:cut], Block(next_row), width, is_last=is_last)
        if block.raw:
            yield block
        next_row += len(block.raw)
        rest = unread + data[cut:]


def _read(data: bytes, block: Block, width: int, *, is_last: bool) -> tuple[Block, bytes]:
    """The rows of these lines, and the bytes of a last record that goes on in the next block."""
    if _read_plain(data, block, width):
        return block, b""
    lines = list(BytesIO(data))
    done = _read_carefully(lines, block, width, is_last=is_last)
    return block, b"".join(lines[done:])


def _read_plain(data: bytes, block: Block, width: int) -> bool:
    """Reads lines that are a row each, as nearly always; false, with nothing read, where it takes more care."""
    if b"\0" in data:
        return False
    try:
        lines = list(StringIO(data.decode(), newline="\n"))
        rows = list(csv.reader(lines, strict=True))
    except (UnicodeDecodeError, csv.Error):
        return False
    if len(rows) != len(lines) or not all(rows):
        return False
    block.raw = [_without_end(line) for line in lines]
    faults = {place: fault for place, row in enumerate(rows) if (fault := _width_fault(width, len(row)))}
    if faults:
        block.broken = faults
        block.whole = [place for place in range(len(rows)) if place not in faults]
        block.fields = [rows[place] for place in block.whole]
    else:
        block.whole = list(range(len(rows)))
        block.fields = rows
    return True


def _read_carefully(data: list[bytes], block: Block, width: int, *, is_last: bool) -> int:
    """Reads record by record; returns how many lines are done, the rest being a record that the next block completes."""
    lines, not_text = _decode(data)
    start = 0
    while start < len(lines):
        window = lines[start : start + LONGEST_RECORD]
        reader = csv.reader(window, strict=True)
        done = start
        try:
            for fields in reader:
                end = start + reader.line_num
                if end - done > 1 and len(fields) != width:
                    raise csv.Error("several lines, and still not a row")
                if not not_text.isdisjoint(range(done, end)):
                    block.add(lines[done:end], fields, NOT_TEXT)
                elif fields:  # a blank line is no row
                    block.add(lines[done:end], fields, _width_fault(width, len(fields)))
                done = end
        except csv.Error as error:
            is_open = str(error) == "unexpected end of data"
            if is_open and done > start:
                pass  # seen from its own beginning, the record may yet be whole
            elif is_open and start + len(window) == len(lines) and len(window) < LONGEST_RECORD and not is_last:
                return done
            else:
                block.add(lines[done : done + 1], [], NOT_TEXT if done in not_text else NOT_CSV)
                done += 1
        start = done
    return start


def _decode(data: list[bytes]) -> tuple[list[str], set[int]]:
    """The lines as text, and which of them hold what is not text; that is written as escapes, so that it can be kept."""
    lines, not_text = [], set()
    for number, line in enumerate(data):
        text = line.decode(errors="backslashreplace").replace("\0", "\\x00")
        if len(text) > len(line) or text.encode() != line:
            not_text.add(number)
        lines.append(text)
    return lines, not_text


def _width_fault(width: int, found: int) -> str | None:
    return None if found == width else f"expected {width} columns, found {found}"


def _without_end(text: str) -> str:
    return text.removesuffix("\n").removesuffix("\r")
