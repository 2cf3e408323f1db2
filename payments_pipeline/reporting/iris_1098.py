"""The forms of a year as IRIS transmissions: how a return becomes a Form1098Detail."""

import hashlib
from typing import Final
from uuid import UUID

from payments_pipeline.formats import iris, tax_text
from payments_pipeline.formats.countries import COUNTRIES
from payments_pipeline.formats.iris import AMOUNT_OF_BOX, TransmissionType, amount, plain
from payments_pipeline.reporting.filer import Filer
from payments_pipeline.reporting.form_1098 import Return, Transaction
from payments_pipeline.reporting.lifecycle import Report

SUBMISSION_ID: Final = "1"
"""A transmission of ours has one submission: one filer, one form."""

TRANSMISSIONS: Final[dict[TransmissionType, tuple[Transaction, ...]]] = {
    "O": ("original", "replaced"),
    "C": ("corrected", "withdrawn"),
}
"""What goes into a transmission of each type. The second record of a two-transaction correction is an original."""

_TIN_TYPES: Final = {"ein": "BUSINESS_TIN", "unknown": "UNKNOWN"}
_LINE: Final = 35


def transmission_id(report: Report, type_: TransmissionType, number: int, control_code: str, *, is_test: bool) -> str:
    """The id of a transmission: a hash of what it is, so that writing it again gives the same, and the control code.

    A test has an id of its own, since the authority takes each id once.
    """
    what = f"iris|{report.report_id}|{report.content_hash.hex()}|{type_}|{number}" + ("|test" if is_test else "")
    return f"{UUID(bytes=hashlib.sha256(what.encode()).digest()[:16])}:IRIS:{control_code}::A"


def manifest(
    report: Report, filer: Filer, type_: TransmissionType, number: int, *, is_test: bool, is_prior_year: bool
) -> dict[str, str]:
    """Who transmits what; counts are added when they are known."""
    transmitter, party = filer.transmitter, filer.filer
    group = "TransmitterGrp/"
    address = group + "CompanyGrp/MailingAddressGrp/USAddress/"
    return {
        "UniqueTransmissionId": transmission_id(report, type_, number, transmitter.iris_control_code, is_test=is_test),
        "TaxYr": report.period,
        "PriorYearDataInd": "1" if is_prior_year else "0",
        "TransmissionTypeCd": type_,
        "TestCd": "T" if is_test else "P",
        group + "TIN": party.tin,
        group + "TINSubmittedTypeCd": "BUSINESS_TIN",
        group + "TransmitterControlCd": transmitter.iris_control_code,
        group + "ForeignEntityInd": "0",
        group + "CompanyGrp/BusinessName/BusinessNameLine1Txt": plain(party.name)[:75],
        address + "AddressLine1Txt": plain(party.street)[:_LINE].rstrip(),
        address + "CityNm": plain(party.city),
        address + "StateAbbreviationCd": party.state,
        address + "ZIPCd": party.zip,
        group + "ContactNameGrp/PersonNm": plain(transmitter.contact_name),
        group + "ContactEmailAddressTxt": transmitter.contact_email,
        group + "ContactPhoneNum": transmitter.contact_phone,
        "VendorCd": "I",
        "SoftwareId": transmitter.iris_software_id,
        "PaperSubmissionInd": "0",
        "MediaSourceCd": "M",
        "SubmissionChannelCd": "A2A",
    }


def header(report: Report, filer: Filer) -> dict[str, str]:
    """Who files; counts and totals are added when they are known."""
    transmitter, party = filer.transmitter, filer.filer
    issuer, address = "IssuerDetail/", "IssuerDetail/MailingAddressGrp/USAddress/"
    contact = "ContactPersonInformationGrp/"
    return {
        "SubmissionId": SUBMISSION_ID,
        "TaxYr": report.period,
        issuer + "ForeignEntityInd": "0",
        issuer + "TIN": party.tin,
        issuer + "TINSubmittedTypeCd": "BUSINESS_TIN",
        issuer + "BusinessNameControlTxt": tax_text.business_name_control(party.name),
        issuer + "BusinessName/BusinessNameLine1Txt": plain(party.name)[:75],
        address + "AddressLine1Txt": plain(party.street)[:_LINE].rstrip(),
        address + "CityNm": plain(party.city),
        address + "StateAbbreviationCd": party.state,
        address + "ZIPCd": party.zip,
        issuer + "PhoneNum": party.phone,
        contact + "ContactPersonNm": plain(transmitter.contact_name),
        contact + "ContactPhoneNum": transmitter.contact_phone,
        contact + "ContactEmailAddressTxt": transmitter.contact_email,
        "FormTypeCd": "1098",
        "ParentFormTypeCd": "1096",
        "CFSFElectionInd": "0",
    }


