"""Edits of what identifies a loan, and of what was asked for and what became of it: S300, S301, V600 to V619."""

from typing import Final

from payments_pipeline.hmda.edits.language import (
    both_or_neither,
    equals,
    holds_check_digits,
    is_na,
    is_number,
    length,
    matches,
    number,
    one_of,
    text,
    when,
)
from payments_pipeline.hmda.edits.model import RowEdit
from payments_pipeline.rules.uli import MAX_LENGTH, MIN_LENGTH

LEI_LENGTH: Final = 20
ALPHANUMERIC: Final = "^[a-zA-Z0-9]+$"
ACTIONS: Final = (1, 2, 3, 4, 5, 6, 7, 8)
NOT_PURCHASED: Final = (1, 2, 3, 4, 5, 7, 8)
"""What became of an application; 6, a purchase, has none."""

EDITS: Final[tuple[RowEdit, ...]] = (
    RowEdit(
        id="S300",
        text="The first row of your file must begin with a 1; and 2) Any subsequent rows must begin with a 2.",
        fields=("record_identifier",),
        passes=equals("record_identifier", 2),
    ),
    RowEdit(
        id="S301",
        text=(
            "The LEI in this row does not match the reported LEI in the transmittal sheet (the first row of "
            "your file). Please update your file accordingly."
        ),
        fields=("lei",),
        passes=lambda filing: text("lei") == filing.sheet.lei.upper() if filing.sheet else None,
    ),
    RowEdit(
        id="V600",
        text="The required format for LEI is alphanumeric with 20 characters, and it cannot be left blank.",
        fields=("lei",),
        passes=length("lei") == LEI_LENGTH,
    ),
    RowEdit(
        id="V608-1",
        text=(
            "If your institution is reporting a ULI, the required format for ULI is alphanumeric with at "
            "least 23 characters and up to 45 characters, and it cannot be left blank."
        ),
        fields=("uli",),
        passes=when(length("uli") >= MIN_LENGTH, matches("uli", ALPHANUMERIC) & (length("uli") <= MAX_LENGTH)),
    ),
    RowEdit(
        id="V608-2",
        text=(
            "The required format for NULI is alphanumeric with at least 1 character and no more than 22 "
            "characters, and it cannot be NA, Exempt, 1111 or left blank."
        ),
        fields=("uli",),
        passes=when(
            length("uli") < MIN_LENGTH,
            matches("uli", ALPHANUMERIC) & ~text("uli").str.to_uppercase().is_in(["EXEMPT", "NA", "1111"]),
        ),
    ),
    RowEdit(
        id="V609",
        text="Based on the check digit calculation, the ULI contains a transcription error.",
        fields=("uli",),
        passes=when(length("uli") >= MIN_LENGTH, holds_check_digits("uli")),
    ),
    RowEdit(
        id="V610-1",
        text="Application Date must be either a valid date using YYYYMMDD format or NA, and cannot be left blank.",
        fields=("application_date", "action_taken"),
        passes=is_number("application_date") | is_na("application_date"),
        is_preempted=True,
    ),
    RowEdit(
        id="V610-2",
        text="If Action Taken equals 6, then Application Date must be NA, and the reverse must be true.",
        fields=("application_date", "action_taken"),
        passes=both_or_neither(equals("action_taken", 6), is_na("application_date")),
    ),
    RowEdit(
        id="V611",
        text="Loan Type must equal 1, 2, 3, or 4, and cannot be left blank.",
        fields=("loan_type",),
        passes=one_of("loan_type", 1, 2, 3, 4),
    ),
    RowEdit(
        id="V612-1",
        text="Loan Purpose must equal 1, 2, 31, 32, 4, or 5 and cannot be left blank.",
        fields=("loan_purpose", "preapproval"),
        passes=one_of("loan_purpose", 1, 2, 31, 32, 4, 5),
    ),
    RowEdit(
        id="V612-2",
        text="If Preapproval equals 1, then Loan Purpose must equal 1.",
        fields=("loan_purpose", "preapproval"),
        passes=when(equals("preapproval", 1), equals("loan_purpose", 1)),
    ),
    RowEdit(
        id="V613-1",
        text="Preapproval must equal 1 or 2, and cannot be left blank.",
        fields=("preapproval", "action_taken"),
        passes=one_of("preapproval", 1, 2),
    ),
    RowEdit(
        id="V613-2",
        text="If Action Taken equals 7 or 8, then Preapproval must equal 1.",
        fields=("preapproval", "action_taken"),
        passes=when(one_of("action_taken", 7, 8), equals("preapproval", 1)),
    ),
    RowEdit(
        id="V613-3",
        text="If Action Taken equals 3, 4, 5 or 6, then Preapproval must equal 2.",
        fields=("preapproval", "action_taken"),
        passes=when(one_of("action_taken", 3, 4, 5, 6), equals("preapproval", 2)),
    ),
    RowEdit(
        id="V613-4",
        text="If Preapproval equals 1, then Action Taken must equal 1, 2, 7 or 8.",
        fields=("preapproval", "action_taken"),
        passes=when(equals("preapproval", 1), one_of("action_taken", 1, 2, 7, 8)),
    ),
    RowEdit(
        id="V614-1",
        text="If Loan Purpose equals 2, 4, 31, 32, or 5, then Preapproval must equal 2.",
        fields=(
            "preapproval",
            "loan_purpose",
            "multifamily_affordable_units",
            "reverse_mortgage",
            "open_end_line_of_credit",
        ),
        passes=when(one_of("loan_purpose", 2, 4, 31, 32, 5), equals("preapproval", 2)),
    ),
    RowEdit(
        id="V614-2",
        text="If Multifamily Affordable Units is a number, then Preapproval must equal 2.",
        fields=(
            "preapproval",
            "loan_purpose",
            "multifamily_affordable_units",
            "reverse_mortgage",
            "open_end_line_of_credit",
        ),
        passes=when(is_number("multifamily_affordable_units"), equals("preapproval", 2)),
    ),
    RowEdit(
        id="V614-3",
        text="If Reverse Mortgage equals 1, then Preapproval must equal 2.",
        fields=(
            "preapproval",
            "loan_purpose",
            "multifamily_affordable_units",
            "reverse_mortgage",
            "open_end_line_of_credit",
        ),
        passes=when(equals("reverse_mortgage", 1), equals("preapproval", 2)),
    ),
    RowEdit(
        id="V614-4",
        text="If Open-End Line of Credit equals 1, then Preapproval must equal 2.",
        fields=(
            "preapproval",
            "loan_purpose",
            "multifamily_affordable_units",
            "reverse_mortgage",
            "open_end_line_of_credit",
        ),
        passes=when(equals("open_end_line_of_credit", 1), equals("preapproval", 2)),
    ),
    RowEdit(
        id="V615-1",
        text="Construction Method must equal 1 or 2, and cannot be left blank.",
        fields=(
            "construction_method",
            "manufactured_home_land_property_interest",
            "manufactured_home_secured_property_type",
        ),
        passes=one_of("construction_method", 1, 2),
    ),
    RowEdit(
        id="V615-2",
        text=(
            "If Manufactured Home Land Property Interest equals 1, 2, 3 or 4, then Construction Method must equal 2."
        ),
        fields=(
            "construction_method",
            "manufactured_home_land_property_interest",
            "manufactured_home_secured_property_type",
        ),
        passes=when(one_of("manufactured_home_land_property_interest", 1, 2, 3, 4), equals("construction_method", 2)),
    ),
    RowEdit(
        id="V615-3",
        text="If Manufactured Home Secured Property Type equals 1 or 2 then Construction Method must equal 2.",
        fields=(
            "construction_method",
            "manufactured_home_land_property_interest",
            "manufactured_home_secured_property_type",
        ),
        passes=when(one_of("manufactured_home_secured_property_type", 1, 2), equals("construction_method", 2)),
    ),
    RowEdit(
        id="V616",
        text="Occupancy Type must equal 1, 2, or 3, and cannot be left blank.",
        fields=("occupancy_type",),
        passes=one_of("occupancy_type", 1, 2, 3),
    ),
    RowEdit(
        id="V617",
        text="Loan Amount must be a number greater than or equal to 0, and cannot be left blank.",
        fields=("loan_amount",),
        passes=number("loan_amount") >= 0,
    ),
    RowEdit(
        id="V618",
        text="Action Taken must equal 1, 2, 3, 4, 5, 6, 7, or 8, and cannot be left blank.",
        fields=("action_taken",),
        passes=one_of("action_taken", *ACTIONS),
    ),
    RowEdit(
        id="V619-1",
        text="Action Taken Date must be a valid date using YYYYMMDD format, and cannot be left blank.",
        fields=("action_taken_date", "application_date"),
        passes=is_number("action_taken_date"),
        is_preempted=True,
    ),
    RowEdit(
        id="V619-2",
        text="The Action Taken Date must be in the reporting year.",
        fields=("action_taken_date", "application_date"),
        passes=lambda filing: number("action_taken_date") // 10_000 == filing.year,
    ),
    RowEdit(
        id="V619-3",
        text=(
            "If Action Taken equals 1, 2, 3, 4, 5, 7 or 8, then the Action Taken Date must be on or after "
            "the Application Date."
        ),
        fields=("action_taken", "action_taken_date", "application_date"),
        passes=when(
            one_of("action_taken", *NOT_PURCHASED) & is_number("application_date"),
            number("action_taken_date") >= number("application_date"),
        ),
    ),
)
