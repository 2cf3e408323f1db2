"""Holding a register against a year's edits, a chunk at a time.

What is kept between chunks are sums, and 17 bytes a row that tell whether a line or an identifier is there twice (a
hash of 64 bits of each, which is also what the platform compares); everything else is bounded by the chunk. Findings
name row, field and value, as the platform does to whoever files: they are the filer's own data, and belong into no
log.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from payments_pipeline.errors import PaymentsError
from payments_pipeline.hmda.census import Census
from payments_pipeline.hmda.edits import FILE_EDITS, ROW_EDITS, SHEET_EDITS
from payments_pipeline.hmda.edits.model import (
    YEARS,
    Edit,
    EditKind,
    Filing,
    Institution,
    RowEdit,
    Totals,
)
from payments_pipeline.hmda.edits.whole_file import sums
from payments_pipeline.hmda.reader import IDENTITY, Chunk, Fault, number_column, read_register
from payments_pipeline.rules.hmda import QUARTERS

Array = np.ndarray[Any, np.dtype[Any]]
_SEED: Final = 0x5EED


class UnknownFilingError(PaymentsError):
    """A year or quarter that has no edits here."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Violation:
    """One edit that one row breaks; edits of the whole file have no row."""

    edit: str
    kind: EditKind
    row: int | None
    field: str
    value: str
    text: str


@dataclass(frozen=True, slots=True)
class Single:
    """A finding of one violation."""

    edit: str
    kind: EditKind
    text: str
    row: int | None
    field: str
    value: str
    count: int = 1

    def violations(self, limit: int | None = None) -> Iterator[Violation]:
        """The one violation."""
        if limit is None or limit > 0:
            yield Violation(self.edit, self.kind, self.row, self.field, self.value, self.text)


@dataclass(frozen=True, slots=True)
class InRows:
    """A finding in rows of a chunk, which it keeps until it has been shown."""

    broken: RowEdit
    rows: pl.DataFrame
    at: Array

    @property
    def edit(self) -> str:
        """The edit's id."""
        return self.broken.id

    @property
    def kind(self) -> EditKind:
        """The stage that runs it."""
        return self.broken.kind

    @property
    def text(self) -> str:
        """CFPB's wording."""
        return self.broken.text

    @property
    def count(self) -> int:
        """How many rows break it."""
        return len(self.at)

    def violations(self, limit: int | None = None) -> Iterator[Violation]:
        """A violation a row, in order."""
        shown = self.rows.select("row", *self.broken.fields)[self.at[:limit]]
        names = self.broken.names()
        points_at = self.broken.points_at
        matching = shown.select(pl.col(self.broken.fields).str.contains(points_at)).rows() if points_at else None
        for number, (row, *values) in enumerate(shown.iter_rows()):
            pairs = list(zip(names, values, strict=True))
            if matching and any(matching[number]):
                pairs = [pair for pair, is_meant in zip(pairs, matching[number], strict=True) if is_meant]
            field, value = ("; ".join(part) for part in zip(*pairs, strict=True))
            yield Violation(self.edit, self.kind, row, field, value, self.text)


Finding = Single | InRows
"""An edit that is broken: on the sheet, in the rows of a chunk, or in the file as a whole."""


