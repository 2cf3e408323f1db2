"""Edits that ask whether a row is plausible; the filer mends it or verifies that it is right: Q600 to Q660.

The thresholds are those of the platform's configuration.
"""

from typing import Final

import polars as pl

from payments_pipeline.hmda.edits.home import MULTIFAMILY_UNITS
from payments_pipeline.hmda.edits.language import (
    any_equals,
    any_of,
    at_least_loan_to_value,
    at_most_15_percent_of_loan,
    empty,
    equals,
    exempt_code,
    is_na,
    is_number,
    length,
    matches,
    na_or_exempt,
    number,
    one_of,
    text,
    when,
)
from payments_pipeline.hmda.edits.loan import ALPHANUMERIC, LEI_LENGTH, NOT_PURCHASED
from payments_pipeline.hmda.edits.model import RowEdit
from payments_pipeline.hmda.edits.place import NO_COUNTY, NO_TRACT
from payments_pipeline.hmda.edits.underwriting import each_result_of
from payments_pipeline.hmda.layout import (
    APPLICANT_ETHNICITIES,
    APPLICANT_RACES,
    AUS,
    AUS_RESULTS,
    CO_APPLICANT_RACES,
    DENIAL_REASONS,
    EXEMPT_CODE,
)
from payments_pipeline.rules.uli import MIN_LENGTH

HUD: Final = 7
TWO_YEARS: Final = 20_000
"""Taken from a date as YYYYMMDD."""

EXEMPTION_CODED: Final = (
    "submission_of_application",
    *AUS_RESULTS,
    *AUS,
    "balloon_payment",
    "business_purpose",
    "applicant_scoring_model",
    "co_applicant_scoring_model",
    *DENIAL_REASONS,
    "interest_only_payments",
    "open_end_line_of_credit",
    "manufactured_home_land_property_interest",
    "manufactured_home_secured_property_type",
    "reverse_mortgage",
    "negative_amortization",
    "other_non_amortizing_features",
    "initially_payable",
)
_FROM_ZIP_CODE: Final = (
    "zip_code",
    "rate_spread",
    "total_loan_costs",
    "total_points_and_fees",
    "origination_charges",
    "discount_points",
    "lender_credits",
    "interest_rate",
    "prepayment_penalty_term",
    "debt_to_income_ratio",
    "combined_loan_to_value_ratio",
    "loan_term",
    "introductory_rate_period",
    "property_value",
    "multifamily_affordable_units",
    "nmlsr_id",
)
EXEMPTION_WORDED: Final = ("street_address", "city", *_FROM_ZIP_CODE)
EXEMPTION_VALUE: Final = "(?i)^(1111|exempt)$"
EXEMPTION_TAKEN: Final = any_equals(EXEMPTION_CODED, EXEMPT_CODE) | any_of(
    *(text(key).str.to_lowercase().is_in(["exempt", "1111"]) for key in EXEMPTION_WORDED)
)
"""Some field says that it is exempt, in its own spelling or in the other one."""
EXEMPTIBLE: Final = (
    "uli",
    "submission_of_application",
    *AUS_RESULTS,
    *AUS,
    "balloon_payment",
    "business_purpose",
    "applicant_credit_score",
    "co_applicant_credit_score",
    *DENIAL_REASONS,
    "interest_only_payments",
    "open_end_line_of_credit",
    "manufactured_home_land_property_interest",
    "manufactured_home_secured_property_type",
    "reverse_mortgage",
    "negative_amortization",
    "other_non_amortizing_features",
    "initially_payable",
    "street_address",
    "city",
    "state",
    *_FROM_ZIP_CODE,
)
"""Fields that are shown where an exemption was taken."""

AMOUNTS: Final = (
    "interest_rate",
    "rate_spread",
    "total_loan_costs",
    "total_points_and_fees",
    "origination_charges",
    "discount_points",
    "lender_credits",
)
WORDED: Final = (
    "uli",
    "prepayment_penalty_term",
    "debt_to_income_ratio",
    "combined_loan_to_value_ratio",
    "loan_term",
    "introductory_rate_period",
    "street_address",
    "city",
    "state",
    "zip_code",
    "property_value",
    "multifamily_affordable_units",
    "nmlsr_id",
)
"""Fields that say Exempt, never 1111: as numbers, and as the very text."""
NEVER_EXEMPT: Final = (
    "total_units",
    "loan_amount",
    "applicant_age",
    "co_applicant_age",
    *AUS[1:],
    *AUS_RESULTS[1:],
)
"""Fields without an exemption. There are other coded ones, but there the platform's comparison never holds."""
REPEATABLE: Final = (
    "street_address",
    "city",
    "state",
    "zip_code",
    "income",
    *AMOUNTS,
    "prepayment_penalty_term",
    "debt_to_income_ratio",
    "combined_loan_to_value_ratio",
    "loan_term",
    "introductory_rate_period",
    "multifamily_affordable_units",
    "property_value",
    "nmlsr_id",
)
PEOPLE_NUMBERS: Final = ("applicant_age", "co_applicant_age", "applicant_credit_score", "co_applicant_credit_score")

