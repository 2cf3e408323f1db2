"""The layout of a register: the 110 fields of a loan's row and the 15 of the transmittal sheet, in order.

One table drives reading, writing, the formatting errors, the names that violations give and the documentation. It has
not changed from activity year 2024 to 2026; what changed between the years are codes and rules, which are edits.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

NA: Final = "NA"
"""Not applicable, in fields that are not coded."""
EXEMPT: Final = "Exempt"
"""The partial exemption, in fields that are not coded."""
EXEMPT_CODE: Final = 1111
"""The partial exemption, in coded fields."""
SEPARATOR: Final = "|"


class Kind(Enum):
    """What the platform's parser lets into a field. What it does not let in is a formatting error of the row."""

    CODE = "a whole number"
    CODE_OR_BLANK = "a whole number or blank"
    TEXT = "any text"
    IDENTIFIER = "text without space, pipe or comma"
    AMOUNT = "a number"
    DATE = "a date as YYYYMMDD"
    DATE_OR_NA = "a date as YYYYMMDD, or NA"
    WHOLE_OR_NA = "a whole number or NA"
    WHOLE_OR_NA_OR_EXEMPT = "a whole number, NA or Exempt"
    NUMBER_OR_NA_OR_EXEMPT = "a plain decimal number, NA or Exempt"
    NUMBER_OR_NA_OR_EXEMPT_OR_BLANK = "a plain decimal number, NA, Exempt or blank"


@dataclass(frozen=True, slots=True)
class Field:
    """One field: our key, CFPB's name in edits, its kind, and CFPB's name in formatting errors where that differs."""

    key: str
    name: str
    kind: Kind
    parser_name: str


def _field(key: str, name: str, kind: Kind, parser_name: str | None = None) -> Field:
    return Field(key, name, kind, parser_name or name)


def _numbered(key: str, name: str, count: int, first: Kind, others: Kind) -> list[Field]:
    """A field that is there several times: `key_1`, `key_2` and so on, named `name: 1` and so on."""
    return [
        _field(f"{key}_{number}", f"{name}: {number}", first if number == 1 else others)
        for number in range(1, count + 1)
    ]


_APPLICANT = "Applicant or Borrower"
_CO_APPLICANT = "Co-Applicant or Co-Borrower"
_OBSERVED = "Collected on the Basis of Visual Observation or Surname"
_FREE = "Free Form Text Field for"


def _ethnicity(who: str, name: str) -> list[Field]:
    return [
        *_numbered(f"{who}_ethnicity", f"Ethnicity of {name}", 5, Kind.CODE_OR_BLANK, Kind.CODE_OR_BLANK),
        _field(f"{who}_ethnicity_other", f"Ethnicity of {name}: {_FREE} Other Hispanic or Latino", Kind.TEXT),
    ]


def _race(who: str, name: str) -> list[Field]:
    tribe = "American Indian or Alaska Native Enrolled or Principal Tribe"
    return [
        *_numbered(f"{who}_race", f"Race of {name}", 5, Kind.CODE_OR_BLANK, Kind.CODE_OR_BLANK),
        _field(f"{who}_race_native", f"Race of {name}: {_FREE} {tribe}", Kind.TEXT),
        _field(f"{who}_race_asian", f"Race of {name}: {_FREE} Other Asian", Kind.TEXT),
        _field(f"{who}_race_islander", f"Race of {name}: {_FREE} Other Pacific Islander", Kind.TEXT),
    ]


_SCORING_MODEL = "Name and Version of Credit Scoring Model"
_OTHER_MODEL = f"{_SCORING_MODEL}: Conditional Free Form Text Field for Code 8"

