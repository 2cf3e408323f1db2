"""Lines of a text file, within stated bounds: how long a line and how large a file may be, and which bytes are text."""

import re
from collections.abc import Iterator
from typing import Final, Protocol

from payments_pipeline.formats.statements import MAX_FILE_BYTES, MAX_LINE_BYTES, Fault, Judge


class Readable(Protocol):
    """What a reader needs of a file: a local one, an object in a store, bytes in memory."""

    def read(self, size: int = ..., /) -> bytes: ...  # noqa: D102
    def readline(self, size: int = ..., /) -> bytes: ...  # noqa: D102


_UTF8_MARK: Final = b"\xef\xbb\xbf"
_OTHER_MARKS: Final = {
    b"\xff\xfe": "UTF-16, little end first",
    b"\xfe\xff": "UTF-16, big end first",
    b"\x00\x00": "UTF-32, or no text at all",
    b"\x1f\x8b": "a gzip archive",
    b"PK": "a ZIP archive",
    b"%P": "a PDF document",
}
# Everything below the blank but the tabulator, and the characters of the second control range of Latin-1 are not text.
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_CONTROL_OF_LATIN_1: Final = re.compile(rb"[\x80-\x9f]")


def numbered_lines(stream: Readable, judge: Judge, *, only_ascii: bool = False) -> Iterator[tuple[int, str] | Fault]:
    """The lines of the stream with their numbers, and a fault where it is not text or beyond the bounds.

    ASCII and UTF-8, with or without its mark, are text. A line that is not UTF-8 is read as Latin-1, which the first such
    line warns of. What is neither, is named: by its mark, or by the byte and its column.
    """
    number = size = 0
    is_latin_told = False
    while raw := stream.readline(MAX_LINE_BYTES + 1):
        number += 1
        size += len(raw)
        if len(raw) > MAX_LINE_BYTES:
            yield judge.fault("line_length", number, number, "line", f"at most {MAX_LINE_BYTES} bytes", "more")
            return
        if size > MAX_FILE_BYTES:
            yield judge.fault("file_size", number, number, "file", f"at most {MAX_FILE_BYTES} bytes", "more")
            return
        if number == 1:
            if (mark := raw[:2]) in _OTHER_MARKS:
                yield judge.fault("not_the_format", 1, 1, "first bytes", "ASCII or UTF-8 text", _OTHER_MARKS[mark])
                return
            raw = raw.removeprefix(_UTF8_MARK)
        raw = raw.rstrip(b"\r\n")
        if control := _CONTROL.search(raw):
            found = f"the byte {raw[control.start()]:#04x} in column {control.start() + 1}"
            yield judge.fault("encoding", number, number, "character", "text", found)
            if judge.is_over:
                return
            raw = _CONTROL.sub(b" ", raw)
        if raw.isascii():
            yield number, raw.decode("ascii")
            continue
        if only_ascii:
            column = next(place for place, byte in enumerate(raw) if byte > 0x7F)
            found = f"the byte {raw[column]:#04x} in column {column + 1}"
            yield judge.fault("encoding", number, number, "character", "ASCII", found)
            if judge.is_over:
                return
            yield number, raw.decode("latin-1")
            continue
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            where = f"the byte {raw[error.start]:#04x} in column {error.start + 1}"
            if _CONTROL_OF_LATIN_1.search(raw):
                yield judge.fault("encoding", number, number, "character", "ASCII, UTF-8 or Latin-1", where)
                if judge.is_over:
                    return
            elif not is_latin_told:
                is_latin_told = True
                found = f"{where}, read as Latin-1 from here on"
                yield judge.fault("encoding", number, number, "character", "ASCII or UTF-8", found, is_forgiven=True)
            text = raw.decode("latin-1")
        yield number, text