def detail_values(form: Return, tax_year: str, record_id: str) -> dict[str, str]:
    """A return by the paths of its elements. Amounts of zero are left out, but for the interest."""
    is_correction = form.transaction in TRANSMISSIONS["C"]
    values = {
        "TaxYr": tax_year,
        "RecordId": record_id,
        "VoidInd": "0",
        "CorrectedInd": "1" if is_correction else "0",
        "PrevSubmittedRecRecipientGrp/UniqueRecordId": (form.unique_record_id or "") if is_correction else "",
        **_recipient(form),
        "RecipientAccountNum": form.loan_number,
        "MortgageOriginationDt": form.box_3_on.isoformat(),
        "PropAddrSameBorrowerAddrInd": "1" if form.box_7_is_mailing_address else "0",
        "PropertyAddressGrp/PropertyDesc": plain(form.box_8_property or "")[:100].rstrip(),
        "PropertiesSecuringMortgageCnt": str(form.box_9_properties or ""),
        "OtherTxt": plain(form.box_10_other or "")[:100].rstrip(),
        "MortgageAcquisitionDt": form.box_11_on.isoformat() if form.box_11_on else "",
    }
    for box, cents in form.amounts.items():
        if cents or box == 1:
            values[AMOUNT_OF_BOX[box]] = amount(cents)
    return values


def _recipient(form: Return) -> dict[str, str]:
    who, to, at = form.identity, form.address, "RecipientDetail/"
    values = {at + "TIN": who.tin, at + "TINSubmittedTypeCd": _TIN_TYPES.get(form.tin_type, "INDIVIDUAL_TIN")}
    if who.is_business:
        values[at + "BusinessNameControlTxt"] = tax_text.business_name_control(who.business)
        values[at + "BusinessName/BusinessNameLine1Txt"] = plain(who.business)[:75].rstrip()
    else:
        values[at + "PersonNameControlTxt"] = tax_text.person_name_control(who.last)
        for element, text in (
            ("PersonFirstNm", who.first),
            ("PersonMiddleNm", who.middle),
            ("PersonLastNm", who.last),
            ("SuffixNm", who.suffix),
        ):
            values[f"{at}PersonName/{element}"] = tax_text.name(text).title()[:_LINE].rstrip()
    line_1, line_2 = tax_text.in_two_lines(plain(to.street), _LINE)
    if not to.is_abroad:
        at += "MailingAddressGrp/USAddress/"
        digits = "".join(character for character in to.zip if character.isdecimal())
        return values | {
            at + "AddressLine1Txt": line_1,
            at + "AddressLine2Txt": line_2,
            at + "CityNm": plain(to.city)[:40].rstrip(),
            at + "StateAbbreviationCd": to.state,
            at + "ZIPCd": digits,
        }
    at += "MailingAddressGrp/ForeignAddress/"
    return values | {
        at + "AddressLine1Txt": line_1,
        at + "AddressLine2Txt": line_2,
        at + "CityNm": plain(to.city)[:40].rstrip(),
        at + "ProvinceOrStateNm": plain(to.state)[:_LINE],
        at + "ForeignPostalCd": plain(to.zip)[:16],
        at + "CountryCd": COUNTRIES[to.country].tax_code if to.country in COUNTRIES else "",
    }


def detail(form: Return, tax_year: str, record_id: str) -> bytes:
    """A return as XML."""
    return iris.detail(detail_values(form, tax_year, record_id))
