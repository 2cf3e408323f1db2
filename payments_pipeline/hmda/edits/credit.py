"""Edits of income, purchaser, pricing status, credit scores and reasons for denial: V654 to V671, V720."""

from typing import Final

from payments_pipeline.hmda.edits.language import (
    BLANK,
    any_equals,
    blank,
    both_or_neither,
    each,
    empty,
    equals,
    is_na,
    is_number,
    na_or_exempt,
    number,
    once_each,
    one_of,
    when,
)
from payments_pipeline.hmda.edits.model import RowEdit
from payments_pipeline.hmda.edits.people import NO_CO_PERSON, NO_PERSON
from payments_pipeline.hmda.layout import DENIAL_REASONS

NOT_ORIGINATED: Final = (2, 3, 4, 5, 7, 8)
SCORING_MODELS: Final = (1, 2, 3, 4, 5, 6, 7, 9, 11, 12, 13, 14, 15, 1111)
"""Models that have a code; 8 is another one, named in the field for it."""
REASONS: Final = (1, 2, 3, 4, 5, 6, 7, 8, 9)

EDITS: Final[tuple[RowEdit, ...]] = (
    RowEdit(
        id="V654-1",
        text=(
            "Income must be either a positive or negative integer rounded to the nearest thousand or NA, and "
            "cannot be left blank."
        ),
        fields=("income", "multifamily_affordable_units"),
        passes=is_number("income") | is_na("income"),
        is_preempted=True,
    ),
    RowEdit(
        id="V654-2",
        text="If Multifamily Affordable Units is a number, then Income must be NA.",
        fields=("income", "multifamily_affordable_units"),
        passes=when(is_number("multifamily_affordable_units"), is_na("income")),
    ),
    RowEdit(
        id="V655-1",
        text=(
            "If Ethnicity of Applicant or Borrower: 1 equals 4; and Race of Applicant or Borrower: 1 equals "
            "7; Sex of Applicant or Borrower: 1 equals 4; and Action Taken does not equal 6, indicating the "
            "applicant is a non-natural person, then Income must be NA"
        ),
        fields=(
            "income",
            "applicant_ethnicity_1",
            "applicant_race_1",
            "applicant_sex",
            "co_applicant_ethnicity_1",
            "co_applicant_race_1",
            "co_applicant_sex",
        ),
        passes=when(NO_PERSON & ~equals("action_taken", 6), is_na("income")),
    ),
    RowEdit(
        id="V655-2",
        text=(
            "If Ethnicity of Co-Applicant or Co-Borrower: 1 equals 4; and Race of Co-Applicant or "
            "Co-Borrower: 1 equals 7; Sex of Co-Applicant or Co-Borrower: 1 equals 4; and Action Taken does "
            "not equal 6, indicating that the co-applicant or co-borrower is a non-natural person, then "
            "Income must be NA"
        ),
        fields=(
            "income",
            "applicant_ethnicity_1",
            "applicant_race_1",
            "applicant_sex",
            "co_applicant_ethnicity_1",
            "co_applicant_race_1",
            "co_applicant_sex",
        ),
        passes=when(NO_CO_PERSON & ~equals("action_taken", 6), is_na("income")),
    ),
    RowEdit(
        id="V656-1",
        text="Type of Purchaser must equal 0, 1, 2, 3, 4, 5, 6, 71, 72, 8 or 9, and cannot be left blank.",
        fields=("purchaser_type", "action_taken"),
        passes=one_of("purchaser_type", 0, 1, 2, 3, 4, 5, 6, 71, 72, 8, 9),
    ),
    RowEdit(
        id="V656-2",
        text="If Action Taken equals 2, 3, 4, 5, 7 or 8, then Type of Purchaser must equal 0.",
        fields=("purchaser_type", "action_taken"),
        passes=when(one_of("action_taken", *NOT_ORIGINATED), equals("purchaser_type", 0)),
    ),
    RowEdit(
        id="V657-1",
        text="Rate Spread must be a number, Exempt, or NA, and cannot be left blank.",
        fields=("rate_spread", "action_taken", "reverse_mortgage"),
        passes=is_number("rate_spread") | na_or_exempt("rate_spread"),
        is_preempted=True,
    ),
    RowEdit(
        id="V657-2",
        text="If Action Taken equals 3, 4, 5, 6, or 7, then Rate Spread must be Exempt or NA.",
        fields=("rate_spread", "action_taken", "reverse_mortgage"),
        passes=when(one_of("action_taken", 3, 4, 5, 6, 7), na_or_exempt("rate_spread")),
    ),
    RowEdit(
        id="V657-3",
        text="If Reverse Mortgage equals 1, then Rate Spread must be Exempt or NA.",
        fields=("rate_spread", "action_taken", "reverse_mortgage"),
        passes=when(equals("reverse_mortgage", 1), na_or_exempt("rate_spread")),
    ),
    RowEdit(
        id="V658-1",
        text="HOEPA Status must equal 1, 2, or 3, and cannot be left blank.",
        fields=("hoepa_status", "action_taken"),
        passes=one_of("hoepa_status", 1, 2, 3),
    ),
    RowEdit(
        id="V658-2",
        text="If Action Taken equals 2, 3, 4, 5, 7, or 8, then HOEPA Status must be 3.",
        fields=("hoepa_status", "action_taken"),
        passes=when(one_of("action_taken", *NOT_ORIGINATED), equals("hoepa_status", 3)),
    ),
    RowEdit(
        id="V659",
        text="Lien Status must equal 1 or 2, and cannot be left blank.",
        fields=("lien_status",),
        passes=one_of("lien_status", 1, 2),
    ),
    RowEdit(
        id="V660-1",
        text="Credit Score of Applicant or Borrower must be a number, and cannot be left blank.",
        fields=("applicant_credit_score", "applicant_scoring_model"),
        passes=is_number("applicant_credit_score"),
        is_preempted=True,
    ),
    RowEdit(
        id="V660-2",
        text=(
            "Applicant or Borrower, Name and Version of Credit Scoring Model must equal 1111, 1, 2, 3, 4, 5, "
            "6, 7, 8, 9, 11, 12, 13, 14, or 15 ."
        ),
        fields=("applicant_credit_score", "applicant_scoring_model"),
        passes=one_of("applicant_scoring_model", *SCORING_MODELS, 8),
    ),
    RowEdit(
        id="V661",
        text=(
            "If Credit Score of Applicant or Borrower equals 8888 indicating not applicable, then Applicant "
            "or Borrower, Name and Version of Credit Scoring Model must equal 9, and the reverse must be "
            "true."
        ),
        fields=("applicant_credit_score", "applicant_scoring_model"),
        passes=both_or_neither(equals("applicant_credit_score", 8888), equals("applicant_scoring_model", 9)),
    ),
    RowEdit(
        id="V662-1",
        text=(
            "If Applicant or Borrower, Name and Version of Credit Scoring Model equals 1111, 1, 2, 3, 4, 5, "
            "6, 7, 9, 11, 12, 13, 14, or 15  then Applicant or Borrower, Name and Version of Credit Scoring "
            "Model: Conditional Free Form Text Field for Code 8 must be left blank, and the reverse must be "
            "true."
        ),
        fields=("applicant_scoring_model", "applicant_scoring_model_other"),
        passes=both_or_neither(
            one_of("applicant_scoring_model", *SCORING_MODELS), empty("applicant_scoring_model_other")
        ),
    ),
    RowEdit(
        id="V662-2",
        text=(
            "If Applicant or Borrower, Name and Version of Credit Scoring Model equals 8, then Applicant or "
            "Borrower, Name and Version of Credit Scoring Model: Conditional Free Form Text Field for Code 8 "
            "must not be blank, and the reverse must be true."
        ),
        fields=("applicant_scoring_model", "applicant_scoring_model_other"),
        passes=both_or_neither(equals("applicant_scoring_model", 8), ~empty("applicant_scoring_model_other")),
    ),
    RowEdit(
        id="V663",
        text=(
            "If Action Taken equals 4, 5, or 6, then Credit Score of Applicant or Borrower must equal 8888 "
            "or Exempt; and Applicant or Borrower, Name and Version of Credit Scoring Model must equal 9 or "
            "Exempt; and Applicant or Borrower, Name and Version of Credit Scoring Model: Conditional Free "
            "Form Text Field for Code 8 must be left blank."
        ),
        fields=("action_taken", "applicant_credit_score", "applicant_scoring_model", "applicant_scoring_model_other"),
        passes=when(
            one_of("action_taken", 4, 5, 6),
            one_of("applicant_credit_score", 1111, 8888)
            & one_of("applicant_scoring_model", 9, 1111)
            & empty("applicant_scoring_model_other"),
        ),
    ),
    RowEdit(
        id="V664",
        text=(
            "If Action Taken equals 4, 5, or 6, then Credit Score of Co-Applicant or Co-Borrower must equal "
            "8888 or Exempt; and Co-Applicant or Co-Borrower, Name and Version of Credit Scoring Model must "
            "equal 9 or Exempt; and Co-Applicant or Co-Borrower, Name and Version of Credit Scoring Model: "
            "Conditional Free Form Text Field for Code 8 must be left blank."
        ),
        fields=(
            "action_taken",
            "co_applicant_credit_score",
            "co_applicant_scoring_model",
            "co_applicant_scoring_model_other",
        ),
        passes=when(
            one_of("action_taken", 4, 5, 6),
            one_of("co_applicant_credit_score", 1111, 8888)
            & one_of("co_applicant_scoring_model", 9, 1111)
            & empty("co_applicant_scoring_model_other"),
        ),
    ),
    RowEdit(
        id="V665-1",
        text="Credit Score of Co-Applicant or Co-Borrower must be a number, and cannot be left blank.",
        fields=("co_applicant_credit_score", "co_applicant_scoring_model"),
        passes=is_number("co_applicant_credit_score"),
        is_preempted=True,
    ),
    RowEdit(
        id="V665-2",
        text=(
            "Co-Applicant or Co-Borrower, Name and Version of Credit Scoring Model must equal 1111, 1, 2, 3, "
            "4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, or 15  and cannot be left blank."
        ),
        fields=("co_applicant_credit_score", "co_applicant_scoring_model"),
        passes=one_of("co_applicant_scoring_model", *SCORING_MODELS, 8, 10),
    ),
    RowEdit(
        id="V666-1",
        text=(
            "If Credit Score of Co-Applicant or Co-Borrower equals 8888 indicating not applicable, then "
            "Co-Applicant or Co-Borrower, Name and Version of Credit Scoring Model must equal 9, and the "
            "reverse must be true."
        ),
        fields=("co_applicant_credit_score", "co_applicant_scoring_model"),
        passes=both_or_neither(equals("co_applicant_credit_score", 8888), equals("co_applicant_scoring_model", 9)),
    ),
    RowEdit(
        id="V666-2",
        text=(
            "If Credit Score of Co-Applicant or Co-Borrower equals 9999 indicating no co-applicant, then "
            "Co-Applicant or Co-Borrower, Name and Version of Credit Scoring Model must equal 10, and the "
            "reverse must be true."
        ),
        fields=("co_applicant_credit_score", "co_applicant_scoring_model"),
        passes=both_or_neither(equals("co_applicant_credit_score", 9999), equals("co_applicant_scoring_model", 10)),
    ),
    RowEdit(
        id="V667-1",
        text=(
            "If Co-Applicant or Co-Borrower, Name and Version of Credit Scoring Model equals 1111, 1, 2, 3, "
            "4, 5, 6, 7, 9, 10, 11, 12, 13, 14, or 15 then Co-Applicant or Co-Borrower, Name and Version of "
            "Credit Scoring Model: Conditional Free Form Text Field for Code 8 must be left blank, and the "
            "reverse must be true."
        ),
        fields=("co_applicant_scoring_model", "co_applicant_scoring_model_other"),
        passes=both_or_neither(
            one_of("co_applicant_scoring_model", *SCORING_MODELS, 10), empty("co_applicant_scoring_model_other")
        ),
    ),
    RowEdit(
        id="V667-2",
        text=(
            "If Co-Applicant or Co-Borrower, Name and Version of Credit Scoring Model equals 8, then "
            "Co-Applicant or Co-Borrower, Name and Version of Credit Scoring Model: Conditional Free Form "
            "Text Field for Code 8 must not be left blank, and the reverse must be true."
        ),
        fields=("co_applicant_scoring_model", "co_applicant_scoring_model_other"),
        passes=both_or_neither(equals("co_applicant_scoring_model", 8), ~empty("co_applicant_scoring_model_other")),
    ),
    RowEdit(
        id="V668-1",
        text=(
            "If Ethnicity of Applicant or Borrower: 1 equals 4; and Race of Applicant or Borrower: 1 equals "
            "7; and Sex of Applicant or Borrower equals 4 indicating the applicant is a non-natural person "
            "then Credit Score of Applicant or Borrower must equal 8888, indicating not applicable, or "
            "Exempt."
        ),
        fields=(
            "applicant_credit_score",
            "co_applicant_credit_score",
            "applicant_ethnicity_1",
            "applicant_race_1",
            "applicant_sex",
            "co_applicant_ethnicity_1",
            "co_applicant_race_1",
            "co_applicant_sex",
        ),
        passes=when(NO_PERSON, one_of("applicant_credit_score", 1111, 8888)),
    ),
    RowEdit(
        id="V668-2",
        text=(
            "If Ethnicity of Co-Applicant or Co-Borrower: 1 equals 4; and Race of Co-Applicant or "
            "Co-Borrower: 1 equals 7; and Sex of Co-Applicant or Co-Borrower equals 4 indicating that the "
            "co-applicant is a non-natural person, then Credit Score of Co-Applicant or Co-Borrower must "
            "equal 8888, indicating not applicable, or Exempt."
        ),
        fields=(
            "applicant_credit_score",
            "co_applicant_credit_score",
            "applicant_ethnicity_1",
            "applicant_race_1",
            "applicant_sex",
            "co_applicant_ethnicity_1",
            "co_applicant_race_1",
            "co_applicant_sex",
        ),
        passes=when(NO_CO_PERSON, one_of("co_applicant_credit_score", 1111, 8888)),
    ),
    RowEdit(
        id="V669-1",
        text="Reason for Denial: 1 must equal 1111, 1, 2, 3, 4, 5, 6, 7, 8, 9, or 10, and cannot be left blank.",
        fields=(*DENIAL_REASONS,),
        passes=one_of("denial_reason_1", *REASONS, 10, 1111),
    ),
    RowEdit(
        id="V669-2",
        text=(
            "Reason for Denial: 2; Reason for Denial: 3; and Reason for Denial: 4 must equal 1, 2, 3, 4, 5, "
            "6, 7, 8, 9, or be left blank."
        ),
        fields=(*DENIAL_REASONS,),
        passes=each(DENIAL_REASONS[1:], *REASONS, BLANK),
    ),
    RowEdit(
        id="V669-3",
        text="Each Reason for Denial code can only be reported once.",
        fields=(*DENIAL_REASONS,),
        passes=once_each(DENIAL_REASONS, (*REASONS, 10, 1111)),
    ),
    RowEdit(
        id="V669-4",
        text=(
            "If Reason for Denial: 1 equals 1111 or 10, then Reason for Denial: 2; Reason for Denial: 3; and "
            "Reason for Denial: 4 must all be left blank."
        ),
        fields=(*DENIAL_REASONS,),
        passes=when(one_of("denial_reason_1", 1111, 10), blank(*DENIAL_REASONS[1:])),
    ),
    RowEdit(
        id="V670-1",
        text=(
            "If Action Taken equals 3 or 7, then the Reason for Denial: 1 must equal 1111, 1, 2, 3, 4, 5, 6, "
            "7, 8, or 9."
        ),
        fields=("action_taken", "denial_reason_1"),
        passes=when(one_of("action_taken", 3, 7), one_of("denial_reason_1", *REASONS, 1111)),
    ),
    RowEdit(
        id="V670-2",
        text="If Reason for Denial: 1 equals 1, 2, 3, 4, 5, 6, 7, 8, or 9, then Action Taken must equal 3 or 7.",
        fields=("action_taken", "denial_reason_1"),
        passes=when(one_of("denial_reason_1", *REASONS), one_of("action_taken", 3, 7)),
    ),
    RowEdit(
        id="V670-3",
        text="If Action Taken equals 1, 2, 4, 5, 6, or 8, then Reason for Denial: 1 must equal 1111 or 10.",
        fields=("action_taken", "denial_reason_1"),
        passes=when(one_of("action_taken", 1, 2, 4, 5, 6, 8), one_of("denial_reason_1", 1111, 10)),
    ),
    RowEdit(
        id="V670-4",
        text="If Reason for Denial: 1 equals 10, then Action Taken must equal 1, 2, 4, 5, 6, or 8.",
        fields=("action_taken", "denial_reason_1"),
        passes=when(equals("denial_reason_1", 10), one_of("action_taken", 1, 2, 4, 5, 6, 8)),
    ),
    RowEdit(
        id="V671-1",
        text=(
            "Reason for Denial: 1; Reason for Denial: 2; Reason for Denial: 3; or Reason for Denial: 4 was "
            "reported Code 9: Other; however, the Reason for Denial: Conditional Free Form Text Field for "
            "Code 9 was left blank."
        ),
        fields=(*DENIAL_REASONS, "denial_reason_other"),
        passes=when(any_equals(DENIAL_REASONS, 9), ~empty("denial_reason_other")),
    ),
    RowEdit(
        id="V671-2",
        text=(
            "The Reason for Denial: Conditional Free Form Text Field for Code 9 was reported, but Code 9 was "
            "not reported in Reason for Denial: 1; Reason for Denial: 2; Reason for Denial: 3; or Reason for "
            "Denial: 4."
        ),
        fields=(*DENIAL_REASONS, "denial_reason_other"),
        passes=when(~empty("denial_reason_other"), any_equals(DENIAL_REASONS, 9)),
    ),
    RowEdit(
        id="V720-1",
        text=(
            "An invalid Credit Score was reported. Please review the information below and update your file "
            "accordingly: If Applicant or Borrower, Name and Version of Credit Scoring Model is 1, 2, 3, 4, "
            "5, 6,11, or 12 Credit Score of Applicant or Borrower should be 280 or above."
        ),
        fields=("applicant_scoring_model", "applicant_credit_score"),
        passes=when(
            one_of("applicant_scoring_model", 1, 2, 3, 4, 5, 6, 11, 12), number("applicant_credit_score") >= 280
        ),
    ),
    RowEdit(
        id="V720-2",
        text=(
            "An invalid Credit Score was reported. Please review the information below and update your file "
            "accordingly: If Co-Applicant or Co-Borrower, Name and Version of Credit Scoring Model is 1, 2, "
            "3, 4, 5, 6, 11, or 12 Credit Score of Co-Applicant or Co-Borrower should be 280 or above."
        ),
        fields=("co_applicant_scoring_model", "co_applicant_credit_score"),
        passes=when(
            one_of("co_applicant_scoring_model", 1, 2, 3, 4, 5, 6, 11, 12), number("co_applicant_credit_score") >= 280
        ),
    ),
    RowEdit(
        id="V720-3",
        text=(
            "An invalid Credit Score was reported. Please review the information below and update your file "
            "accordingly: If Applicant or Borrower, Name and Version of Credit Scoring Model is 13, 14 or 15 "
            "Credit Score of Applicant or Borrower should be 300 or above."
        ),
        fields=("applicant_scoring_model", "applicant_credit_score"),
        passes=when(one_of("applicant_scoring_model", 13, 14, 15), number("applicant_credit_score") >= 300),
    ),
    RowEdit(
        id="V720-4",
        text=(
            "An invalid Credit Score was reported. Please review the information below and update your file "
            "accordingly: If Co-Applicant or Co-Borrower, Name and Version of Credit Scoring Model is 13, "
            "14, or 15 Credit Score of Co-Applicant or Co-Borrower should be 300 or above."
        ),
        fields=("co_applicant_scoring_model", "co_applicant_credit_score"),
        passes=when(one_of("co_applicant_scoring_model", 13, 14, 15), number("co_applicant_credit_score") >= 300),
    ),
)
