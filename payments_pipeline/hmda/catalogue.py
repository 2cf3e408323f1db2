"""The edits as a table for people: what there is, of what, and in which years."""

from collections.abc import Iterator

from payments_pipeline.hmda.edits import ALL_EDITS
from payments_pipeline.hmda.edits.model import YEARS, Edit, FileEdit, SheetEdit

_NOT_RUN = "no"


def edits_table() -> str:
    """Every edit as a row of Markdown, in the order in which the platform runs them."""
    heading = f"| edit | of | {' | '.join(map(str, YEARS))} | what must be true, or what is to be verified |"
    rule = "|---|---|" + "---|" * len(YEARS) + "---|"
    return "\n".join([heading, rule, *_rows()]) + "\n"


def _rows() -> Iterator[str]:
    for edit in ALL_EDITS:
        years = " | ".join(_when(edit, year) for year in YEARS)
        yield f"| {edit.id} | {_subject(edit)} | {years} | {_sentence(edit)} |"


def _subject(edit: Edit) -> str:
    if isinstance(edit, SheetEdit):
        return "sheet"
    if isinstance(edit, FileEdit):
        return "macro" if edit.is_macro else "file"
    return "row"


def _when(edit: Edit, year: int) -> str:
    """The filings of a year that are held against an edit."""
    annual, quarterly = edit.applies_to(year, None), edit.applies_to(year, 1)
    if annual and quarterly:
        return "yes"
    return "annual" if annual else "quarterly" if quarterly else _NOT_RUN


def _sentence(edit: Edit) -> str:
    return edit.text + (" *(The parser refuses it first.)*" if getattr(edit, "is_preempted", False) else "")
