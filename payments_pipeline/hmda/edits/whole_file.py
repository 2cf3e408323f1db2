"""Edits of the file as a whole: counts, duplicates and the quarter (S304 to S307, Q600), and the macro edits.

Rows with formatting errors are in none of the counts. Nothing but sums and hashes of the rows is kept, so that a file
of any length can be held against them.
"""

from typing import Final

import polars as pl

from payments_pipeline.hmda.edits import quality
from payments_pipeline.hmda.edits.language import any_equals, equals, is_exempt, number, one_of
from payments_pipeline.hmda.edits.model import FileEdit, Filing, Period, Totals
from payments_pipeline.hmda.edits.quality import EXEMPTION_CODED, HUD
from payments_pipeline.hmda.layout import EXEMPT_CODE
from payments_pipeline.words import counted

_TEXT_OF_ROWS: Final = {edit.id: edit.text for edit in quality.EDITS}


def sums(filing: Filing) -> dict[str, pl.Expr]:
    """What is counted of the rows: the number of those of which this is true."""
    first, last = filing.counted_days
    return {
        "in_period": number("action_taken_date").is_between(first, last),
        "after_period": number("action_taken_date") > last,
        "originated": equals("action_taken", 1),
        "approved_not_accepted": equals("action_taken", 2),
        "withdrawn": equals("action_taken", 4),
        "incomplete": equals("action_taken", 5),
        "preapproval_denied": equals("action_taken", 7),
        "not_preapprovals": one_of("action_taken", 1, 2, 3, 4, 5, 6),
        "home_purchases": equals("loan_purpose", 1),
        "home_purchases_originated": equals("loan_purpose", 1) & equals("action_taken", 1),
        "preapprovals": equals("preapproval", 1),
        "incomes": number("income").is_not_null(),
        "incomes_below_10": number("income") < 10,
        "exempt": any_equals(EXEMPTION_CODED, EXEMPT_CODE) | is_exempt("interest_rate"),
    }


def _share(part: str, whole: str, totals: Totals) -> float:
    """A part of the whole; of nothing, there is no share."""
    of = totals.rows if whole == "rows" else totals.sums[whole]
    return totals.sums[part] / of if of else 0.0


def _percent(part: str, whole: str, totals: Totals) -> str:
    return f"{_share(part, whole, totals):.1%}"


def _reported(filing: Filing) -> int:
    return filing.sheet.total_entries if filing.sheet else 0


def _duplicates(distinct: int, of: int) -> str:
    return f"{of - distinct} of {of} are there before"


