"""What an edit is: an id, the regulator's sentence, the fields it names, when it applies, and what must be true.

The id is the regulator's, and it is the key of rule, text, test and report alike. A rule that changed from one year
to the next is declared once for each wording, with the years of each; nothing is copied from year to year.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final

import polars as pl

from payments_pipeline.hmda.census import Census
from payments_pipeline.hmda.layout import LAR_BY_KEY, SHEET_BY_KEY
from payments_pipeline.hmda.records import TransmittalSheet

FIRST_YEAR: Final = 2024
LAST_YEAR: Final = 2026
YEARS: Final = tuple(range(FIRST_YEAR, LAST_YEAR + 1))


class EditKind(StrEnum):
    """The stage of the platform that finds what is wrong, in the order in which they run."""

    PARSER = "parser"
    """Formatting errors, which have no edits of their own."""
    SYNTACTIC = "syntactic"
    VALIDITY = "validity"
    QUALITY = "quality"
    MACRO = "macro"

    @property
    def blocks_filing(self) -> bool:
        """Quality and macro edits may be verified by the filer; the others must be mended."""
        return self not in (EditKind.QUALITY, EditKind.MACRO)

    @property
    def order(self) -> int:
        """Its place among the stages."""
        return list(EditKind).index(self)


class Period(Enum):
    """Which filings an edit is part of."""

    BOTH = "annual and quarterly"
    ANNUAL = "annual"
    QUARTERLY = "quarterly"


@dataclass(frozen=True, slots=True)
class Institution:
    """Who files, as the regulator knows it: what the sheet must agree with."""

    lei: str
    federal_agency: int
    tax_id: str


@dataclass(frozen=True, slots=True)
class Filing:
    """What a file is checked as. Without a sheet, a census or an institution, what compares with it is not checked."""

    year: int
    quarter: int | None = None
    sheet: TransmittalSheet | None = None
    census: Census | None = None
    institution: Institution | None = None

    @property
    def quarter_days(self) -> tuple[int, int]:
        """The first and last day of the quarter (of the year where there is none), as YYYYMMDD."""
        first, last = {None: (101, 1231), 1: (101, 331), 2: (401, 630), 3: (701, 930)}[self.quarter]
        return self.year * 10_000 + first, self.year * 10_000 + last

    @property
    def counted_days(self) -> tuple[int, int]:
        """The days that S307 counts as those of the quarter: for the first one, all until its end."""
        first, last = self.quarter_days
        return (0 if self.quarter == 1 else first), last


@dataclass(frozen=True, slots=True)
class Totals:
    """What is known of a register once every row has passed: the sums that edits of the whole file compare."""

    rows: int
    distinct_lines: int
    distinct_ulis: int
    originated: int
    distinct_originated_ulis: int
    sums: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit(ABC):
    """An edit, whatever it looks at."""

    id: str
    text: str
    fields: tuple[str, ...]
    first_year: int = FIRST_YEAR
    last_year: int | None = None
    period: Period = Period.BOTH
    is_macro: bool = False

    @property
    def kind(self) -> EditKind:
        """The stage that runs it: the letter of the id says it, but for the macro edits."""
        if self.is_macro:
            return EditKind.MACRO
        return {"S": EditKind.SYNTACTIC, "V": EditKind.VALIDITY, "Q": EditKind.QUALITY}[self.id[0]]

    def applies_to(self, year: int, quarter: int | None) -> bool:
        """Whether the filing of a year (of a quarter, if one is given) is held against this edit."""
        if self.period is not Period.BOTH and (self.period is Period.QUARTERLY) is (quarter is None):
            return False
        return self.first_year <= year <= (self.last_year or LAST_YEAR)

    @abstractmethod
    def names(self) -> list[str]:
        """CFPB's names of the fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowEdit(Edit):
    """An edit of a loan's row."""

    passes: pl.Expr | Callable[[Filing], pl.Expr | None]
    """What must be true of the row; None where the filing lacks what it would compare with."""
    is_preempted: bool = False
    """The parser refuses what it would refuse: it is reported as a formatting error and never fires."""
    points_at: str | None = None
    """Of many fields, those whose text matches this are the ones to show."""

    def names(self) -> list[str]:
        """CFPB's names of the fields."""
        return [LAR_BY_KEY[key].name for key in self.fields]

    def condition(self, filing: Filing) -> pl.Expr | None:
        """What must be true of a row of this filing."""
        return self.passes if isinstance(self.passes, pl.Expr) else self.passes(filing)


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetEdit(Edit):
    """An edit of the transmittal sheet."""

    passes: Callable[[TransmittalSheet, Filing], bool]

    def names(self) -> list[str]:
        """CFPB's names of the fields."""
        return [SHEET_BY_KEY[key].name for key in self.fields]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEdit(Edit):
    """An edit of the file as a whole."""

    passes: Callable[[Totals, Filing], bool]
    found: Callable[[Totals, Filing], str]
    """What the file has, in a few words, where it should have something else."""
    names_all: str | None = None
    """What CFPB calls the fields where they are all of them."""

    def names(self) -> list[str]:
        """CFPB's names of the fields, of the row or of the sheet."""
        if self.names_all:
            return [self.names_all]
        return [(SHEET_BY_KEY.get(key) or LAR_BY_KEY[key]).name for key in self.fields]
