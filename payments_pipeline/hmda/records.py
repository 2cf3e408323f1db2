"""Typed rows of a register, and their bytes.

A record is what we would file: every value has the type that its field asks for, and `NA` and `Exempt` are values among
them. A value has one spelling, so reading what was written gives the record back, and writing what was read gives the
bytes back wherever those used that spelling. What a record says is not judged here: that is what edits are for.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, Literal, Self

from payments_pipeline.errors import PaymentsError
from payments_pipeline.hmda.layout import (
    EXEMPT,
    LAR_FIELDS,
    LAR_WIDTH,
    NA,
    SEPARATOR,
    SHEET_FIELDS,
    SHEET_WIDTH,
    Field,
    Kind,
)

NotApplicable = Literal["NA"]
NotReported = Literal["NA", "Exempt"]
Codes = tuple[int | None, ...]
"""Codes in the order in which they are reported, blank ones as None."""

_DATE: Final = "%Y%m%d"
_WHOLE: Final = frozenset({Kind.CODE, Kind.CODE_OR_BLANK, Kind.WHOLE_OR_NA, Kind.WHOLE_OR_NA_OR_EXEMPT})
_DATES: Final = frozenset({Kind.DATE, Kind.DATE_OR_NA})
_TEXTS: Final = frozenset({Kind.TEXT, Kind.IDENTIFIER})
_BLANKS: Final = frozenset({Kind.CODE_OR_BLANK, Kind.NUMBER_OR_NA_OR_EXEMPT_OR_BLANK})
_NA_KINDS: Final = frozenset(kind for kind in Kind if "NA" in kind.name)


class RecordError(PaymentsError):
    """A row that is not what its layout says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransmittalSheet:
    """The first line of a file: who files, for which period, and how many rows follow."""

    institution_name: str
    calendar_year: int
    calendar_quarter: int
    contact_name: str
    contact_phone: str
    contact_email: str
    office_street: str
    office_city: str
    office_state: str
    office_zip_code: str
    federal_agency: int
    total_entries: int
    tax_id: str
    lei: str
    record_identifier: int = 1

    @classmethod
    def of(cls, reported: Mapping[str, str]) -> Self:
        """The sheet of the texts of its fields, by key."""
        return cls(**{field.key: _value(field, reported[field.key]) for field in SHEET_FIELDS})

    def texts(self) -> dict[str, str]:
        """The text of every field, by key, in the order of the layout."""
        return {field.key: _text(getattr(self, field.key)) for field in SHEET_FIELDS}

    def line(self) -> str:
        """The sheet as it stands in a file."""
        return SEPARATOR.join(self.texts().values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What is reported of an applicant or a co-applicant."""

    ethnicities: Codes
    ethnicity_other: str = ""
    ethnicity_observed: int
    races: Codes
    race_native: str = ""
    race_asian: str = ""
    race_islander: str = ""
    race_observed: int
    sex: int
    sex_observed: int
    age: int
    credit_score: int
    scoring_model: int
    scoring_model_other: str = ""


NO_CO_APPLICANT: Final = Person(
    ethnicities=(5, None, None, None, None),
    ethnicity_observed=4,
    races=(8, None, None, None, None),
    race_observed=4,
    sex=5,
    sex_observed=4,
    age=9999,
    credit_score=9999,
    scoring_model=10,
)
"""How a register says that there is no co-applicant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanApplication:
    """A row of the register: an application, an origination or a purchase."""

    lei: str
    uli: str
    application_date: date | NotApplicable
    loan_type: int
    loan_purpose: int
    preapproval: int
    construction_method: int
    occupancy_type: int
    loan_amount: Decimal
    action_taken: int
    action_taken_date: date
    street_address: str
    city: str
    state: str
    zip_code: str
    county: str
    census_tract: str
    applicant: Person
    co_applicant: Person = NO_CO_APPLICANT
    income: int | NotApplicable
    purchaser_type: int
    rate_spread: Decimal | NotReported
    hoepa_status: int
    lien_status: int
    denial_reasons: Codes
    denial_reason_other: str = ""
    total_loan_costs: Decimal | NotReported
    total_points_and_fees: Decimal | NotReported
    origination_charges: Decimal | NotReported
    discount_points: Decimal | NotReported | None
    lender_credits: Decimal | NotReported | None
    interest_rate: Decimal | NotReported
    prepayment_penalty_term: int | NotReported
    debt_to_income_ratio: Decimal | NotReported
    combined_loan_to_value_ratio: Decimal | NotReported
    loan_term: int | NotReported
    introductory_rate_period: int | NotReported
    balloon_payment: int
    interest_only_payments: int
    negative_amortization: int
    other_non_amortizing_features: int
    property_value: Decimal | NotReported
    manufactured_home_secured_property_type: int
    manufactured_home_land_property_interest: int
    total_units: int
    multifamily_affordable_units: int | NotReported
    submission_of_application: int
    initially_payable: int
    nmlsr_id: str
    aus: Codes
    aus_other: str = ""
    aus_results: Codes
    aus_result_other: str = ""
    reverse_mortgage: int
    open_end_line_of_credit: int
    business_purpose: int
    record_identifier: int = 2

    @classmethod
    def of(cls, reported: Mapping[str, str]) -> Self:
        """The record of the texts of its fields, by key."""
        values: dict[str, Any] = {"applicant": {}, "co_applicant": {}}
        for field in LAR_FIELDS:
            home, name = _place(field.key)
            holder = values[home] if home else values
            value = _value(field, reported[field.key])
            holder[name] = (*holder.get(name, ()), value) if name in _REPEATED else value
        for home in _PERSONS:
            values[home] = Person(**values[home])
        return cls(**values)

    def texts(self) -> dict[str, str]:
        """The text of every field, by key, in the order of the layout."""
        texts = {}
        taken: dict[tuple[str, str], int] = {}
        for field in LAR_FIELDS:
            home, name = _place(field.key)
            value = getattr(getattr(self, home) if home else self, name)
            if name in _REPEATED:
                at = taken.get((home, name), 0)
                taken[home, name] = at + 1
                value = value[at] if at < len(value) else None
            texts[field.key] = _text(value)
        return texts

    def line(self) -> str:
        """The record as it stands in a file."""
        return SEPARATOR.join(self.texts().values())

    def changed(self, **changes: Any) -> Self:
        """The record with other values."""
        return dataclasses.replace(self, **changes)


_PERSONS: Final = ("co_applicant", "applicant")
_REPEATED: Final = {"ethnicities", "races", "denial_reasons", "aus", "aus_results"}
_GROUPS: Final = {
    "ethnicity": "ethnicities",
    "race": "races",
    "denial_reason": "denial_reasons",
    "aus": "aus",
    "aus_result": "aus_results",
}


def write_register(sheet: TransmittalSheet, records: Iterable[LoanApplication]) -> Iterable[bytes]:
    """The lines of a file. The sheet's count is the caller's: it is known only after the last record."""
    yield f"{sheet.line()}\n".encode()
    for record in records:
        yield f"{record.line()}\n".encode()


def read_record(line: str) -> LoanApplication:
    """The record in a line of a register that we wrote."""
    return LoanApplication.of(_split(line, tuple(field.key for field in LAR_FIELDS), LAR_WIDTH))


def read_sheet(line: str) -> TransmittalSheet:
    """The transmittal sheet in the first line of a register that we wrote."""
    return TransmittalSheet.of(_split(line, tuple(field.key for field in SHEET_FIELDS), SHEET_WIDTH))


def _split(line: str, keys: tuple[str, ...], width: int) -> dict[str, str]:
    values = line.removesuffix("\n").split(SEPARATOR)
    if len(values) != width:
        raise RecordError(
            f"expected {width} fields, found {len(values)}", "Read anybody else's file with payments hmda check."
        )
    return dict(zip(keys, values, strict=True))


def _place(key: str) -> tuple[str, str]:
    """Where a field of the layout is kept: the part of the record (empty for the record itself) and the name there."""
    home = next((person for person in _PERSONS if key.startswith(f"{person}_")), "")
    name = key.removeprefix(f"{home}_") if home else key
    group, _, number = name.rpartition("_")
    return home, _GROUPS[group] if number.isdigit() and group in _GROUPS else name


def _value(field: Field, text: str) -> Any:
    """A field's text as a value of its type."""
    if field.kind in _TEXTS:
        return text
    if not text and field.kind in _BLANKS:
        return None
    if text in (NA, EXEMPT) and field.kind in _NA_KINDS:
        return text
    try:
        if field.kind in _WHOLE:
            return int(text)
        if field.kind in _DATES:
            return datetime.strptime(text, _DATE).date()  # noqa: DTZ007 (a calendar day has no zone)
        return Decimal(text)
    except (ValueError, ArithmeticError) as error:
        raise RecordError(
            f"{field.name}: expected {field.kind.value}", "Correct the field; docs/hmda.md lists what each may hold."
        ) from error


def _text(value: object) -> str:
    """A value as it stands in a file."""
    if value is None:
        return ""
    if isinstance(value, date):
        return value.strftime(_DATE)
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
