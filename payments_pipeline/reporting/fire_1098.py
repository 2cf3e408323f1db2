"""The forms of a year as a FIRE file: how a return becomes a B record."""

from typing import BinaryIO, Final

from payments_pipeline.formats import tax_text
from payments_pipeline.formats.countries import COUNTRIES
from payments_pipeline.formats.fire import AMOUNT_OF_BOX, FireWriter, Value
from payments_pipeline.reporting.filer import Filer
from payments_pipeline.reporting.form_1098 import Return, Transaction

_NAME_WIDTH: Final = 40
_PROPERTY_WIDTH: Final = 39
_CITY_ABROAD_WIDTH: Final = 40

_INDICATORS: Final[dict[Transaction, str]] = {"original": "", "corrected": "G", "withdrawn": "G", "replaced": "C"}
_TIN_TYPES: Final = {"ein": "1", "ssn": "2", "itin": "2", "atin": "2", "unknown": ""}

GROUPS: Final[tuple[tuple[Transaction, ...], ...]] = (("original",), ("corrected", "withdrawn"), ("replaced",))
"""Originals, first and second records of corrections: each kind has groups of its own."""


def begin_file(out: BinaryIO, tax_year: int, filer: Filer, *, is_test: bool, is_prior_year: bool) -> FireWriter:
    """A file with its T record."""
    party, transmitter = filer.filer, filer.transmitter
    name, name_2 = tax_text.in_two_lines(tax_text.name(party.name), _NAME_WIDTH)
    return FireWriter(
        out,
        tax_year,
        {
            "prior_year": "P" if is_prior_year else "",
            "transmitter_tin": party.tin,
            "transmitter_control_code": transmitter.fire_control_code,
            "test_indicator": "T" if is_test else "",
            "transmitter_name": name,
            "transmitter_name_2": name_2,
            "company_name": name,
            "company_name_2": name_2,
            "company_address": tax_text.address(party.street),
            "company_city": tax_text.address(party.city),
            "company_state": party.state,
            "company_zip": party.zip,
            "contact_name": tax_text.name(transmitter.contact_name),
            "contact_phone": transmitter.contact_phone,
            "contact_email": transmitter.contact_email,
            "vendor_indicator": "I",
        },
    )


def issuer(filer: Filer) -> dict[str, Value]:
    """The filer, as the A record of each group."""
    party = filer.filer
    name, name_2 = tax_text.in_two_lines(tax_text.name(party.name), _NAME_WIDTH)
    return {
        "issuer_tin": party.tin,
        "issuer_name_control": tax_text.business_name_control(party.name),
        "issuer_name": name,
        "issuer_name_2": name_2,
        "transfer_agent": "0",
        "issuer_address": tax_text.address(party.street),
        "issuer_city": tax_text.address(party.city),
        "issuer_state": party.state,
        "issuer_zip": party.zip,
        "issuer_phone": party.phone,
    }


def payee(form: Return) -> dict[str, Value]:
    """A return as a B record."""
    identity = form.identity
    control = (
        tax_text.business_name_control(identity.business)
        if identity.is_business
        else tax_text.person_name_control(identity.last)
    )
    # a surname in other letters than the authority's leaves nobody's name, and not that of the first name alone
    whole = tax_text.name(identity.surname_first) if control else ""
    name, name_2 = tax_text.in_two_lines(whole, _NAME_WIDTH)
    return {
        "corrected": _INDICATORS[form.transaction],
        "name_control": control,
        "tin_type": _TIN_TYPES[form.tin_type],
        "tin": identity.tin,
        "account_number": form.loan_number,
        **{f"amount_{AMOUNT_OF_BOX[box]}": cents for box, cents in form.amounts.items()},
        "name": name,
        "name_2": name_2,
        **_mailing_address(form),
        "origination_date": form.box_3_on,
        "property_is_address": "1" if form.box_7_is_mailing_address else "",
        "property": tax_text.address(form.box_8_property or "")[:_PROPERTY_WIDTH].rstrip(),
        "other": tax_text.address(form.box_10_other or "")[:_PROPERTY_WIDTH].rstrip(),
        "properties": form.box_9_properties,
        "acquisition_date": form.box_11_on,
    }


def _mailing_address(form: Return) -> dict[str, Value]:
    """Abroad, city, province, postal code and country are one text, and state and postal code stay blank."""
    to = form.address
    street = tax_text.address(to.street)[:_NAME_WIDTH].rstrip()
    if not to.is_abroad:
        digits = "".join(character for character in to.zip if character.isdecimal())
        return {"address": street, "city": tax_text.address(to.city)[:40], "state": to.state, "zip": digits}
    country = COUNTRIES[to.country].name if to.country in COUNTRIES else to.country
    place = tax_text.address(f"{to.city} {to.state} {to.zip}")
    room = _CITY_ABROAD_WIDTH - len(country) - 1
    return {"address": street, "foreign_country": "1", "city": f"{place[:room].rstrip()} {country.upper()}"}
