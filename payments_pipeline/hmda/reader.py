"""A register file, read as the platform's parser reads it: a transmittal sheet, then chunks of typed columns.

The parser tolerates much: byte-order marks, control characters and double quotes vanish, values are trimmed, one
trailing separator is forgiven. What it does not let in makes the row a formatting error, and the row is dropped: no
edit sees it, and no count counts it. Memory is bounded by the chunk, whatever the length of the file.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import polars as pl
import pyarrow as pa

from payments_pipeline.errors import PaymentsError
from payments_pipeline.hmda.layout import (
    AGENCIES,
    EXEMPT,
    LAR_BY_KEY,
    LAR_FIELDS,
    LAR_KEYS,
    LAR_WIDTH,
    NA,
    SEPARATOR,
    SHEET_BY_KEY,
    SHEET_FIELDS,
    SHEET_WIDTH,
    WRONG_WIDTH_OF_LAR,
    WRONG_WIDTH_OF_SHEET,
    Field,
    Kind,
)
from payments_pipeline.hmda.records import TransmittalSheet

CHUNK_BYTES: Final = 4 << 20
"""About 10,000 rows: larger chunks take more memory and no less time."""
FIRST_ROW: Final = 2
"""Rows are lines of the file; the first is the transmittal sheet."""

_UNWANTED: Final = bytes(byte for byte in range(32) if byte != ord("\n")) + b'"'
_MARKS: Final = (b"\xef\xbb\xbf", "\u00ef\u00bb\u00bf".encode())
"""The byte-order mark, and what it becomes when somebody took it for Latin-1."""
_NEWLINE, _PIPE = ord("\n"), ord(SEPARATOR)
_PADDING: Final = re.compile(rb" +\n|\n +")
_SEED: Final = 0x5EED

_WIDTH_TEXT: Final = "The row must have {} fields, separated by |."

_CODES: Final = frozenset({Kind.CODE, Kind.CODE_OR_BLANK})
_WHOLE: Final = _CODES | {Kind.WHOLE_OR_NA, Kind.WHOLE_OR_NA_OR_EXEMPT}
_NUMBERS: Final = frozenset({Kind.NUMBER_OR_NA_OR_EXEMPT, Kind.NUMBER_OR_NA_OR_EXEMPT_OR_BLANK})
_DATES: Final = frozenset({Kind.DATE, Kind.DATE_OR_NA})
_WORDS: Final[dict[Kind, tuple[str, ...]]] = {
    Kind.CODE_OR_BLANK: ("",),
    Kind.DATE_OR_NA: (NA,),
    Kind.WHOLE_OR_NA: (NA,),
    Kind.WHOLE_OR_NA_OR_EXEMPT: (NA, EXEMPT),
    Kind.NUMBER_OR_NA_OR_EXEMPT: (NA, EXEMPT),
    Kind.NUMBER_OR_NA_OR_EXEMPT_OR_BLANK: (NA, EXEMPT, ""),
}
"""What may stand in a field instead of its number."""


class FileError(PaymentsError):
    """A register that cannot be read at all."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Fault:
    """A formatting error: the field as the platform names it, and the value that it refused."""

    row: int
    field: str
    value: str
    text: str
    """What the field may hold."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Consecutive lines of a register: the rows that parsed as columns, and the formatting errors of the others."""

    rows: pl.DataFrame
    """`row`, every field's text under its key, every field's number under `number_column(key)`, and `line_identity`."""
    faults: list[Fault]
    lines: int


def _misfit_of(field: Field, row: int, value: str) -> Fault:
    return Fault(row, field.parser_name, value, f"The field must hold {field.kind.value}.")


def number_column(key: str) -> str:
    """The column with a field's number: codes and amounts as numbers, dates as YYYYMMDD; null where it is a word."""
    return f"{key}#"


IDENTITY: Final = "line_identity"
"""A hash of the line as it stands in the file: what tells whether a line is there twice."""


def read_register(path: Path) -> tuple[TransmittalSheet | None, list[Fault], Iterator[Chunk]]:
    """The sheet (none if it has formatting errors), its formatting errors, and the register in chunks."""
    try:
        stream = path.open("rb")
    except OSError as error:
        raise FileError(
            f"{path} cannot be read: {error.strerror}", "Name a HMDA register: lines of text, fields separated by |."
        ) from error
    first = stream.readline()
    if b"\0" in first:
        stream.close()
        raise FileError(f"{path} is no text file", "Name a HMDA register: lines of text, fields separated by |.")
    sheet, faults = parse_sheet(first)
    return sheet, faults, _chunks(stream)


