"""Edits of what a loan costs, and of its terms: V672 to V687."""

from typing import Final

from payments_pipeline.hmda.edits.credit import NOT_ORIGINATED
from payments_pipeline.hmda.edits.language import (
    empty,
    equals,
    is_na,
    is_number,
    na_or_exempt,
    number,
    one_of,
    when,
)
from payments_pipeline.hmda.edits.model import RowEdit
from payments_pipeline.hmda.edits.people import NO_CO_APPLICANT, NO_CO_PERSON, NO_PERSON
from payments_pipeline.hmda.layout import EXEMPT_CODE

EDITS: Final[tuple[RowEdit, ...]] = (
    RowEdit(
        id="V672-1",
        text=("Total Loan Costs must be a number greater than or equal to 0, Exempt, or NA, and cannot be left blank."),
        fields=(
            "total_loan_costs",
            "total_points_and_fees",
            "action_taken",
            "reverse_mortgage",
            "open_end_line_of_credit",
            "business_purpose",
        ),
        passes=na_or_exempt("total_loan_costs") | (number("total_loan_costs") >= 0),
    ),
    RowEdit(
        id="V672-2",
        text="If Total Points and Fees is a number greater than or equal to 0, then Total Loan Costs must be NA.",
        fields=(
            "total_loan_costs",
            "total_points_and_fees",
            "action_taken",
            "reverse_mortgage",
            "open_end_line_of_credit",
            "business_purpose",
        ),
        passes=when(number("total_points_and_fees") >= 0, is_na("total_loan_costs")),
    ),
    RowEdit(
        id="V672-3",
        text="If Reverse Mortgage equals 1, then Total Loan Costs must be Exempt or NA.",
        fields=(
            "total_loan_costs",
            "total_points_and_fees",
            "action_taken",
            "reverse_mortgage",
            "open_end_line_of_credit",
            "business_purpose",
        ),
        passes=when(equals("reverse_mortgage", 1), na_or_exempt("total_loan_costs")),
    ),
    RowEdit(
        id="V672-4",
        text="If Open-End Line of Credit equals 1, then Total Loan Costs must be Exempt or NA.",
        fields=(
            "total_loan_costs",
            "total_points_and_fees",
            "action_taken",
            "reverse_mortgage",
            "open_end_line_of_credit",
            "business_purpose",
        ),
        passes=when(equals("open_end_line_of_credit", 1), na_or_exempt("total_loan_costs")),
    ),
    RowEdit(
        id="V672-5",
        text="If Business or Commercial Purpose equals 1, then Total Loan Costs must be Exempt or NA.",
        fields=(
            "total_loan_costs",
            "total_points_and_fees",
            "action_taken",
            "reverse_mortgage",
            "open_end_line_of_credit",
            "business_purpose",
        ),
        passes=when(equals("business_purpose", 1), na_or_exempt("total_loan_costs")),
    ),
    RowEdit(
        id="V672-6",
        text="If Action Taken equals 2, 3, 4, 5, 7 or 8, then Total Loan Costs must be Exempt or NA.",
        fields=(
            "total_loan_costs",
            "total_points_and_fees",
            "action_taken",
            "reverse_mortgage",
            "open_end_line_of_credit",
            "business_purpose",
        ),
        passes=when(one_of("action_taken", *NOT_ORIGINATED), na_or_exempt("total_loan_costs")),
    ),
    RowEdit(
        id="V673-1",
        text=(
            "Total Points and Fees must be a number greater than or equal to 0, Exempt, or NA, and cannot be "
            "left blank."
        ),
        fields=("total_points_and_fees", "action_taken", "reverse_mortgage", "business_purpose"),
        passes=na_or_exempt("total_points_and_fees") | (number("total_points_and_fees") >= 0),
    ),
    RowEdit(
        id="V673-2",
        text="If Action Taken equals 2, 3, 4, 5, 6, 7 or 8 then Total Points and Fees must be Exempt or NA.",
        fields=("total_points_and_fees", "action_taken", "reverse_mortgage", "business_purpose"),
        passes=when(one_of("action_taken", *NOT_ORIGINATED, 6), na_or_exempt("total_points_and_fees")),
    ),
    RowEdit(
        id="V673-3",
        text="If Reverse Mortgage equals 1, then Total Points and Fees must be Exempt or NA.",
        fields=("total_points_and_fees", "action_taken", "reverse_mortgage", "business_purpose"),
        passes=when(equals("reverse_mortgage", 1), na_or_exempt("total_points_and_fees")),
    ),
    RowEdit(
        id="V673-4",
        text="If Business or Commercial Purpose equals 1, then Total Points and Fees must be Exempt or NA.",
        fields=("total_points_and_fees", "action_taken", "reverse_mortgage", "business_purpose"),
        passes=when(equals("business_purpose", 1), na_or_exempt("total_points_and_fees")),
    ),
    RowEdit(
        id="V673-5",
        text="If Total Loan Costs is a number greater than or equal to 0, then Total Points and Fees must be NA.",
        fields=("total_points_and_fees", "action_taken", "reverse_mortgage", "business_purpose"),
        passes=when(number("total_loan_costs") >= 0, is_na("total_points_and_fees")),
    ),
    RowEdit(
        id="V674-1",
        text=(
            "Origination Charges must be a number greater than or equal to 0, Exempt, or NA, and cannot be left blank."
        ),
        fields=(
            "origination_charges",
            "reverse_mortgage",
            "open_end_line_of_credit",
            "business_purpose",
            "action_taken",
        ),
        passes=na_or_exempt("origination_charges") | (number("origination_charges") >= 0),
    ),
    RowEdit(
        id="V674-2",
        text="If Reverse Mortgage equals 1, then Origination Charges must be Exempt or NA.",
        fields=(
            "origination_charges",
            "reverse_mortgage",
            "open_end_line_of_credit",
            "business_purpose",
            "action_taken",
        ),
        passes=when(equals("reverse_mortgage", 1), na_or_exempt("origination_charges")),
    ),
    RowEdit(
        id="V674-3",
        text="If Open-End Line of Credit equals 1, then Origination Charges must be Exempt or NA.",
        fields=(
            "origination_charges",
            "reverse_mortgage",
            "open_end_line_of_credit",
            "business_purpose",
            "action_taken",
        ),
        passes=when(equals("open_end_line_of_credit", 1), na_or_exempt("origination_charges")),
    ),
    RowEdit(
        id="V674-4",
        text="If Business or Commercial Purpose equals 1, then Origination Charges must be Exempt or NA.",
        fields=(
            "origination_charges",
            "reverse_mortgage",
            "open_end_line_of_credit",
            "business_purpose",
            "action_taken",
        ),
        passes=when(equals("business_purpose", 1), na_or_exempt("origination_charges")),
    ),
    RowEdit(
        id="V674-5",
        text="If Action Taken equals 2, 3, 4, 5, 7 or 8, then Origination Charges must be Exempt or NA.",
        fields=(
            "origination_charges",
            "reverse_mortgage",
            "open_end_line_of_credit",
            "business_purpose",
            "action_taken",
        ),
        passes=when(one_of("action_taken", *NOT_ORIGINATED), na_or_exempt("origination_charges")),
    ),
    RowEdit(
        id="V675-1",
        text="Discount Points must be a number greater than 0, blank, Exempt, or NA.",
        fields=("discount_points", "reverse_mortgage", "open_end_line_of_credit", "business_purpose", "action_taken"),
        passes=na_or_exempt("discount_points") | empty("discount_points") | (number("discount_points") > 0),
    ),
    RowEdit(
        id="V675-2",
        text="If Reverse Mortgage equals 1, then Discount Points must be Exempt or NA.",
        fields=("discount_points", "reverse_mortgage", "open_end_line_of_credit", "business_purpose", "action_taken"),
        passes=when(equals("reverse_mortgage", 1), na_or_exempt("discount_points")),
    ),
    RowEdit(
        id="V675-3",
        text="If Open-End Line of Credit equals 1, then Discount Points must be Exempt or NA.",
        fields=("discount_points", "reverse_mortgage", "open_end_line_of_credit", "business_purpose", "action_taken"),
        passes=when(equals("open_end_line_of_credit", 1), na_or_exempt("discount_points")),
    ),
    RowEdit(
        id="V675-4",
        text="If Business or Commercial Purpose equals 1, then Discount Points must be Exempt or NA.",
        fields=("discount_points", "reverse_mortgage", "open_end_line_of_credit", "business_purpose", "action_taken"),
        passes=when(equals("business_purpose", 1), na_or_exempt("discount_points")),
    ),
    RowEdit(
        id="V675-5",
        text="If Action Taken equals 2, 3, 4, 5, 7 or 8, then Discount Points must be Exempt or NA.",
        fields=("discount_points", "reverse_mortgage", "open_end_line_of_credit", "business_purpose", "action_taken"),
        passes=when(one_of("action_taken", *NOT_ORIGINATED), na_or_exempt("discount_points")),
    ),
    RowEdit(
        id="V676-1",
        text="Lender Credits must be a number greater than 0, blank, Exempt, or NA.",
        fields=("lender_credits", "reverse_mortgage", "open_end_line_of_credit", "business_purpose", "action_taken"),
        passes=na_or_exempt("lender_credits") | empty("lender_credits") | (number("lender_credits") > 0),
    ),
    RowEdit(
        id="V676-2",
        text="If Reverse Mortgage equals 1, then Lender Credits must be Exempt or NA.",
        fields=("lender_credits", "reverse_mortgage", "open_end_line_of_credit", "business_purpose", "action_taken"),
        passes=when(equals("reverse_mortgage", 1), na_or_exempt("lender_credits")),
    ),
    RowEdit(
        id="V676-3",
        text="If Open-End Line of Credit equals 1, then Lender Credits must be Exempt or NA.",
        fields=("lender_credits", "reverse_mortgage", "open_end_line_of_credit", "business_purpose", "action_taken"),
        passes=when(equals("open_end_line_of_credit", 1), na_or_exempt("lender_credits")),
    ),
    RowEdit(
        id="V676-4",
        text="If Business or Commercial Purpose equals 1, then Lender Credits must be Exempt or NA.",
        fields=("lender_credits", "reverse_mortgage", "open_end_line_of_credit", "business_purpose", "action_taken"),
        passes=when(equals("business_purpose", 1), na_or_exempt("lender_credits")),
    ),
    RowEdit(
        id="V676-5",
        text="If Action Taken equals 2, 3, 4, 5, 7 or 8, then Lender Credits must be Exempt or NA.",
        fields=("lender_credits", "reverse_mortgage", "open_end_line_of_credit", "business_purpose", "action_taken"),
        passes=when(one_of("action_taken", *NOT_ORIGINATED), na_or_exempt("lender_credits")),
    ),
    RowEdit(
        id="V677-1",
        text="Interest Rate must be a number greater than or equal to 0, Exempt or NA, and cannot be left blank.",
        fields=("interest_rate", "action_taken"),
        passes=na_or_exempt("interest_rate") | (number("interest_rate") >= 0),
    ),
    RowEdit(
        id="V677-2",
        text="If Action Taken equals 3, 4, 5, or 7; then Interest Rate must be Exempt or NA.",
        fields=("interest_rate", "action_taken"),
        passes=when(one_of("action_taken", 3, 4, 5, 7), na_or_exempt("interest_rate")),
    ),
    RowEdit(
        id="V678-1",
        text=(
            "Prepayment Penalty Term must be a whole number greater than 0, Exempt, or NA, and cannot be left blank."
        ),
        fields=("prepayment_penalty_term", "action_taken", "reverse_mortgage", "business_purpose", "loan_term"),
        passes=na_or_exempt("prepayment_penalty_term") | (number("prepayment_penalty_term") >= 0),
    ),
    RowEdit(
        id="V678-2",
        text="If Action Taken equals 6, then Prepayment Penalty Term must be Exempt or NA.",
        fields=("prepayment_penalty_term", "action_taken", "reverse_mortgage", "business_purpose", "loan_term"),
        passes=when(equals("action_taken", 6), na_or_exempt("prepayment_penalty_term")),
    ),
    RowEdit(
        id="V678-3",
        text="If Reverse Mortgage equals 1, then Prepayment Penalty Term must be Exempt or NA.",
        fields=("prepayment_penalty_term", "action_taken", "reverse_mortgage", "business_purpose", "loan_term"),
        passes=when(equals("reverse_mortgage", 1), na_or_exempt("prepayment_penalty_term")),
    ),
    RowEdit(
        id="V678-4",
        text="If Business or Commercial Purpose equals 1, then Prepayment Penalty Term must be Exempt or NA.",
        fields=("prepayment_penalty_term", "action_taken", "reverse_mortgage", "business_purpose", "loan_term"),
        passes=when(equals("business_purpose", 1), na_or_exempt("prepayment_penalty_term")),
    ),
    RowEdit(
        id="V678-5",
        text=(
            "If both Prepayment Penalty Term and Loan Term are numbers, then Prepayment Penalty Term must be "
            "less than or equal to Loan Term."
        ),
        fields=("prepayment_penalty_term", "action_taken", "reverse_mortgage", "business_purpose", "loan_term"),
        passes=when(
            is_number("prepayment_penalty_term") & is_number("loan_term"),
            number("prepayment_penalty_term") <= number("loan_term"),
        ),
    ),
    RowEdit(
        id="V679-1",
        text="Debt-to-Income Ratio must be either a number, Exempt or NA, and cannot be left blank.",
        fields=("debt_to_income_ratio", "multifamily_affordable_units", "action_taken"),
        passes=is_number("debt_to_income_ratio") | na_or_exempt("debt_to_income_ratio"),
        is_preempted=True,
    ),
    RowEdit(
        id="V679-2",
        text="If Action Taken equals 4, 5 or 6, then Debt-to-Income Ratio must be Exempt or NA.",
        fields=("debt_to_income_ratio", "multifamily_affordable_units", "action_taken"),
        passes=when(one_of("action_taken", 4, 5, 6), na_or_exempt("debt_to_income_ratio")),
    ),
    RowEdit(
        id="V679-3",
        text="If Multifamily Affordable Units is a number, then Debt-to-Income Ratio must be Exempt or NA.",
        fields=("debt_to_income_ratio", "multifamily_affordable_units", "action_taken"),
        passes=when(is_number("multifamily_affordable_units"), na_or_exempt("debt_to_income_ratio")),
    ),
    RowEdit(
        id="V680-1",
        text=(
            "If Ethnicity of Applicant or Borrower: 1 equals 4; and Race of Applicant or Borrower: 1 equals "
            "7; and Sex of Applicant or Borrower equals 4 indicating the applicant or borrower is a "
            "non-natural person; and the Ethnicity of Co-Applicant or Co-Borrower: 1 equals 5; and Race of "
            "Co-Applicant or Co-Borrower: 1 equals 8; and Sex of Co-Applicant or Co-Borrower equals 5 "
            "indicating that there is no co-applicant or co-borrower, then Debt-to-Income Ratio must be "
            "Exempt or NA."
        ),
        fields=(
            "debt_to_income_ratio",
            "applicant_ethnicity_1",
            "applicant_race_1",
            "applicant_sex",
            "co_applicant_ethnicity_1",
            "co_applicant_race_1",
            "co_applicant_sex",
        ),
        passes=when(NO_PERSON & NO_CO_APPLICANT, na_or_exempt("debt_to_income_ratio")),
    ),
    RowEdit(
        id="V680-2",
        text=(
            "If Ethnicity of Applicant or Borrower: 1 equals 4; and Race of Applicant or Borrower: 1 equals "
            "7; and Sex of Applicant or Borrower equals 4 indicating the applicant or borrower is a "
            "non-natural person; and the Ethnicity of Co-Applicant or Co-Borrower: 1 equals 4; and Race of "
            "Co-Applicant or Co-Borrower: 1 equals 7; and Sex of Co-Applicant or Co-Borrower equals 4 "
            "indicating that the co-applicant or co-borrower is also a non-natural person, then "
            "Debt-to-Income Ratio must be Exempt or NA."
        ),
        fields=(
            "debt_to_income_ratio",
            "applicant_ethnicity_1",
            "applicant_race_1",
            "applicant_sex",
            "co_applicant_ethnicity_1",
            "co_applicant_race_1",
            "co_applicant_sex",
        ),
        passes=when(NO_PERSON & NO_CO_PERSON, na_or_exempt("debt_to_income_ratio")),
    ),
    RowEdit(
        id="V681-1",
        text=(
            "Combined Loan-to-Value Ratio must be either a number greater than 0, Exempt or NA, and cannot "
            "be left blank."
        ),
        fields=("combined_loan_to_value_ratio", "action_taken"),
        passes=na_or_exempt("combined_loan_to_value_ratio") | (number("combined_loan_to_value_ratio") > 0),
    ),
    RowEdit(
        id="V681-2",
        text="If Action Taken equals 4, 5, or 6, then Combined Loan-to-Value ratio must be Exempt or NA.",
        fields=("combined_loan_to_value_ratio", "action_taken"),
        passes=when(one_of("action_taken", 4, 5, 6), na_or_exempt("combined_loan_to_value_ratio")),
    ),
    RowEdit(
        id="V682-1",
        text="Loan Term must be either a whole number greater than zero, Exempt, or NA, and cannot be left blank.",
        fields=("loan_term", "reverse_mortgage"),
        passes=na_or_exempt("loan_term") | (number("loan_term") > 0),
    ),
    RowEdit(
        id="V682-2",
        text="If Reverse Mortgage equals 1, then Loan Term must be Exempt or NA.",
        fields=("loan_term", "reverse_mortgage"),
        passes=when(equals("reverse_mortgage", 1), na_or_exempt("loan_term")),
    ),
    RowEdit(
        id="V683",
        text=(
            "Introductory Rate Period must be either a whole number greater than zero, Exempt, or NA, and "
            "cannot be left blank."
        ),
        fields=("introductory_rate_period",),
        passes=na_or_exempt("introductory_rate_period") | (number("introductory_rate_period") > 0),
    ),
    RowEdit(
        id="V684",
        text="Balloon Payment must equal 1111, 1 or 2, and cannot be left blank.",
        fields=("balloon_payment",),
        passes=one_of("balloon_payment", 1, 2, EXEMPT_CODE),
    ),
    RowEdit(
        id="V685",
        text="Interest Only Payments must equal 1111, 1 or 2, and cannot be left blank.",
        fields=("interest_only_payments",),
        passes=one_of("interest_only_payments", 1, 2, EXEMPT_CODE),
    ),
    RowEdit(
        id="V686",
        text="Negative Amortization must equal 1111, 1 or 2, and cannot be left blank.",
        fields=("negative_amortization",),
        passes=one_of("negative_amortization", 1, 2, EXEMPT_CODE),
    ),
    RowEdit(
        id="V687",
        text="Other Non-amortizing Features must equal 1111, 1 or 2, and cannot be left blank.",
        fields=("other_non_amortizing_features",),
        passes=one_of("other_non_amortizing_features", 1, 2, EXEMPT_CODE),
    ),
)
