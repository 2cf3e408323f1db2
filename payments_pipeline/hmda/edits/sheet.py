"""Edits of the transmittal sheet: S300 to S303, V600 to V607, V717 to V719, Q303."""

import re
from typing import Final

from payments_pipeline.hmda.census import STATES
from payments_pipeline.hmda.edits import loan
from payments_pipeline.hmda.edits.language import JAVA_NUMBER
from payments_pipeline.hmda.edits.loan import LEI_LENGTH
from payments_pipeline.hmda.edits.model import Filing, Period, SheetEdit
from payments_pipeline.hmda.records import TransmittalSheet

WHOLE_YEAR: Final = 4
_PHONE: Final = re.compile(r"[0-9]{3}-[0-9]{3}-[0-9]{4}")
_ZIP_CODE: Final = re.compile(r"[0-9]{5}(-[0-9]{4})?")
_TAX_ID: Final = re.compile(r"[0-9]{2}-[0-9]{7}")
_EMAIL: Final = re.compile(r"[_A-Za-z0-9-+]+(\.[_A-Za-z0-9-]+)*@[A-Za-z0-9-]+(\.[A-Za-z0-9]+)*(\.[A-Za-z]{2,})")


def _is_institution(sheet: TransmittalSheet, filing: Filing) -> bool:
    """The sheet names the institution that files; unknown institutions are taken at their word."""
    files = filing.institution
    return files is None or (
        sheet.lei.lower() == files.lei.lower()
        and sheet.federal_agency == files.federal_agency
        and sheet.tax_id == files.tax_id
    )


_TEXT_OF_ROWS: Final = {edit.id: edit.text for edit in loan.EDITS}
"""Two edits look at the sheet and at the rows alike."""
_INSTITUTION_TEXT: Final = (
    "The reported Federal Agency; Federal Taxpayer Identification Number; and Legal Entity "
    "Identifier must match the Federal Agency; Federal Taxpayer Identification Number; and Legal "
    "Entity Identifier for the financial institution for which you are filing. Please confirm the "
    "information below and update your file accordingly. 1)The correct financial institution was at "
    "the start of the filing; and 2)The correct file was uploaded; and 3)The Federal Agency, Federal "
    "Taxpayer Identification Number, and  Legal Entity Identifier are reported correctly in the file."
)

EDITS: Final[tuple[SheetEdit, ...]] = (
    SheetEdit(
        id="S300",
        text=_TEXT_OF_ROWS["S300"],
        fields=("record_identifier",),
        passes=lambda sheet, _: sheet.record_identifier == 1,
    ),
    SheetEdit(
        id="S302",
        text=(
            "The reported Calendar Year does not match the filing year indicated at the start of the filing. "
            "Please confirm the information below and update your file accordingly. 1) The correct file has "
            "been uploaded; and 2) The correct filing year was chosen at the start of the filing; and 3) The "
            "calendar year is listed correctly in the file."
        ),
        fields=("calendar_year",),
        passes=lambda sheet, filing: sheet.calendar_year == filing.year,
    ),
    SheetEdit(
        id="S303",
        text=_INSTITUTION_TEXT,
        fields=("federal_agency", "tax_id", "lei"),
        last_year=2024,
        passes=lambda sheet, filing: _is_institution(sheet, filing),
    ),
    SheetEdit(
        id="V600",
        text=_TEXT_OF_ROWS["V600"],
        fields=("lei",),
        passes=lambda sheet, _: len(sheet.lei) == LEI_LENGTH,
    ),
    SheetEdit(
        id="V601",
        text=(
            "Financial Institution Name, Contact Person's Name, Contact Person's E-mail Address, Contact "
            "Person's Office Street Address, and Contact Person's Office City are required and must not be "
            "left blank."
        ),
        fields=("institution_name", "contact_name", "contact_email", "office_street", "office_city"),
        passes=lambda sheet, _: all(
            (sheet.institution_name, sheet.contact_name, sheet.contact_email, sheet.office_street, sheet.office_city)
        ),
    ),
    SheetEdit(
        id="V602",
        text="Calendar Quarter must equal 4, and cannot be left blank.",
        fields=("calendar_quarter",),
        period=Period.ANNUAL,
        passes=lambda sheet, _: sheet.calendar_quarter == WHOLE_YEAR,
    ),
    SheetEdit(
        id="V603",
        text=(
            "The required format for the Contact Person's Telephone Number is 999-999-9999, and it cannot be "
            "left blank."
        ),
        fields=("contact_phone",),
        passes=lambda sheet, _: bool(_PHONE.fullmatch(sheet.contact_phone)),
    ),
    SheetEdit(
        id="V604",
        text="Contact Person's Office State must be a two letter state code, and cannot be left blank.",
        fields=("office_state",),
        passes=lambda sheet, _: sheet.office_state in STATES,
    ),
    SheetEdit(
        id="V605",
        text=(
            "The required format for the Contact Person's ZIP Code is 12345-1010 or 12345, and it cannot be left blank."
        ),
        fields=("office_zip_code",),
        passes=lambda sheet, _: bool(_ZIP_CODE.fullmatch(sheet.office_zip_code)),
    ),
    SheetEdit(
        id="V606",
        text=(
            "The required format for the Total Number of Entries Contained in Submission is a whole number "
            "that is greater than zero, and it cannot be left blank."
        ),
        fields=("total_entries",),
        passes=lambda sheet, _: sheet.total_entries > 0,
    ),
    SheetEdit(
        id="V607",
        text=(
            "The required format for the Federal Taxpayer Identification Number is 99-9999999, and it cannot "
            "be left blank."
        ),
        fields=("tax_id",),
        passes=lambda sheet, _: bool(_TAX_ID.fullmatch(sheet.tax_id)),
    ),
    SheetEdit(
        id="V717",
        text="An invalid Contact Person’s Email Address was provided.",  # noqa: RUF001
        fields=("contact_email",),
        passes=lambda sheet, _: bool(_EMAIL.fullmatch(sheet.contact_email)),
    ),
    SheetEdit(
        id="V718",
        text="An invalid Calendar Quarter was reported.",
        fields=("calendar_quarter",),
        period=Period.QUARTERLY,
        passes=lambda sheet, filing: sheet.calendar_quarter == filing.quarter,
    ),
    SheetEdit(
        id="V719-1",
        text=(
            "The required format for Financial Institution Name is alphanumeric. The Financial Institution "
            "Name field contains only numbers and no letters."
        ),
        fields=("institution_name",),
        passes=lambda sheet, _: not re.search(JAVA_NUMBER, sheet.institution_name),
    ),
    SheetEdit(
        id="V719-2",
        text=(
            "The Financial Institution Name provided matches the LEI provided. Please update the Financial "
            "Institution Name."
        ),
        fields=("institution_name",),
        passes=lambda sheet, _: sheet.institution_name != sheet.lei,
    ),
    SheetEdit(
        id="Q303",
        text=_INSTITUTION_TEXT,
        fields=("federal_agency", "tax_id", "lei"),
        first_year=2025,
        passes=lambda sheet, filing: _is_institution(sheet, filing),
    ),
)