LAR_FIELDS: Final[tuple[Field, ...]] = (
    _field("record_identifier", "Record Identifier", Kind.CODE, "LAR Record Identifier"),
    _field("lei", "Legal Entity Identifier (LEI)", Kind.IDENTIFIER, "LEI"),
    _field("uli", "Universal Loan Identifier (ULI)", Kind.IDENTIFIER, "ULI"),
    _field("application_date", "Application Date", Kind.DATE_OR_NA),
    _field("loan_type", "Loan Type", Kind.CODE),
    _field("loan_purpose", "Loan Purpose", Kind.CODE),
    _field("preapproval", "Preapproval", Kind.CODE),
    _field("construction_method", "Construction Method", Kind.CODE),
    _field("occupancy_type", "Occupancy Type", Kind.CODE),
    _field("loan_amount", "Loan Amount", Kind.AMOUNT),
    _field("action_taken", "Action Taken", Kind.CODE),
    _field("action_taken_date", "Action Taken Date", Kind.DATE),
    _field("street_address", "Street Address", Kind.TEXT),
    _field("city", "City", Kind.TEXT),
    _field("state", "State", Kind.TEXT),
    _field("zip_code", "Zip Code", Kind.TEXT),
    _field("county", "County", Kind.TEXT),
    _field("census_tract", "Census Tract", Kind.TEXT),
    *_ethnicity("applicant", _APPLICANT),
    *_ethnicity("co_applicant", _CO_APPLICANT),
    _field("applicant_ethnicity_observed", f"Ethnicity of {_APPLICANT} {_OBSERVED}", Kind.CODE),
    _field("co_applicant_ethnicity_observed", f"Ethnicity of {_CO_APPLICANT} {_OBSERVED}", Kind.CODE),
    *_race("applicant", _APPLICANT),
    *_race("co_applicant", _CO_APPLICANT),
    _field("applicant_race_observed", f"Race of {_APPLICANT} {_OBSERVED}", Kind.CODE),
    _field("co_applicant_race_observed", f"Race of {_CO_APPLICANT} {_OBSERVED}", Kind.CODE),
    _field("applicant_sex", f"Sex of {_APPLICANT}", Kind.CODE),
    _field("co_applicant_sex", f"Sex of {_CO_APPLICANT}", Kind.CODE),
    _field("applicant_sex_observed", f"Sex of {_APPLICANT} {_OBSERVED}", Kind.CODE),
    _field("co_applicant_sex_observed", f"Sex of {_CO_APPLICANT} {_OBSERVED}", Kind.CODE),
    _field("applicant_age", f"Age of {_APPLICANT}", Kind.CODE),
    _field("co_applicant_age", f"Age of {_CO_APPLICANT}", Kind.CODE),
    _field("income", "Income", Kind.WHOLE_OR_NA),
    _field("purchaser_type", "Type of Purchaser", Kind.CODE),
    _field("rate_spread", "Rate Spread", Kind.NUMBER_OR_NA_OR_EXEMPT),
    _field("hoepa_status", "HOEPA Status", Kind.CODE),
    _field("lien_status", "Lien Status", Kind.CODE),
    _field("applicant_credit_score", f"Credit Score of {_APPLICANT}", Kind.CODE),
    _field("co_applicant_credit_score", f"Credit Score of {_CO_APPLICANT}", Kind.CODE),
    _field("applicant_scoring_model", f"{_APPLICANT}, {_SCORING_MODEL}", Kind.CODE),
    _field("applicant_scoring_model_other", f"{_APPLICANT}, {_OTHER_MODEL}", Kind.TEXT),
    _field("co_applicant_scoring_model", f"{_CO_APPLICANT}, {_SCORING_MODEL}", Kind.CODE),
    _field("co_applicant_scoring_model_other", f"{_CO_APPLICANT}, {_OTHER_MODEL}", Kind.TEXT),
    *_numbered("denial_reason", "Reason for Denial", 4, Kind.CODE, Kind.CODE_OR_BLANK),
    _field("denial_reason_other", "Reason for Denial: Conditional Free Form Text Field for Code 9", Kind.TEXT),
    _field("total_loan_costs", "Total Loan Costs", Kind.NUMBER_OR_NA_OR_EXEMPT),
    _field("total_points_and_fees", "Total Points and Fees", Kind.NUMBER_OR_NA_OR_EXEMPT),
    _field("origination_charges", "Origination Charges", Kind.NUMBER_OR_NA_OR_EXEMPT),
    _field("discount_points", "Discount Points", Kind.NUMBER_OR_NA_OR_EXEMPT_OR_BLANK),
    _field("lender_credits", "Lender Credits", Kind.NUMBER_OR_NA_OR_EXEMPT_OR_BLANK),
    _field("interest_rate", "Interest Rate", Kind.NUMBER_OR_NA_OR_EXEMPT),
    _field("prepayment_penalty_term", "Prepayment Penalty Term", Kind.WHOLE_OR_NA_OR_EXEMPT),
    _field("debt_to_income_ratio", "Debt-to-Income Ratio", Kind.NUMBER_OR_NA_OR_EXEMPT),
    _field("combined_loan_to_value_ratio", "Combined Loan-to-Value Ratio", Kind.NUMBER_OR_NA_OR_EXEMPT),
    _field("loan_term", "Loan Term", Kind.WHOLE_OR_NA_OR_EXEMPT),
    _field("introductory_rate_period", "Introductory Rate Period", Kind.WHOLE_OR_NA_OR_EXEMPT),
    _field("balloon_payment", "Balloon Payment", Kind.CODE, "Balloon Payments"),
    _field("interest_only_payments", "Interest-Only Payments", Kind.CODE),
    _field("negative_amortization", "Negative Amortization", Kind.CODE),
    _field(
        "other_non_amortizing_features", "Other Non-amortizing Features", Kind.CODE, "Other Non-Amortizing Features"
    ),
    _field("property_value", "Property Value", Kind.NUMBER_OR_NA_OR_EXEMPT),
    _field("manufactured_home_secured_property_type", "Manufactured Home Secured Property Type", Kind.CODE),
    _field("manufactured_home_land_property_interest", "Manufactured Home Land Property Interest", Kind.CODE),
    _field("total_units", "Total Units", Kind.CODE),
    _field("multifamily_affordable_units", "Multifamily Affordable Units", Kind.WHOLE_OR_NA_OR_EXEMPT),
    _field("submission_of_application", "Submission of Application", Kind.CODE),
    _field("initially_payable", "Initially Payable to Your Institution", Kind.CODE),
    _field("nmlsr_id", "NMLSR ID", Kind.TEXT),
    *_numbered("aus", "Automated Underwriting System", 5, Kind.CODE, Kind.CODE_OR_BLANK),
    _field("aus_other", "Automated Underwriting System: Conditional Free Form Text Field for Code 5", Kind.TEXT),
    *_numbered("aus_result", "Automated Underwriting System Result", 5, Kind.CODE, Kind.CODE_OR_BLANK),
    _field(
        "aus_result_other",
        "Automated Underwriting System Result: Conditional Free Form Text Field for Code 16",
        Kind.TEXT,
    ),
    _field("reverse_mortgage", "Reverse Mortgage", Kind.CODE),
    _field("open_end_line_of_credit", "Open-End Line of Credit", Kind.CODE),
    # the platform spells it so
    _field("business_purpose", "Business or Commercial Purpose", Kind.CODE, "Buisness or Commercial Purpose"),
)
"""A loan's row, field by field."""

