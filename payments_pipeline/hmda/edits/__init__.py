"""Every edit, and which of them a filing is held against.

An edit is declared once: its id, the regulator's wording, the fields that it names, the years and filings that it
belongs to, and what must be true. A year's list is what applies to that year; nothing is listed twice.
"""

from itertools import chain
from typing import Final

from payments_pipeline.hmda.edits import (
    costs,
    credit,
    exemptions,
    home,
    loan,
    people,
    place,
    quality,
    sheet,
    underwriting,
    whole_file,
)
from payments_pipeline.hmda.edits.model import Edit, FileEdit, RowEdit, SheetEdit

SHEET_EDITS: Final[tuple[SheetEdit, ...]] = sheet.EDITS
ROW_EDITS: Final[tuple[RowEdit, ...]] = tuple(
    chain(
        loan.EDITS,
        place.EDITS,
        people.EDITS,
        credit.EDITS,
        costs.EDITS,
        home.EDITS,
        underwriting.EDITS,
        exemptions.EDITS,
        quality.EDITS,
    )
)
FILE_EDITS: Final[tuple[FileEdit, ...]] = whole_file.EDITS
ALL_EDITS: Final[tuple[Edit, ...]] = (*SHEET_EDITS, *ROW_EDITS, *FILE_EDITS)
"""In the order in which the platform runs them: the sheet, the rows, the file."""