def parse_sheet(line: bytes) -> tuple[TransmittalSheet | None, list[Fault]]:
    """The transmittal sheet in a line, or what keeps it from being one."""
    text = _clean(line).decode("utf-8", errors="replace").strip(" \n")
    if text.count(SEPARATOR) == SHEET_WIDTH:
        text = text.removesuffix(SEPARATOR)
    values = [value.strip(" ") for value in text.split(SEPARATOR)]
    if len(values) != SHEET_WIDTH or text.endswith(SEPARATOR):
        return None, [Fault(1, WRONG_WIDTH_OF_SHEET, str(len(values)), _WIDTH_TEXT.format(SHEET_WIDTH))]
    reported = dict(zip(SHEET_BY_KEY, values, strict=True))
    numbers = {field.key: _whole(reported[field.key]) for field in SHEET_FIELDS if field.kind is Kind.CODE}
    if numbers["federal_agency"] not in AGENCIES:
        numbers["federal_agency"] = None
    faults = [_misfit_of(SHEET_BY_KEY[key], 1, reported[key]) for key, number in numbers.items() if number is None]
    if faults:
        return None, faults
    return TransmittalSheet.of(reported | {key: str(number) for key, number in numbers.items()}), []


def parse_lines(lines: bytes, first_row: int = FIRST_ROW) -> Chunk:
    """Lines of a register, each ended by a newline, as typed columns."""
    read = lines.replace(b"\r\n", b"\n")
    cleaned = _clean(read)
    trimmed = _PADDING.sub(b"\n", cleaned).lstrip(b" ") if b" \n" in cleaned or b"\n " in cleaned else cleaned
    good, faults, columns = _columns(trimmed, first_row)
    identity = _identities(trimmed if len(cleaned) == len(read) else _stripped(read)).filter(pl.Series(good))
    rows = columns.with_columns(pl.Series("row", np.flatnonzero(good) + first_row, dtype=pl.UInt32), identity)
    if b" |" in trimmed or b"| " in trimmed or trimmed.startswith(b" "):
        rows = rows.with_columns(pl.col(LAR_KEYS).str.strip_chars(" "))
    rows = rows.with_columns(pl.col("lei").str.to_uppercase())
    numbers = rows.select(_number(field).alias(number_column(field.key)) for field in LAR_FIELDS if _has_number(field))
    rows = rows.hstack(numbers)
    rows, misfits = _refuse_misfits(rows)
    filled = [number_column(field.key) for field in LAR_FIELDS if field.kind is Kind.CODE_OR_BLANK]
    return Chunk(
        rows.with_columns(pl.col(filled).fill_null(0)),
        sorted(faults + misfits, key=lambda fault: fault.row),
        len(good),
    )


def _chunks(stream: BinaryIO) -> Iterator[Chunk]:
    """The rest of a register, a bounded piece at a time."""
    row = FIRST_ROW
    with stream:
        while piece := stream.read(CHUNK_BYTES):
            piece += stream.readline()
            chunk = parse_lines(piece if piece.endswith(b"\n") else piece + b"\n", row)
            row += chunk.lines
            yield chunk


def _clean(text: bytes) -> bytes:
    """Without what the platform's parser drops before it looks: control characters, double quotes, byte-order marks."""
    text = text.translate(None, _UNWANTED)
    for mark in _MARKS:
        if mark in text:
            text = text.replace(mark, b"")
    return text


def _stripped(lines: bytes) -> bytes:
    """Lines without the blanks and control characters around them, whatever is inside."""
    around = bytes(range(33))
    return b"".join(line.strip(around) + b"\n" for line in lines.split(b"\n")[:-1])


def _identities(lines: bytes) -> pl.Series:
    ends = np.flatnonzero(np.frombuffer(lines, np.uint8) == _NEWLINE)
    offsets = np.concatenate(([0], ends + 1)).astype(np.int64)
    texts = pa.Array.from_buffers(pa.large_binary(), len(ends), [None, pa.py_buffer(offsets), pa.py_buffer(lines)])
    return pl.Series(IDENTITY, texts).hash(_SEED)


def _columns(
    lines: bytes, first_row: int
) -> tuple["np.ndarray[tuple[int], np.dtype[np.bool_]]", list[Fault], pl.DataFrame]:
    """Which lines have the fields of a loan, the faults of those that do not, and the columns of those that do."""
    characters = np.frombuffer(lines, np.uint8)
    ends = np.flatnonzero(characters == _NEWLINE)
    starts = np.concatenate(([0], ends[:-1] + 1))
    pipes = np.add.reduceat((characters == _PIPE).view(np.uint8), starts, dtype=np.int32)
    ends_in_pipe = characters[np.maximum(ends - 1, 0)] == _PIPE
    good = (pipes == LAR_WIDTH - 1) & ~ends_in_pipe
    faults: list[Fault] = []
    if not good.all():
        texts = lines.split(b"\n")[:-1]
        for at in np.flatnonzero(~good).tolist():
            line = texts[at]
            if pipes[at] == LAR_WIDTH:  # one trailing separator is forgiven
                line = line.removesuffix(b"|")
            fields = line.rstrip(b"|").count(b"|") + 1 if line.strip(b"|") or not line else 0
            if fields == LAR_WIDTH and not line.endswith(b"|"):
                texts[at] = line
                good[at] = True
            else:
                faults.append(Fault(first_row + at, WRONG_WIDTH_OF_LAR, str(fields), _WIDTH_TEXT.format(LAR_WIDTH)))
        lines = b"".join(text + b"\n" for text, is_good in zip(texts, good, strict=True) if is_good)
    columns = pl.read_csv(
        io.BytesIO(lines),
        has_header=False,
        separator=SEPARATOR,
        quote_char=None,
        schema=dict.fromkeys(LAR_KEYS, pl.String),
        encoding="utf8-lossy",
        empty_string_is_null=False,
        raise_if_empty=False,
    )
    return good, faults, columns


