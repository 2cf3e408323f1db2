"""Edits of the partial exemption: whoever takes it takes it for all fields of a data point: V709 to V715."""

from typing import Final

import polars as pl

from payments_pipeline.hmda.edits.language import all_of, any_of, blank, empty, exempt_code, is_exempt, when
from payments_pipeline.hmda.edits.model import RowEdit
from payments_pipeline.hmda.layout import AUS, AUS_RESULTS, DENIAL_REASONS

_SCORES_EXEMPT: Final = (
    exempt_code("applicant_credit_score"),
    exempt_code("applicant_scoring_model"),
    exempt_code("co_applicant_credit_score"),
    exempt_code("co_applicant_scoring_model"),
)


def _all_or_none(*conditions: pl.Expr) -> pl.Expr:
    return when(any_of(*conditions), all_of(*conditions))


EDITS: Final[tuple[RowEdit, ...]] = (
    RowEdit(
        id="V709",
        text="If the Street Address, City, or Zip Code is reported Exempt, then all three must be reported Exempt.",
        fields=("street_address", "city", "zip_code"),
        passes=_all_or_none(is_exempt("street_address"), is_exempt("city"), is_exempt("zip_code")),
    ),
    RowEdit(
        id="V710",
        text=(
            "If the Credit Score exemption election is taken, Credit Score of Applicant or Borrower, Credit "
            "Score of Co-Applicant or Co-Borrower, Applicant or Borrower, Name and Version of Credit Scoring "
            "Model, and Co-Applicant or Co-Borrower, Name and Version of Credit Scoring Model must be "
            "reported 1111; and Applicant or Borrower, Name and Version of Credit Scoring Model: Conditional "
            "Free Form Text Field for Code 8 and Co-Applicant or Co-Borrower, Name and Version of Credit "
            "Scoring Model: Conditional Free Form Text Field for Code 8 must be left blank."
        ),
        fields=(
            "applicant_credit_score",
            "co_applicant_credit_score",
            "applicant_scoring_model",
            "applicant_scoring_model_other",
            "co_applicant_scoring_model",
            "co_applicant_scoring_model_other",
        ),
        passes=when(
            any_of(*_SCORES_EXEMPT),
            all_of(*_SCORES_EXEMPT) & empty("applicant_scoring_model_other", "co_applicant_scoring_model_other"),
        ),
    ),
    RowEdit(
        id="V711",
        text=(
            "If the Reason for Denial exemption election is taken, Reason for Denial: 1 must be reported "
            "1111; and Reason for Denial 2, Reason for Denial 3, Reason for Denial 4, and Reason for Denial: "
            "Conditional Free Form Text Field for Code 9 must be left blank."
        ),
        fields=(*DENIAL_REASONS, "denial_reason_other"),
        passes=when(exempt_code("denial_reason_1"), blank(*DENIAL_REASONS[1:]) & empty("denial_reason_other")),
    ),
    RowEdit(
        id="V712",
        text=(
            "If the Total Loan Costs or Total Points and Fees exemption election is taken, Total Loan Costs "
            "and Total Points and Fees must be reported Exempt."
        ),
        fields=("total_loan_costs", "total_points_and_fees"),
        passes=_all_or_none(is_exempt("total_loan_costs"), is_exempt("total_points_and_fees")),
    ),
    RowEdit(
        id="V713",
        text=(
            "If the Automated Underwriting System exemption election is taken, Automated Underwriting "
            "System: 1 and Automated Underwriting System Result: 1 must be reported 1111; and Automated "
            "Underwriting System: 2, Automated Underwriting System: 3, Automated Underwriting System: 4, "
            "Automated Underwriting System: 5, Automated Underwriting System: Conditional Free Form Text "
            "Field for Code 5, Automated Underwriting System Result: 2, Automated Underwriting System "
            "Result: 3, Automated Underwriting System Result: 4, Automated Underwriting System Result: 5, "
            "and Automated Underwriting System Result: Conditional Free Form Text Field for Code 16 must be "
            "left blank."
        ),
        fields=(*AUS, "aus_other", *AUS_RESULTS, "aus_result_other"),
        passes=when(
            exempt_code("aus_1") | exempt_code("aus_result_1"),
            exempt_code("aus_1")
            & exempt_code("aus_result_1")
            & blank(*AUS[1:], *AUS_RESULTS[1:])
            & empty("aus_other", "aus_result_other"),
        ),
    ),
    RowEdit(
        id="V714",
        text=(
            "If the Application Channel exemption election is taken, Submission of Application and Initially "
            "Payable to Your Institution must be reported 1111."
        ),
        fields=("submission_of_application", "initially_payable"),
        passes=_all_or_none(exempt_code("submission_of_application"), exempt_code("initially_payable")),
    ),
    RowEdit(
        id="V715",
        text=(
            "If the Non-Amortizing Features exemption election is taken, Balloon Payment, Interest-Only "
            "Payments, Negative Amortization and Other Non-amortizing Features must be reported 1111."
        ),
        fields=("balloon_payment", "interest_only_payments", "negative_amortization", "other_non_amortizing_features"),
        passes=_all_or_none(
            exempt_code("balloon_payment"),
            exempt_code("interest_only_payments"),
            exempt_code("negative_amortization"),
            exempt_code("other_non_amortizing_features"),
        ),
    ),
)
