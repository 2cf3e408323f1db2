"""Which format a file is, by how it begins, and the reader for it."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Final, Literal, Protocol, get_args

from payments_pipeline.formats import bai2, camt053, mt940, nacha, statement_csv
from payments_pipeline.formats.source import Readable
from payments_pipeline.formats.statement_csv import StatementMapping
from payments_pipeline.formats.statements import Item

Format = Literal["bai2", "mt940", "camt053", "nacha", "csv"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)

HEAD_BYTES: Final = 8 << 10
"""How much of a file is looked at."""

LENIENT: Final[Mapping[Format, Mapping[str, str]]] = {
    "bai2": bai2.LENIENT, "mt940": mt940.LENIENT, "camt053": camt053.LENIENT, "nacha": nacha.LENIENT,
    "csv": statement_csv.LENIENT,
}  # fmt: skip
"""What reading leniently forgives, by format and code of fault."""


class Reader(Protocol):
    """A file to its lines, statements and faults."""

    def __call__(self, stream: Readable, /, *, is_lenient: bool = False) -> Iterator[Item]: ...  # noqa: D102


def sniff(head: bytes, mappings: Sequence[StatementMapping] = ()) -> tuple[Format, StatementMapping | None] | None:
    """The format of a file that begins so, with the mapping for CSV; None if it is none that is read here."""
    if nacha.looks_like(head):
        return "nacha", None
    if bai2.looks_like(head):
        return "bai2", None
    for mapping in mappings:
        if statement_csv.matches(head, mapping):
            return "csv", mapping
    if camt053.looks_like(head):
        return "camt053", None
    if mt940.looks_like(head):
        return "mt940", None
    return None


def reader(format_: Format, mapping: StatementMapping | None = None) -> Reader:
    """The reader of a format; one of CSV needs a mapping."""
    if format_ == "csv":
        if mapping is None:
            raise statement_csv.MappingError(
                "CSV is read by a mapping, and none was given", "name one, with --mapping."
            )
        return partial(_read_csv, mapping)
    return {"bai2": bai2.read, "mt940": mt940.read, "camt053": camt053.read, "nacha": nacha.read}[format_]


def _read_csv(mapping: StatementMapping, stream: Readable, *, is_lenient: bool = False) -> Iterator[Item]:
    return statement_csv.read(stream, mapping, is_lenient=is_lenient)