def _has_number(field: Field) -> bool:
    return field.kind not in (Kind.TEXT, Kind.IDENTIFIER)


def _number(field: Field) -> pl.Expr:
    """A field's number, null where there is none."""
    text = pl.col(field.key)
    if field.kind in _WHOLE:
        return text.cast(pl.Int32, strict=False)
    if field.kind in _DATES:
        return _date(text)
    if field.kind is Kind.AMOUNT:
        plain = text.str.contains(r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?0*[0-9]{1,9})?$")
        return pl.when(plain).then(text.cast(pl.Float64, strict=False))
    # the cast would take exponents, infinities and a leading plus, which the parser refuses
    return pl.when(~text.str.contains("[^-0-9.]")).then(text.cast(pl.Float64, strict=False))


def _date(text: pl.Expr) -> pl.Expr:
    """YYYYMMDD as a number, null where it is no day of the calendar."""
    number = text.cast(pl.Int32, strict=False)
    year, month, day = number // 10_000, number // 100 % 100, number % 100
    is_leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    days = (
        pl.when(month == 2).then(28 + is_leap.cast(pl.Int32)).otherwise(31 - month.is_in([4, 6, 9, 11]).cast(pl.Int32))
    )
    is_day = (number >= 0) & month.is_between(1, 12) & (day >= 1) & (day <= days)
    return pl.when((text.str.len_bytes() == 8) & ~text.str.starts_with("+") & is_day).then(number)


def _misfit(field: Field) -> pl.Expr:
    """Whether a field holds what the parser refuses."""
    text = pl.col(field.key)
    if field.kind is Kind.IDENTIFIER:
        return text.str.contains("[ ,]")
    is_misfit = pl.col(number_column(field.key)).is_null()
    for word in _WORDS.get(field.kind, ()):
        is_misfit &= text != word
    return is_misfit


def _refuse_misfits(rows: pl.DataFrame) -> tuple[pl.DataFrame, list[Fault]]:
    """The rows of which every field parsed, and the faults of the others, named in the platform's order."""
    missing = rows.null_count().row(0, named=True)
    suspects = [
        field for field in map(LAR_BY_KEY.__getitem__, _PARSING_ORDER) if missing.get(number_column(field.key), 1)
    ]
    found = rows.select(_misfit(field).any().alias(field.key) for field in suspects).row(0)
    misfits = [field for field, is_there in zip(suspects, found, strict=True) if is_there]
    if not misfits:
        return rows, []
    masks = rows.select(_misfit(field).alias(field.key) for field in misfits)
    refused = masks.select(pl.any_horizontal(pl.all())).to_series()
    faults = []
    for field in misfits:
        at = rows.filter(masks[field.key]).select("row", field.key)
        faults += [_misfit_of(field, row, value) for row, value in at.iter_rows()]
    return rows.filter(~refused), faults


def _whole(text: str) -> int | None:
    """A whole number as the platform's parser takes one: 32 bits, a sign is allowed."""
    if not (found := re.fullmatch(r"([+-]?)0*([0-9]{1,10})", text)):
        return None
    number = int(found[1] + found[2])
    return number if -(1 << 31) <= number < 1 << 31 else None


def _of_person(who: str) -> list[str]:
    return [
        *(f"{who}_ethnicity_{number}" for number in range(1, 6)),
        f"{who}_ethnicity_observed",
        *(f"{who}_race_{number}" for number in range(1, 6)),
        *(f"{who}_{name}" for name in ("race_observed", "sex", "sex_observed", "age", "credit_score", "scoring_model")),
    ]


_PARSING_ORDER: Final[tuple[str, ...]] = (
    "record_identifier",
    "lei",
    "uli",
    "application_date",
    "loan_type",
    "loan_purpose",
    "construction_method",
    "occupancy_type",
    "loan_amount",
    "loan_term",
    "rate_spread",
    "interest_rate",
    "prepayment_penalty_term",
    "debt_to_income_ratio",
    "combined_loan_to_value_ratio",
    "introductory_rate_period",
    "preapproval",
    "action_taken",
    "action_taken_date",
    *_of_person("applicant"),
    *_of_person("co_applicant"),
    *(
        key
        for key in LAR_KEYS[LAR_KEYS.index("income") :]
        if _has_number(LAR_BY_KEY[key])
        and not key.startswith(("applicant_", "co_applicant_"))
        and key
        not in {
            "rate_spread",
            "interest_rate",
            "prepayment_penalty_term",
            "debt_to_income_ratio",
            "combined_loan_to_value_ratio",
            "loan_term",
            "introductory_rate_period",
        }
    ),
)
"""The order in which the platform names the formatting errors of a row: by the parts of its own record."""