SHEET_FIELDS: Final[tuple[Field, ...]] = (
    _field("record_identifier", "Record Identifier", Kind.CODE, "Transmittal Sheet Record Identifier"),
    _field("institution_name", "Financial Institution Name", Kind.TEXT),
    _field("calendar_year", "Calendar Year", Kind.CODE),
    _field("calendar_quarter", "Calendar Quarter", Kind.CODE),
    _field("contact_name", "Contact Person's Name", Kind.TEXT),
    _field("contact_phone", "Contact Person's Telephone Number", Kind.TEXT),
    _field("contact_email", "Contact Person's E-mail Address", Kind.TEXT),
    _field("office_street", "Contact Person's Office Street Address", Kind.TEXT),
    _field("office_city", "Contact Person's Office City", Kind.TEXT),
    _field("office_state", "Contact Person's Office State", Kind.TEXT),
    _field("office_zip_code", "Contact Person's Office Zip Code", Kind.TEXT),
    _field("federal_agency", "Federal Agency", Kind.CODE),
    _field("total_entries", "Total Number of Entries Contained in Submission", Kind.CODE),
    _field("tax_id", "Federal Taxpayer Identification Number", Kind.TEXT),
    _field("lei", "Legal Entity Identifier (LEI)", Kind.TEXT),
)
"""The transmittal sheet, the first line of a file. The agency comes before the count, and the LEI is last."""

AGENCIES: Final = {1: "OCC", 2: "FRS", 3: "FDIC", 5: "NCUA", 7: "HUD", 9: "CFPB", -1: "undetermined"}
"""The federal agencies that the platform's parser knows; another number is a formatting error."""

LAR_WIDTH: Final = len(LAR_FIELDS)
SHEET_WIDTH: Final = len(SHEET_FIELDS)
LAR_KEYS: Final = tuple(field.key for field in LAR_FIELDS)
LAR_BY_KEY: Final = {field.key: field for field in LAR_FIELDS}
SHEET_BY_KEY: Final = {field.key: field for field in SHEET_FIELDS}

WRONG_WIDTH_OF_LAR: Final = "Incorrect Number of LAR Fields"
WRONG_WIDTH_OF_SHEET: Final = "Incorrect Number of TS Fields"
"""What the platform calls a row with too few or too many fields; the value is how many there were."""


def _with(who: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{who}_{name}" for name in names)


_FIVE = ("1", "2", "3", "4", "5")
APPLICANT_ETHNICITIES: Final = _with("applicant_ethnicity", *_FIVE)
CO_APPLICANT_ETHNICITIES: Final = _with("co_applicant_ethnicity", *_FIVE)
APPLICANT_RACES: Final = _with("applicant_race", *_FIVE)
CO_APPLICANT_RACES: Final = _with("co_applicant_race", *_FIVE)
DENIAL_REASONS: Final = _with("denial_reason", *_FIVE[:4])
AUS: Final = _with("aus", *_FIVE)
AUS_RESULTS: Final = _with("aus_result", *_FIVE)
"""The fields that are there several times, which edits name together."""
