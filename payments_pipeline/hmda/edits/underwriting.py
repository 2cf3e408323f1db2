"""Edits of how the application came, who took it, and what the underwriting systems said: V693 to V708."""

from collections.abc import Sequence
from typing import Final

import polars as pl

from payments_pipeline.hmda.edits.language import (
    BLANK,
    all_of,
    any_equals,
    blank,
    each,
    empty,
    equals,
    length,
    matches,
    na_or_exempt,
    one_of,
    text,
    when,
)
from payments_pipeline.hmda.edits.model import Period, RowEdit
from payments_pipeline.hmda.edits.people import NO_CO_APPLICANT, NO_CO_PERSON, NO_PERSON
from payments_pipeline.hmda.layout import AUS, AUS_RESULTS, EXEMPT_CODE

SYSTEMS: Final = (1, 2, 3, 4, 5, 7)
RESULTS: Final = (*range(1, 17), *range(18, 25))
PAIRS: Final = tuple(zip(AUS, AUS_RESULTS, strict=True))
NO_NMLSR_ID: Final = na_or_exempt("nmlsr_id")
NMLSR_NUMBER: Final = text("nmlsr_id").cast(pl.Int32, strict=False)
IS_POSITIVE_NMLSR_ID: Final = matches("nmlsr_id", r"^\+?[0-9]*[1-9][0-9]*$")
"""The identifier is a number of whatever length, above 0."""
IS_WHOLE_NMLSR_ID: Final = NMLSR_NUMBER.is_not_null() | IS_POSITIVE_NMLSR_ID
_IS_NMLSR_ID_OF_2026: Final = NO_NMLSR_ID | (
    IS_POSITIVE_NMLSR_ID & length("nmlsr_id").is_between(4, 7) & (NMLSR_NUMBER <= 3_000_000)
)


def _reported(keys: tuple[str, ...]) -> pl.Expr:
    """How many of the fields were not left blank."""
    return pl.sum_horizontal(*(~blank(key) for key in keys))


def each_result_of(system: int, results: Sequence[int]) -> pl.Expr:
    """Wherever this system was used, its result is one of these."""
    return all_of(*(when(equals(used, system), one_of(result, *results)) for used, result in PAIRS))