_STREET: Final = text("street_address").str.to_lowercase()
IS_ONLY_DIGITS_OR_ONLY_WORDS: Final = _STREET.str.contains("^[^a-z]*[0-9][^a-z]*$") | (
    _STREET.str.contains("^[^0-9]+$") & ~_STREET.is_in(["exempt", "na"])
)


def _exceeds_if_both(whole: str, part: str) -> pl.Expr:
    """If both are reported and not zero, the first is more than the second."""
    return when((number(whole) != 0) & (number(part) != 0), number(whole) > number(part))


def _single(key: str) -> pl.Expr:
    """A field's number in the single precision in which the platform compares it."""
    return text(key).cast(pl.Float32, strict=False)


def _is_no_fraction(key: str) -> pl.Expr:
    """A percentage that does not look like the fraction it stands for."""
    return when(is_number(key), (_single(key) >= 1) | (_single(key) <= 0))


def _any_repeats(digit: str) -> pl.Expr:
    """A field consists of this digit three or five times, where four would be a code."""
    three, five = digit * 3, digit * 5
    spellings = [f"{value}{zeros}" for value in (three, five) for zeros in ("", ".0", ".00")]
    return any_of(
        *(one_of(key, int(three), int(five)) for key in PEOPLE_NUMBERS),
        *(text(key).is_in(spellings) for key in REPEATABLE),
    )