EDITS: Final[tuple[FileEdit, ...]] = (
    FileEdit(
        id="S304",
        text=(
            "The reported Total Number of Entries Contained in Submission does not match the total number of "
            "LARs in the HMDA file."
        ),
        fields=("total_entries",),
        passes=lambda totals, filing: filing.sheet is None or filing.sheet.total_entries == totals.rows,
        found=lambda totals, filing: f"{_reported(filing)}, where {counted(totals.rows, 'row')} could be read",
    ),
    FileEdit(
        id="S305",
        text="A duplicate transaction has been reported. Please review and update your file accordingly.",
        fields=(),
        names_all="All data fields in the LAR",
        passes=lambda totals, _: totals.distinct_lines == totals.rows,
        found=lambda totals, _: _duplicates(totals.distinct_lines, totals.rows),
    ),
    FileEdit(
        id="S306",
        text="If Action Taken equals 1, a duplicate ULI cannot be reported.",
        fields=("uli",),
        passes=lambda totals, _: totals.distinct_originated_ulis == totals.originated,
        found=lambda totals, _: _duplicates(totals.distinct_originated_ulis, totals.originated),
    ),
    FileEdit(
        id="S307",
        text=(
            "The HMDA File does not contain any covered loans or applications with a final action taken date "
            "in the quarter being reported. The HMDA file must contain one or more records with an action "
            "taken date in the quarter being reported."
        ),
        fields=("calendar_quarter", "calendar_year"),
        period=Period.QUARTERLY,
        passes=lambda totals, _: totals.sums["in_period"] > 0 and not totals.sums["after_period"],
        found=lambda totals, _: (
            f"{counted(totals.sums['in_period'], 'row')} in the quarter, {totals.sums['after_period']} after it"
        ),
    ),
    FileEdit(
        id="Q600",
        text="A duplicate ULI or NULI was reported.",
        fields=("uli",),
        passes=lambda totals, filing: filing.sheet is None or filing.sheet.total_entries == totals.distinct_ulis,
        found=lambda totals, filing: f"{totals.distinct_ulis} different ones, where the sheet says {_reported(filing)}",
    ),
    FileEdit(
        id="Q634",
        text=(
            "If more than 25 loans reported Action Taken equals 1 and Loan Purpose equals 1, then the number "
            "of these loans should be less than or equal to 95% of the loans reported with Loan Purpose "
            "equals 1. Your data indicates a percentage outside of this range."
        ),
        fields=("action_taken", "loan_purpose"),
        last_year=2025,
        is_macro=True,
        passes=lambda totals, _: (
            totals.sums["home_purchases_originated"] <= max(25, 0.95 * totals.sums["home_purchases"])
        ),
        found=lambda totals, _: _percent("home_purchases_originated", "home_purchases", totals),
    ),
    FileEdit(
        id="Q635",
        text=(
            "No more than 15% of the loans in the file should report Action Taken equals 2. Your data "
            "indicates a percentage outside of this range."
        ),
        fields=("action_taken", "total_entries"),
        last_year=2025,
        is_macro=True,
        passes=lambda totals, _: _share("approved_not_accepted", "rows", totals) <= 0.15,
        found=lambda totals, _: _percent("approved_not_accepted", "rows", totals),
    ),
    FileEdit(
        id="Q636",
        text=(
            "No more than 30% of the loans in the file should report Action Taken equals 4. Your data "
            "indicates a percentage outside of this range."
        ),
        fields=("action_taken", "total_entries"),
        last_year=2025,
        is_macro=True,
        passes=lambda totals, _: _share("withdrawn", "rows", totals) <= 0.3,
        found=lambda totals, _: _percent("withdrawn", "rows", totals),
    ),
    FileEdit(
        id="Q637",
        text=(
            "No more than 15% of the loans in the file should report Action Taken equals 5. Your data "
            "indicates a percentage outside of this range."
        ),
        fields=("action_taken", "total_entries"),
        last_year=2025,
        is_macro=True,
        passes=lambda totals, _: _share("incomplete", "rows", totals) <= 0.15,
        found=lambda totals, _: _percent("incomplete", "rows", totals),
    ),
    FileEdit(
        id="Q638",
        text=(
            "The number of loans in the file that reported Action Taken equals 1 should be greater than or "
            "equal to 20% of the total number of loans that reported Action Taken 1, 2, 3, 4, 5, or 6. Your "
            "data indicates a percentage outside of this range."
        ),
        fields=("action_taken",),
        last_year=2025,
        is_macro=True,
        passes=lambda totals, _: _share("originated", "not_preapprovals", totals) >= 0.2,
        found=lambda totals, _: _percent("originated", "not_preapprovals", totals),
    ),
    FileEdit(
        id="Q639",
        text=(
            "If more than 1000 loans were reported with Preapproval equals 1, then there should be at least "
            "1 loan reported with Action Taken equals 7. Your data indicates a number outside of this range."
        ),
        fields=("action_taken", "preapproval"),
        last_year=2025,
        is_macro=True,
        passes=lambda totals, _: totals.sums["preapprovals"] <= 1_000 or totals.sums["preapproval_denied"] > 0,
        found=lambda totals, _: f"{totals.sums['preapprovals']} preapprovals requested, none denied",
    ),
    FileEdit(
        id="Q640",
        text=(
            "No more than 20% of the loans in the file should report Income less than $10 thousand (entered "
            "as 10). Your data indicates a percentage outside of this range."
        ),
        fields=("income", "total_entries"),
        last_year=2025,
        is_macro=True,
        passes=lambda totals, _: _share("incomes_below_10", "incomes", totals) <= 0.2,
        found=lambda totals, _: _percent("incomes_below_10", "incomes", totals),
    ),
    FileEdit(
        id="Q646",
        text=_TEXT_OF_ROWS["Q646"],
        fields=("uli",),
        last_year=2024,
        is_macro=True,
        passes=lambda totals, _: not totals.sums["exempt"],
        found=lambda totals, _: counted(totals.sums["exempt"], "row"),
    ),
    FileEdit(
        id="Q647",
        text=_TEXT_OF_ROWS["Q647"],
        fields=("uli",),
        last_year=2024,
        is_macro=True,
        passes=lambda totals, filing: (
            filing.sheet is None or filing.sheet.federal_agency != HUD or not totals.sums["exempt"]
        ),
        found=lambda totals, _: counted(totals.sums["exempt"], "row"),
    ),
)