EDITS: Final[tuple[RowEdit, ...]] = (
    RowEdit(
        id="V693-1",
        text="Submission of Application must equal 1111, 1, 2 or 3, and cannot be left blank.",
        fields=("submission_of_application", "action_taken"),
        passes=one_of("submission_of_application", 1, 2, 3, EXEMPT_CODE),
    ),
    RowEdit(
        id="V693-2",
        text="If Action Taken equals 6, then Submission of Application must equal 1111 or 3.",
        fields=("submission_of_application", "action_taken"),
        passes=when(equals("action_taken", 6), one_of("submission_of_application", 3, EXEMPT_CODE)),
    ),
    RowEdit(
        id="V693-3",
        text="If Submission of Application equals 3, then Action Taken must equal 6.",
        fields=("submission_of_application", "action_taken"),
        passes=when(equals("submission_of_application", 3), equals("action_taken", 6)),
    ),
    RowEdit(
        id="V694-1",
        text="Initially Payable to Your Institution must equal 1111, 1, 2 or 3, and cannot be left blank.",
        fields=("initially_payable", "action_taken"),
        passes=one_of("initially_payable", 1, 2, 3, EXEMPT_CODE),
    ),
    RowEdit(
        id="V694-2",
        text="If Action Taken equals 6, then Initially Payable to Your Institution must equal 1111 or 3.",
        fields=("initially_payable", "action_taken"),
        passes=when(equals("action_taken", 6), one_of("initially_payable", 3, EXEMPT_CODE)),
    ),
    RowEdit(
        id="V694-3",
        text="If Action Taken equals 1, then Initially Payable to Your Institution must equal 1111, 1 or 2.",
        fields=("initially_payable", "action_taken"),
        passes=when(equals("action_taken", 1), one_of("initially_payable", 1, 2, EXEMPT_CODE)),
    ),
    RowEdit(
        id="V695-1",
        text=("NMLSR Identifier must be a valid NMLSR ID in integer format, NA, or Exempt, and cannot be left blank."),
        fields=("nmlsr_id",),
        passes=NO_NMLSR_ID | IS_WHOLE_NMLSR_ID,
    ),
    RowEdit(
        id="V695-2",
        text="NMLSR Identifier must not contain only the number zero (0) as a value.",
        fields=("nmlsr_id",),
        passes=text("nmlsr_id") != "0",
    ),
    RowEdit(
        id="V695-3",
        text="NMLSR Identifier must between four to twelve digits.",
        fields=("nmlsr_id",),
        first_year=2025,
        last_year=2025,
        passes=NO_NMLSR_ID | (IS_POSITIVE_NMLSR_ID & length("nmlsr_id").is_between(4, 12)),
    ),
    RowEdit(
        id="V695-3",
        text="NMLSR Identifier must be four to seven digits and must not exceed 3000000.",
        fields=("nmlsr_id",),
        first_year=2026,
        period=Period.ANNUAL,
        passes=_IS_NMLSR_ID_OF_2026,
    ),
    RowEdit(
        id="V695-3",
        # the list of texts for the quarters has kept the wording of the year before; the rule is that of the year
        text="NMLSR Identifier must between four to twelve digits.",
        fields=("nmlsr_id",),
        first_year=2026,
        period=Period.QUARTERLY,
        passes=_IS_NMLSR_ID_OF_2026,
    ),
    RowEdit(
        id="V696-1",
        text=(
            "Automated Underwriting System: 1 must equal 1111, 1, 2, 3, 4, 5, 6, or 7, and cannot be left "
            "blank. Automated Underwriting System: 2; Automated Underwriting System: 3; Automated "
            "Underwriting System: 4; and Automated Underwriting System: 5 must equal 1, 2, 3, 4, 5, 7, or be "
            "left blank."
        ),
        fields=(*AUS, *AUS_RESULTS),
        passes=one_of("aus_1", *SYSTEMS, 6, EXEMPT_CODE) & each(AUS[1:], *SYSTEMS, BLANK),
    ),
    RowEdit(
        id="V696-2",
        text=(
            "Automated Underwriting System Result: 1 must equal 1111, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, "
            "13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, or 24 and cannot be left blank. Automated "
            "Underwriting System Result: 2; Automated Underwriting System Result: 3; Automated Underwriting "
            "System Result: 4; and Automated Underwriting System Result: 5 must equal 1, 2, 3, 4, 5, 6, 7, "
            "8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 19, 20, 21, 22, 23, 24 or be left blank."
        ),
        fields=(*AUS, *AUS_RESULTS),
        passes=one_of("aus_result_1", *RESULTS, 17, EXEMPT_CODE) & each(AUS_RESULTS[1:], *RESULTS, BLANK),
    ),
    RowEdit(
        id="V696-3",
        text=(
            "The number of reported Automated Underwriting Systems must equal the number of reported "
            "Automated Underwriting System Results."
        ),
        fields=(*AUS, *AUS_RESULTS),
        passes=_reported(AUS) == _reported(AUS_RESULTS),
    ),
    RowEdit(
        id="V699",
        text=(
            "If Automated Underwriting System: 1; Automated Underwriting System: 2; Automated Underwriting "
            "System: 3; Automated Underwriting System: 4; or Automated Underwriting System: 5 equals 5, then "
            "the corresponding Automated Underwriting System Result: 1; Automated Underwriting System "
            "Result: 2; Automated Underwriting System Result: 3; Automated Underwriting System Result: 4; or "
            "Automated Underwriting System Result: 5 must equal 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, "
            "14, 15, 16, 18, 19, 20, 21, 22, 23 or 24."
        ),
        fields=(*AUS, *AUS_RESULTS),
        passes=each_result_of(5, RESULTS),
    ),
    RowEdit(
        id="V700-1",
        text=(
            "If Automated Underwriting System: 1 equals 6, then the corresponding Automated Underwriting "
            "System Result: 1 must equal 17; and the Automated Underwriting System: 2; Automated "
            "Underwriting System: 3; Automated Underwriting System: 4; Automated Underwriting System: 5; "
            "Automated Underwriting System Result: 2; Automated Underwriting System Result: 3; Automated "
            "Underwriting System Result: 4; and Automated Underwriting System Result: 5 must all be left "
            "blank."
        ),
        fields=(*AUS, *AUS_RESULTS),
        passes=when(equals("aus_1", 6), equals("aus_result_1", 17) & blank(*AUS[1:], *AUS_RESULTS[1:])),
    ),
    RowEdit(
        id="V700-2",
        text=(
            "If Automated Underwriting System Result: 1 equals 17, then the corresponding Automated "
            "Underwriting System: 1 must equal 6; and the Automated Underwriting System: 2; Automated "
            "Underwriting System: 3; Automated Underwriting System: 4; Automated Underwriting System: 5; "
            "Automated Underwriting System Result: 2; Automated Underwriting System Result: 3; Automated "
            "Underwriting System Result: 4; and Automated Underwriting System Result: 5 must all be left "
            "blank."
        ),
        fields=(*AUS, *AUS_RESULTS),
        passes=when(equals("aus_result_1", 17), equals("aus_1", 6) & blank(*AUS[1:], *AUS_RESULTS[1:])),
    ),
    RowEdit(
        id="V701",
        text=(
            "If Automated Underwriting System: 2; Automated Underwriting System: 3; Automated Underwriting "
            "System: 4; or Automated Underwriting System: 5 was left blank, then the corresponding reported "
            "Automated Underwriting System Result: 2; Automated Underwriting System Result: 3; Automated "
            "Underwriting System Result: 4; or Automated Underwriting System Result: 5 must be left blank."
        ),
        fields=(*AUS[1:], *AUS_RESULTS[1:]),
        passes=all_of(*(when(blank(system), blank(result)) for system, result in PAIRS[1:])),
    ),
    RowEdit(
        id="V702-1",
        text=(
            "Automated Underwriting System: 1; Automated Underwriting System: 2; Automated Underwriting "
            "System: 3; Automated Underwriting System: 4; or Automated Underwriting System: 5 was reported "
            "Code 5: Other. However, the Automated Underwriting System: Conditional Free Form Text Field for "
            "Code 5 was left blank."
        ),
        fields=(*AUS, "aus_other"),
        passes=when(any_equals(AUS, 5), ~empty("aus_other")),
    ),
    RowEdit(
        id="V702-2",
        text=(
            "The Automated Underwriting System: Conditional Free Form Text Field for Code 5 was reported, "
            "but Code 5 was not reported in Automated Underwriting System: 1; Automated Underwriting System: "
            "2; Automated Underwriting System: 3; Automated Underwriting System: 4; or Automated "
            "Underwriting System: 5."
        ),
        fields=(*AUS, "aus_other"),
        passes=when(~empty("aus_other"), any_equals(AUS, 5)),
    ),
    RowEdit(
        id="V703-1",
        text=(
            "Automated Underwriting System Result: 1; Automated Underwriting System Result: 2; Automated "
            "Underwriting System Result: 3; Automated Underwriting System Result: 4; or Automated "
            "Underwriting System Result: 5 was reported Code 16: Other. However, the Automated Underwriting "
            "System Result: Conditional Free Form Text Field for Code 16 was left blank."
        ),
        fields=(*AUS_RESULTS, "aus_result_other"),
        passes=when(any_equals(AUS_RESULTS, 16), ~empty("aus_result_other")),
    ),
    RowEdit(
        id="V703-2",
        text=(
            "The Automated Underwriting System Result: Conditional Free Form Text Field for Code 16 was "
            "reported, but Code 16 was not reported in Automated Underwriting System Result: 1; Automated "
            "Underwriting System Result: 2; Automated Underwriting System Result: 3; Automated Underwriting "
            "System Result: 4; or Automated Underwriting System Result: 5."
        ),
        fields=(*AUS_RESULTS, "aus_result_other"),
        passes=when(~empty("aus_result_other"), any_equals(AUS_RESULTS, 16)),
    ),
    RowEdit(
        id="V704-1",
        text="If Action Taken equals 6, then Automated Underwriting System: 1 must equal 6.",
        fields=("action_taken", "aus_1", "aus_result_1"),
        passes=when(equals("action_taken", 6), one_of("aus_1", 6, EXEMPT_CODE)),
    ),
    RowEdit(
        id="V704-2",
        text="If Action Taken equals 6, then Automated Underwriting System Result: 1 must equal 1111 or 17.",
        fields=("action_taken", "aus_1", "aus_result_1"),
        passes=when(equals("action_taken", 6), one_of("aus_result_1", 17, EXEMPT_CODE)),
    ),
    RowEdit(
        id="V705-1",
        text=(
            "If Ethnicity of Applicant or Borrower: 1 equals 4; and Race of Applicant or Borrower: 1 equals "
            "7; and Sex of Applicant or Borrower equals 4 indicating the applicant is a non-natural person; "
            "and the Ethnicity of Co-Applicant or Co-Borrower: 1 equals 5; and Race of Co-Applicant or "
            "Co-Borrower: 1 equals 8; and Sex of Co-Applicant or Co-Borrower equals 5 indicating that there "
            "is no co-applicant or co-borrower, then Automated Underwriting System: 1 must equal 1111 or 6; "
            "and Automated Underwriting System Result: 1 must equal 1111 or 17."
        ),
        fields=(
            "aus_1",
            "aus_result_1",
            "applicant_ethnicity_1",
            "applicant_race_1",
            "applicant_sex",
            "co_applicant_ethnicity_1",
            "co_applicant_race_1",
            "co_applicant_sex",
        ),
        passes=when(
            NO_PERSON & NO_CO_APPLICANT, one_of("aus_1", 6, EXEMPT_CODE) & one_of("aus_result_1", 17, EXEMPT_CODE)
        ),
    ),
    RowEdit(
        id="V705-2",
        text=(
            "If the Ethnicity of Applicant or Borrower: 1 equals 4; and Race of Applicant or Borrower: 1 "
            "equals 7; and Sex of Applicant or Borrower equals 4 indicating the applicant or borrower is a "
            "non-natural person; and Ethnicity of Co-Applicant or Co-Borrower: 1 equals 4; and Race of "
            "Co-Applicant or Co-Borrower: 1 equals 7; and Sex of Co-Applicant or Co-Borrower equals 4 "
            "indicating that the co-applicant or co-borrower is also a non-natural person, then Automated "
            "Underwriting System: 1 must equal 1111 or 6; and Automated Underwriting System Result: 1 must "
            "equal 1111 or 17."
        ),
        fields=(
            "aus_1",
            "aus_result_1",
            "applicant_ethnicity_1",
            "applicant_race_1",
            "applicant_sex",
            "co_applicant_ethnicity_1",
            "co_applicant_race_1",
            "co_applicant_sex",
        ),
        passes=when(
            NO_PERSON & NO_CO_PERSON, one_of("aus_1", 6, EXEMPT_CODE) & one_of("aus_result_1", 17, EXEMPT_CODE)
        ),
    ),
    RowEdit(
        id="V706",
        text="Reverse Mortgage must equal 1111, 1 or 2, and cannot be left blank.",
        fields=("reverse_mortgage",),
        passes=one_of("reverse_mortgage", 1, 2, EXEMPT_CODE),
    ),
    RowEdit(
        id="V707",
        text="Open-End Line of Credit must equal 1111, 1, or 2, and cannot be left blank.",
        fields=("open_end_line_of_credit",),
        passes=one_of("open_end_line_of_credit", 1, 2, EXEMPT_CODE),
    ),
    RowEdit(
        id="V708",
        text="Business or Commercial Purpose must equal 1111, 1 or 2, and cannot be left blank.",
        fields=("business_purpose",),
        passes=one_of("business_purpose", 1, 2, EXEMPT_CODE),
    ),
)