EDITS: Final[tuple[RowEdit, ...]] = (
    RowEdit(
        id="Q601",
        text="Application Date occurs more than two years prior to Action Taken Date.",
        fields=("application_date", "action_taken_date"),
        passes=when(
            is_number("application_date"), number("application_date") >= number("action_taken_date") - TWO_YEARS
        ),
    ),
    RowEdit(
        id="Q602",
        text="Street Address was reported NA, however City, State and Zip Code were provided.",
        fields=("street_address", "city", "state", "zip_code"),
        passes=when(~(is_na("city") | is_na("state") | is_na("zip_code")), ~is_na("street_address")),
    ),
    RowEdit(
        id="Q603",
        text=(
            "The County has a population of greater than 30,000 according to the most recent decennial "
            "census and was not reported NA; however Census Tract was reported NA."
        ),
        fields=("county", "census_tract"),
        passes=lambda filing: (
            when(NO_TRACT & ~NO_COUNTY, text("county").is_in(filing.census.small_counties.to_list()))
            if filing.census
            else None
        ),
    ),
    RowEdit(
        id="Q605-1",
        text="If Type of Purchaser equals 1 or 3, then Loan Type generally should equal 1.",
        fields=("purchaser_type", "loan_type"),
        passes=when(one_of("purchaser_type", 1, 3), equals("loan_type", 1)),
    ),
    RowEdit(
        id="Q605-2",
        text="If Type of Purchaser equals 2, then Loan Type generally should equal 2, 3 or 4.",
        fields=("purchaser_type", "loan_type"),
        passes=when(equals("purchaser_type", 2), one_of("loan_type", 2, 3, 4)),
    ),
    RowEdit(
        id="Q606",
        text="If Income is a number, then it generally should be less than $10 million (entered as 10000).",
        fields=("income",),
        passes=when(is_number("income"), number("income") < 10_000),
    ),
    RowEdit(
        id="Q607",
        text=(
            "If Lien Status equals 2, then Loan Amount generally should be less than or equal to $250 "
            "thousand (entered as 250000)."
        ),
        fields=("loan_amount", "lien_status"),
        passes=when(equals("lien_status", 2), number("loan_amount") <= 250_000),
    ),
    RowEdit(
        id="Q608",
        text=(
            "If Action Taken equals 1, then the Action Taken Date generally should occur after the Application Date."
        ),
        fields=("action_taken", "action_taken_date", "application_date"),
        passes=when(
            is_number("application_date") & equals("action_taken", 1),
            number("action_taken_date") > number("application_date"),
        ),
    ),
    RowEdit(
        id="Q609",
        text=(
            "If Type of Purchaser equals 1, 2, 3 or 4, then Rate Spread generally should be less than or "
            "equal to 10%, Exempt, or NA."
        ),
        fields=("purchaser_type", "rate_spread"),
        passes=when(one_of("purchaser_type", 1, 2, 3, 4), na_or_exempt("rate_spread") | (number("rate_spread") <= 10)),
    ),
    RowEdit(
        id="Q610",
        text=(
            "If Action Taken equals 1, Lien Status equals 1, and Rate Spread is greater than 6.5%, then "
            "HOEPA Status generally should be 1."
        ),
        fields=("action_taken", "lien_status", "rate_spread", "hoepa_status"),
        passes=when(
            equals("action_taken", 1) & equals("lien_status", 1) & (number("rate_spread") > 6.5),
            equals("hoepa_status", 1),
        ),
    ),
    RowEdit(
        id="Q611",
        text=(
            "If Action Taken equals 1, Lien Status equals 2, and Rate Spread is greater than 8.5%, then "
            "HOEPA Status generally should be 1."
        ),
        fields=("action_taken", "lien_status", "rate_spread", "hoepa_status"),
        passes=when(
            equals("action_taken", 1) & equals("lien_status", 2) & (number("rate_spread") > 8.5),
            equals("hoepa_status", 1),
        ),
    ),
    RowEdit(
        id="Q612",
        text="If Type of Purchaser equals 1 or 3, then HOEPA Status generally should be 2 or 3.",
        fields=("purchaser_type", "hoepa_status"),
        passes=when(one_of("purchaser_type", 1, 3), one_of("hoepa_status", 2, 3)),
    ),
    RowEdit(
        id="Q613",
        text=(
            "If Business or Commercial Purpose equals 1, then Loan Purpose generally should equal 1, 2, 31, 32, or 5."
        ),
        fields=("business_purpose", "loan_purpose"),
        passes=when(equals("business_purpose", 1), one_of("loan_purpose", 1, 2, 31, 32, 5)),
    ),
    RowEdit(
        id="Q614-1",
        text=(
            "The Age of Applicant or Borrower generally should be between 18 and 100 unless the Age of "
            "Applicant or Borrower is reported 8888 indicating NA. Your data indicates a number outside of "
            "this range."
        ),
        fields=("uli", "applicant_age"),
        passes=equals("applicant_age", 8888) | number("applicant_age").is_between(18, 100),
    ),
    RowEdit(
        id="Q614-2",
        text=(
            "The Age of Co-Applicant or Co-Borrower generally should be between 18 and 100 unless the Age of "
            "Co-Applicant or Co-Borrower is reported 8888 indicating NA or 9999 indicating no co-applicant "
            "or co-borrower. Your data indicates a number outside of this range."
        ),
        fields=("uli", "co_applicant_age"),
        passes=one_of("co_applicant_age", 8888, 9999) | number("co_applicant_age").is_between(18, 100),
    ),
    RowEdit(
        id="Q615-1",
        text=(
            "If Total Loan Costs and Origination Charges are not reported NA or Exempt, and are both nonzero "
            "numbers, then Total Loan Costs generally should be greater than Origination Charges."
        ),
        fields=("origination_charges", "total_loan_costs", "total_points_and_fees"),
        passes=_exceeds_if_both("total_loan_costs", "origination_charges"),
    ),
    RowEdit(
        id="Q615-2",
        text=(
            "If Total Points and Fees and Origination Charges are not reported NA or Exempt, and are both "
            "nonzero numbers, then Total Points and Fees generally should be greater than Origination "
            "Charges."
        ),
        fields=("origination_charges", "total_loan_costs", "total_points_and_fees"),
        passes=_exceeds_if_both("total_points_and_fees", "origination_charges"),
    ),
    RowEdit(
        id="Q616-1",
        text=(
            "If Total Loan Costs and Discount Points are not reported NA or Exempt, and are both nonzero "
            "numbers, then Total Loan Costs generally should be greater than Discount Points."
        ),
        fields=("discount_points", "total_loan_costs", "total_points_and_fees"),
        passes=_exceeds_if_both("total_loan_costs", "discount_points"),
    ),
    RowEdit(
        id="Q616-2",
        text=(
            "If Total Points and Fees and Discount Points are not reported NA or Exempt, and are both "
            "nonzero numbers, then Total Points and Fees generally should be greater than Discount Points."
        ),
        fields=("discount_points", "total_loan_costs", "total_points_and_fees"),
        passes=_exceeds_if_both("total_points_and_fees", "discount_points"),
    ),
    RowEdit(
        id="Q616-3",
        text=(
            "The Discount Points should not generally be higher than 15% of the Loan Amount and must be "
            "reported in dollars."
        ),
        fields=("discount_points", "loan_amount"),
        first_year=2025,
        passes=at_most_15_percent_of_loan("discount_points"),
    ),
    RowEdit(
        id="Q617",
        text=(
            "If Loan Type equals 1 and Combined Loan-to-Value Ratio and Property Value are not reported NA "
            "or Exempt, then the Combined Loan-to Value Ratio generally should be greater than or equal to "
            "the Loan to-Value Ratio (calculated as Loan Amount divided by the Property Value)."
        ),
        fields=("combined_loan_to_value_ratio", "loan_amount", "property_value"),
        passes=when(
            equals("loan_type", 1) & ~na_or_exempt("combined_loan_to_value_ratio"),
            at_least_loan_to_value("combined_loan_to_value_ratio"),
        ),
    ),
    RowEdit(
        id="Q618",
        text=(
            "If Construction Method equals 2, then Manufactured Home Secured Property Type generally should not be 3."
        ),
        fields=("construction_method", "manufactured_home_secured_property_type"),
        passes=when(equals("construction_method", 2), ~equals("manufactured_home_secured_property_type", 3)),
    ),
    RowEdit(
        id="Q619",
        text=(
            "If Construction Method equals 2, then Manufactured Home Land Property Interest generally should not be 5."
        ),
        fields=("construction_method", "manufactured_home_land_property_interest"),
        passes=when(equals("construction_method", 2), ~equals("manufactured_home_land_property_interest", 5)),
    ),
    RowEdit(
        id="Q620",
        text="If Business or Commercial Purpose equals 2, then NMLSR ID generally should not be NA.",
        fields=("business_purpose", "nmlsr_id"),
        passes=when(equals("business_purpose", 2), ~is_na("nmlsr_id")),
    ),
    RowEdit(
        id="Q621",
        text=(
            "The NMLSR ID should be alphanumeric up to 12 characters. Your data indicates a value outside of "
            "this range."
        ),
        fields=("nmlsr_id",),
        last_year=2024,
        passes=empty("nmlsr_id") | (matches("nmlsr_id", ALPHANUMERIC) & (length("nmlsr_id") <= 12)),
    ),
    RowEdit(
        id="Q621",
        text="The NMLSR ID must be four to twelve digits. Your data indicates a value outside of this range.",
        fields=("nmlsr_id",),
        first_year=2025,
        last_year=2025,
        passes=na_or_exempt("nmlsr_id") | length("nmlsr_id").is_between(4, 12),
    ),
    RowEdit(
        id="Q622",
        text=(
            "If Reverse Mortgage equals 1, then the Age of Applicant or Borrower generally should be greater "
            "than or equal to 62. Your data indicates a number outside this range."
        ),
        fields=("reverse_mortgage", "applicant_age"),
        passes=when(equals("reverse_mortgage", 1), number("applicant_age") >= 62),
    ),
    RowEdit(
        id="Q623",
        text=(
            "If Total Units is less than or equal to 4, and Income is less than or equal to $200,000 "
            "(reported as 200), then Loan Amount generally should be less than $2,000,000 (reported as "
            "2000000)."
        ),
        fields=("loan_amount", "total_units", "income"),
        passes=when((number("total_units") <= 4) & (number("income") <= 200), number("loan_amount") < 2_000_000),
    ),
    RowEdit(
        id="Q624",
        text=(
            "If Loan Type equals 2, and Total Units equals 1, then Loan Amount generally should be less than "
            "or equal to $637,000 (reported as 637000)."
        ),
        fields=("loan_type", "total_units", "loan_amount"),
        passes=when(equals("loan_type", 2) & equals("total_units", 1), number("loan_amount") <= 637_000),
    ),
    RowEdit(
        id="Q625",
        text=(
            "If Loan Type equals 3, and Total Units is less than or equal to 4, then Loan Amount generally "
            "should be less than or equal to $1,050,000 (reported as 1050000)."
        ),
        fields=("loan_type", "total_units", "loan_amount"),
        passes=when(equals("loan_type", 3) & (number("total_units") <= 4), number("loan_amount") <= 1_050_000),
    ),
    RowEdit(
        id="Q626",
        text=(
            "If Type of Purchaser equals 1, 2, 3, or 4, and Total Units is less than or equal to 4, then "
            "Loan Amount generally should be less than or equal to $1,225,000 (reported as 1225000)."
        ),
        fields=("purchaser_type", "total_units", "loan_amount"),
        passes=when(
            one_of("purchaser_type", 1, 2, 3, 4) & (number("total_units") <= 4), number("loan_amount") <= 1_225_000
        ),
    ),
    RowEdit(
        id="Q627",
        text=(
            "If Total Units is greater than or equal to 5, then Loan Amount generally should be between "
            "$100,000 (reported as 100000) and $10,000,000 (reported as 10000000)."
        ),
        fields=("total_units", "loan_amount"),
        passes=when(number("total_units") >= MULTIFAMILY_UNITS, number("loan_amount").is_between(100_000, 10_000_000)),
    ),
    RowEdit(
        id="Q628",
        text=(
            "If Loan Purpose equals 1, and Total Units is less than or equal to 4, then Loan Amount "
            "generally should be greater than $10,000 (reported as 10000)."
        ),
        fields=("loan_purpose", "loan_amount", "total_units"),
        passes=when(equals("loan_purpose", 1) & (number("total_units") <= 4), number("loan_amount") > 10_000),
    ),
    RowEdit(
        id="Q629",
        text=(
            "If Action Taken equals 1, 2, 3, 4, 5, 7, or 8, and Total Units is less than or equal to 4, and "
            "Loan Purpose equals 1, 2 or 4, then Income generally should not be NA."
        ),
        fields=("action_taken", "total_units", "loan_purpose", "income"),
        passes=when(
            one_of("action_taken", *NOT_PURCHASED) & (number("total_units") <= 4) & one_of("loan_purpose", 1, 2, 4),
            ~is_na("income"),
        ),
    ),
    RowEdit(
        id="Q630",
        text="If Total Units is greater than or equal to 5, then HOEPA Status generally should equal 3.",
        fields=("total_units", "hoepa_status"),
        passes=when(number("total_units") >= MULTIFAMILY_UNITS, equals("hoepa_status", 3)),
    ),
    RowEdit(
        id="Q631",
        text="If Loan Type equals 2, 3 or 4, then Total Units generally should be less than or equal to 4.",
        fields=("loan_type", "total_units"),
        passes=when(one_of("loan_type", 2, 3, 4), number("total_units") <= 4),
    ),
    RowEdit(
        id="Q632",
        text=(
            "If Automated Underwriting System: 1; Automated Underwriting System: 2; Automated Underwriting "
            "System: 3; Automated Underwriting System: 4; or Automated Underwriting System: 5 equals 3, then "
            "the corresponding Automated Underwriting System Result: 1; Automated Underwriting System "
            "Result: 2; Automated Underwriting System Result: 3; Automated Underwriting System Result: 4; or "
            "Automated Underwriting System Result: 5 should equal  1, 2, 3, 4, 8, 13, 18, 19 or 16."
        ),
        fields=(*AUS, *AUS_RESULTS),
        passes=each_result_of(3, (1, 2, 3, 4, 8, 13, 18, 19, 16)),
    ),
    RowEdit(
        id="Q633",
        text=(
            "If Automated Underwriting System: 1; Automated Underwriting System: 2; Automated Underwriting "
            "System: 3; Automated Underwriting System: 4; or Automated Underwriting System: 5 equals 4, then "
            "the corresponding Automated Underwriting System Result: 1; Automated Underwriting System "
            "Result: 2; Automated Underwriting System Result: 3; Automated Underwriting System Result: 4; or "
            "Automated Underwriting System Result: 5 should equal 3, 4, 10, 15, 18, 19, 20, 21, 22, 23, 24 "
            "or 16."
        ),
        fields=(*AUS, *AUS_RESULTS),
        passes=each_result_of(4, (3, 4, 10, 15, 18, 19, 20, 21, 22, 23, 24, 16)),
    ),
    RowEdit(
        id="Q642-1",
        text=(
            "If Credit Score of Applicant or Borrower equals 7777 indicating a credit score that is not a "
            "number, then Applicant or Borrower, Name and Version of Credit Scoring Model should equal 7 or "
            "8."
        ),
        fields=(
            "applicant_credit_score",
            "applicant_scoring_model",
            "co_applicant_credit_score",
            "co_applicant_scoring_model",
        ),
        passes=when(equals("applicant_credit_score", 7777), one_of("applicant_scoring_model", 7, 8)),
    ),
    RowEdit(
        id="Q642-2",
        text=(
            "If Credit Score of Co-Applicant or Co-Borrower equals 7777 indicating a credit score that is "
            "not a number, then Co-Applicant or Co-Borrower, Name and Version of Credit Scoring Model should "
            "equal 7 or 8."
        ),
        fields=(
            "applicant_credit_score",
            "applicant_scoring_model",
            "co_applicant_credit_score",
            "co_applicant_scoring_model",
        ),
        passes=when(equals("co_applicant_credit_score", 7777), one_of("co_applicant_scoring_model", 7, 8)),
    ),
    RowEdit(
        id="Q643",
        text=(
            "If Automated Underwriting System: 1, Automated Underwriting System: 2; Automated Underwriting "
            "System: 3; Automated Underwriting System: 4; or Automated Underwriting System: 5 equals 1, then "
            "the corresponding Automated Underwriting System Result: 1; Automated Underwriting System "
            "Result: 2; Automated Underwriting System Result: 3; Automated Underwriting System Result: 4; or "
            "Automated Underwriting System Result: 5 should equal 1, 2, 3, 4, 5, 6, 7, 15, or 16."
        ),
        fields=(*AUS, *AUS_RESULTS),
        passes=each_result_of(1, (1, 2, 3, 4, 5, 6, 7, 15, 16)),
    ),
    RowEdit(
        id="Q644",
        text=(
            "If Automated Underwriting System: 1; Automated Underwriting System: 2; Automated Underwriting "
            "System: 3; Automated Underwriting System: 4; or Automated Underwriting System: 5 equals 2, then "
            "the corresponding Automated Underwriting System Result: 1; Automated Underwriting System "
            "Result: 2; Automated Underwriting System Result: 3; Automated Underwriting System Result: 4; or "
            "Automated Underwriting System Result: 5 should equal 8, 9, 10, 11, 12, 13, or 16."
        ),
        fields=(*AUS, *AUS_RESULTS),
        passes=each_result_of(2, (8, 9, 10, 11, 12, 13, 16)),
    ),
    RowEdit(
        id="Q645-1",
        text="Loan Amount should generally be greater than or equal to $500 (reported as 500).",
        fields=("loan_amount",),
        passes=number("loan_amount") >= 500,
    ),
    RowEdit(
        id="Q645-2",
        text=(
            "If Loan Purpose equals 1, then Loan Amount should generally be greater than or equal to $1,000 "
            "(reported as 1000)"
        ),
        fields=("loan_amount",),
        passes=when(equals("loan_purpose", 1), number("loan_amount") >= 1_000),
    ),
    RowEdit(
        id="Q646",
        text=(
            "Your file indicates that at least one exemption code was used. Please verify that your "
            "institution is eligible for a partial exemption pursuant to the 2018 HMDA Rule."
        ),
        fields=EXEMPTIBLE,
        first_year=2025,
        passes=~EXEMPTION_TAKEN,
        points_at=EXEMPTION_VALUE,
    ),
    RowEdit(
        id="Q647",
        text=(
            "If Federal Agency equals 7, indicating a non-depository institution, exemption codes should not "
            "be used in the Loan/Application Register. Your data indicates that at least one exemption code "
            "was used."
        ),
        fields=EXEMPTIBLE,
        first_year=2025,
        passes=lambda filing: ~EXEMPTION_TAKEN if filing.sheet and filing.sheet.federal_agency == HUD else None,
        points_at=EXEMPTION_VALUE,
    ),
    RowEdit(
        id="Q648",
        text=(
            "If Action Taken equals 1, 2, 3, 4, 5, 7, or 8, the first 20 characters of the ULI should match "
            "the reported LEI."
        ),
        fields=("action_taken", "lei"),
        passes=when(
            (length("uli") >= MIN_LENGTH) & one_of("action_taken", *NOT_PURCHASED),
            text("lei").str.slice(0, LEI_LENGTH) == text("uli").str.slice(0, LEI_LENGTH),
        ),
    ),
    RowEdit(
        id="Q649-1",
        text=(
            "If Credit Score of Applicant or Borrower does not equal 7777, 8888, or 1111, Credit Score "
            "should generally be between 300 and 900."
        ),
        fields=("applicant_credit_score",),
        passes=one_of("applicant_credit_score", 7777, 8888, 9999, 1111)
        | number("applicant_credit_score").is_between(300, 900),
    ),
    RowEdit(
        id="Q649-2",
        text=(
            "If Credit Score of Co-Applicant or Co-Borrower does not equal 7777, 8888, 9999, or 1111, Credit "
            "Score should generally be between 300 and 900."
        ),
        fields=("co_applicant_credit_score",),
        passes=one_of("co_applicant_credit_score", 7777, 8888, 9999, 1111)
        | number("co_applicant_credit_score").is_between(300, 900),
    ),
    RowEdit(
        id="Q650-1",
        text=(
            "The Interest Rate reported is greater than 0 but less than 0.5, which may indicate a misplaced "
            "decimal point."
        ),
        fields=("interest_rate",),
        passes=when(number("interest_rate") > 0, number("interest_rate") >= 0.5),
    ),
    RowEdit(
        id="Q650-2",
        text="The Interest Rate reported is greater than 20, which may indicate a misplaced decimal point.",
        fields=("interest_rate",),
        passes=when(is_number("interest_rate"), number("interest_rate") <= 20),
    ),
    RowEdit(
        id="Q651",
        text="The CLTV reported is greater than 0 but less than 1, which may indicate a misplaced decimal point.",
        fields=("combined_loan_to_value_ratio",),
        last_year=2024,
        passes=_is_no_fraction("combined_loan_to_value_ratio"),
    ),
    RowEdit(
        id="Q651-1",
        text=(
            "The CLTV reported is greater than 0 but less than 1.5, which may indicate a misplaced decimal "
            "point, as CLTV should be reported as a percentage."
        ),
        fields=("combined_loan_to_value_ratio",),
        first_year=2025,
        passes=when(number("combined_loan_to_value_ratio") > 0, number("combined_loan_to_value_ratio") >= 1.5),
    ),
    RowEdit(
        id="Q651-2",
        text="The CLTV should generally fall below 150, please review the information in your file for accuracy.",
        fields=("combined_loan_to_value_ratio",),
        first_year=2025,
        passes=when(is_number("combined_loan_to_value_ratio"), _single("combined_loan_to_value_ratio") < 150),
    ),
    RowEdit(
        id="Q652",
        text="The DTI reported is greater than 0 but less than 1, which may indicate a misplaced decimal point.",
        fields=("debt_to_income_ratio",),
        passes=_is_no_fraction("debt_to_income_ratio"),
    ),
    RowEdit(
        id="Q653-1",
        text="If Action Taken equals 1, 2, or 8, the CLTV should generally be between 0 and 250.",
        fields=("action_taken", "combined_loan_to_value_ratio"),
        passes=when(
            one_of("action_taken", 1, 2, 8) & is_number("combined_loan_to_value_ratio"),
            number("combined_loan_to_value_ratio").is_between(0, 250),
        ),
    ),
    RowEdit(
        id="Q653-2",
        text="If Action Taken equals 3, 4, 5, 6, or 7, the CLTV should generally be between 0 and 1,000.",
        fields=("action_taken", "combined_loan_to_value_ratio"),
        passes=when(
            one_of("action_taken", 3, 4, 5, 6, 7) & is_number("combined_loan_to_value_ratio"),
            number("combined_loan_to_value_ratio").is_between(0, 1_000),
        ),
    ),
    RowEdit(
        id="Q654",
        text=(
            "If Income is greater than $5,000 (reported as 5) and Action Taken equals 1, 2, or 8, and the "
            "value for DTI is not NA or Exempt, the DTI should generally be between 0 and 80."
        ),
        fields=("debt_to_income_ratio", "income", "action_taken"),
        passes=when(
            (number("income") > 5) & one_of("action_taken", 1, 2, 8) & is_number("debt_to_income_ratio"),
            number("debt_to_income_ratio").is_between(0, 80),
        ),
    ),
    RowEdit(
        id="Q655",
        text=(
            "If Total Units is greater than or equal to 5 and the record relates to a multifamily property, "
            "then Multifamily Affordable Units should generally be Exempt, 0, or an integer."
        ),
        fields=("total_units", "multifamily_affordable_units"),
        passes=when(number("total_units") >= MULTIFAMILY_UNITS, ~is_na("multifamily_affordable_units")),
    ),
    RowEdit(
        id="Q656",
        text=(
            'The value 1111 was entered in a field that accepts only "Exempt" as the exemption code, which '
            "may indicate an incorrect exemption code is being used."
        ),
        fields=(
            "interest_rate",
            "rate_spread",
            "prepayment_penalty_term",
            "debt_to_income_ratio",
            "combined_loan_to_value_ratio",
            "loan_term",
            "introductory_rate_period",
            "street_address",
            "city",
            "state",
            "zip_code",
            "total_loan_costs",
            "total_points_and_fees",
            "origination_charges",
            "discount_points",
            "lender_credits",
            "property_value",
            "multifamily_affordable_units",
            "nmlsr_id",
        ),
        passes=~any_of(*(text(key) == "1111" for key in WORDED), *(number(key) == EXEMPT_CODE for key in AMOUNTS)),
        points_at=r"^1111(\.0*)?$",
    ),
    RowEdit(
        id="Q657",
        text=(
            "The value 1111 was entered in a field that does not accept 1111 as an exemption code, which may "
            "indicate that an incorrect exemption code is being used."
        ),
        fields=(
            "total_units",
            "income",
            "purchaser_type",
            "hoepa_status",
            "lien_status",
            "loan_type",
            "loan_purpose",
            "construction_method",
            "occupancy_type",
            "loan_amount",
            "rate_spread",
            "preapproval",
            "action_taken",
            *APPLICANT_ETHNICITIES,
            "applicant_ethnicity_observed",
            "co_applicant_ethnicity_observed",
            *APPLICANT_RACES,
            *CO_APPLICANT_RACES,
            "applicant_race_observed",
            "co_applicant_race_observed",
            "applicant_sex",
            "co_applicant_sex",
            "applicant_sex_observed",
            "co_applicant_sex_observed",
            "applicant_age",
            "co_applicant_age",
            *AUS[1:],
            *AUS_RESULTS[1:],
        ),
        passes=~any_of(
            *(exempt_code(key) for key in NEVER_EXEMPT), *(text(key) == "1111" for key in ("income", "rate_spread"))
        ),
        points_at=r"^1111(\.0*)?$",
    ),
    RowEdit(
        id="Q658",
        text="If Loan Term is not NA or Exempt, the Loan Term should generally be 600 or less.",
        fields=("loan_term",),
        passes=when(is_number("loan_term"), number("loan_term") <= 600),
    ),
    RowEdit(
        id="Q659-1",
        text=(
            "The values 888 or 88888 were entered in a field that accepts 8888 or NA as a value, which may "
            "indicate that an incorrect value is being used."
        ),
        fields=(
            "applicant_age",
            "co_applicant_age",
            "applicant_credit_score",
            "co_applicant_credit_score",
            "street_address",
            "city",
            "state",
            "zip_code",
            "income",
            "rate_spread",
            "total_loan_costs",
            "total_points_and_fees",
            "origination_charges",
            "discount_points",
            "lender_credits",
            "interest_rate",
            "prepayment_penalty_term",
            "debt_to_income_ratio",
            "combined_loan_to_value_ratio",
            "loan_term",
            "introductory_rate_period",
            "multifamily_affordable_units",
            "property_value",
            "nmlsr_id",
        ),
        passes=~_any_repeats("8"),
        points_at=r"^8{3}(8{2})?(\.0{1,2})?$",
    ),
    RowEdit(
        id="Q659-2",
        text=(
            "The values 999 or 99999 were entered in a field that accepts 9999 or NA as a value, which may "
            "indicate that an incorrect value is being used."
        ),
        fields=(
            "applicant_age",
            "co_applicant_age",
            "applicant_credit_score",
            "co_applicant_credit_score",
            "street_address",
            "city",
            "state",
            "zip_code",
            "income",
            "rate_spread",
            "total_loan_costs",
            "total_points_and_fees",
            "origination_charges",
            "discount_points",
            "lender_credits",
            "interest_rate",
            "prepayment_penalty_term",
            "debt_to_income_ratio",
            "combined_loan_to_value_ratio",
            "loan_term",
            "introductory_rate_period",
            "multifamily_affordable_units",
            "property_value",
            "nmlsr_id",
        ),
        passes=~_any_repeats("9"),
        points_at=r"^9{3}(9{2})?(\.0{1,2})?$",
    ),
    RowEdit(
        id="Q660-1",
        text=(
            "The Street Address reported is longer than 100 characters, which may indicate that more than "
            "one address was reported."
        ),
        fields=("street_address",),
        passes=length("street_address") <= 100,
    ),
    RowEdit(
        id="Q660-2",
        text=(
            "The reported Street Address includes separator values such as: “;”,“&”, or the word “and“, "
            "which may indicate that more than one address was reported."
        ),
        fields=("street_address",),
        passes=~matches("street_address", r"[&;\\]|(?i)\band\b"),
    ),
    RowEdit(
        id="Q660-3",
        text=(
            "The reported Street Address includes special characters, such as the values: ?, !, *, %, ^, @, "
            "[, ], {, } ,<,>,_, +, = or the word “tbd”, which may indicate that an invalid address was "
            "reported."
        ),
        fields=("street_address",),
        passes=~matches("street_address", r"[!@$^%*_+={}\[\]<>?\\]|(?i)tbd"),
    ),
    RowEdit(
        id="Q660-4",
        text=(
            "The reported Street Address contains either only numbers or only letters, which may indicate "
            "that an invalid Street Address was reported. Street Address should generally be alphanumeric, "
            'unless the reported value is "Exempt" or "NA".'
        ),
        fields=("street_address",),
        passes=~IS_ONLY_DIGITS_OR_ONLY_WORDS,
    ),
)