class RegisterCheck:
    """A register and the edits of its year: read once, from front to back."""

    def __init__(
        self,
        path: Path,
        *,
        year: int,
        quarter: int | None = None,
        census: Census | None = None,
        institution: Institution | None = None,
    ) -> None:
        if year not in YEARS:
            raise UnknownFilingError(
                f"there are no edits for the activity year {year}", f"Choose one of {', '.join(map(str, YEARS))}."
            )
        if quarter is not None and quarter not in QUARTERS:
            raise UnknownFilingError(
                f"quarter {quarter} is not filed by itself", f"Choose one of {', '.join(map(str, QUARTERS))}, or none."
            )
        sheet, self._sheet_faults, self._chunks = read_register(path)
        self.filing = Filing(year, quarter, sheet, census, institution)
        self.lines = 0
        """Lines read so far, the transmittal sheet not counted."""
        self.totals: Totals | None = None
        """The sums of the file, once it has been read to its end."""

    def findings(self) -> Iterator[list[Finding]]:
        """What is wrong: on the sheet, chunk by chunk in the rows, and in the file as a whole."""
        yield self._on_sheet()
        rows = _RowEdits(self.filing)
        counting = _Counting(self.filing)
        for chunk in self._chunks:
            self.lines += chunk.lines
            counting.add(chunk.rows)
            yield [*map(_formatting_error, chunk.faults), *rows.broken_in(chunk)]
        self.totals = counting.totals()
        yield self._in_file(self.totals)

    def _on_sheet(self) -> list[Finding]:
        found: list[Finding] = [_formatting_error(fault) for fault in self._sheet_faults]
        sheet = self.filing.sheet
        if sheet is None:
            return found
        texts = sheet.texts()
        for edit in SHEET_EDITS:
            if self._applies(edit) and not edit.passes(sheet, self.filing):
                values = "; ".join(texts[key] for key in edit.fields)
                found.append(_single(edit, 1, values))
        return found

    def _in_file(self, totals: Totals) -> list[Finding]:
        return [
            _single(edit, None, edit.found(totals, self.filing))
            for edit in FILE_EDITS
            if self._applies(edit) and not edit.passes(totals, self.filing)
        ]

    def _applies(self, edit: Edit) -> bool:
        return edit.applies_to(self.filing.year, self.filing.quarter)


def _single(edit: Any, row: int | None, value: str) -> Single:
    return Single(edit.id, edit.kind, edit.text, row, "; ".join(edit.names()), value)


def _formatting_error(fault: Fault) -> Single:
    # it is listed as its stage, for want of an edit of its own
    return Single(EditKind.PARSER.value, EditKind.PARSER, fault.text, fault.row, fault.field, fault.value)


class _RowEdits:
    """The row edits of a filing, made ready once for all its chunks."""

    def __init__(self, filing: Filing) -> None:
        self._edits: list[RowEdit] = []
        self._broken: list[pl.Expr] = []
        for edit in ROW_EDITS:
            condition = edit.condition(filing)
            if edit.is_preempted or condition is None or not edit.applies_to(filing.year, filing.quarter):
                continue
            self._edits.append(edit)
            # what is unknown is not broken: edits guard what they compare, and need not guard it twice
            self._broken.append((~condition).fill_null(value=False).alias(str(len(self._broken))))

    def broken_in(self, chunk: Chunk) -> Iterator[Finding]:
        """The edits that rows of the chunk break, each with those rows."""
        if chunk.rows.is_empty():
            return
        broken = chunk.rows.select(self._broken)
        for edit, column, count in zip(self._edits, broken.get_columns(), broken.sum().row(0), strict=True):
            if count:
                yield InRows(edit, chunk.rows, np.flatnonzero(column.to_numpy()))


class _Counting:
    """The sums of a register, and what tells its lines and identifiers apart."""

    def __init__(self, filing: Filing) -> None:
        self._sums = sums(filing)
        self._counted = dict.fromkeys(self._sums, 0)
        self._lines: list[Array] = []
        self._ulis: list[Array] = []
        self._are_originated: list[Array] = []

    def add(self, rows: pl.DataFrame) -> None:
        """Count the rows of a chunk."""
        counted = rows.select(expression.sum().alias(name) for name, expression in self._sums.items())
        for name, count in counted.row(0, named=True).items():
            self._counted[name] += count or 0
        self._lines.append(rows[IDENTITY].to_numpy())
        self._ulis.append(rows["uli"].str.to_uppercase().hash(_SEED).to_numpy())
        self._are_originated.append((rows[number_column("action_taken")] == 1).to_numpy())

    def totals(self) -> Totals:
        """The sums of all rows."""
        lines, ulis = _joined(self._lines, np.uint64), _joined(self._ulis, np.uint64)
        originated = ulis[_joined(self._are_originated, np.bool_)]
        return Totals(
            rows=len(lines),
            distinct_lines=len(np.unique(lines)),
            distinct_ulis=len(np.unique(ulis)),
            originated=len(originated),
            distinct_originated_ulis=len(np.unique(originated)),
            sums=dict(self._counted),
        )


def _joined(parts: list[Array], dtype: type[np.generic]) -> Array:
    return np.concatenate(parts) if parts else np.empty(0, dtype)
