"""Form 1098, box by box: what a servicer reports of a mortgage's interest, and when.

The sources are section 6050H, 26 CFR 1.6050H-1 and -2 and the Instructions for Form 1098 (Rev. January 2022 for tax year
2025, Rev. December 2026 for tax year 2026). Each function takes plain values and is one rule; the statements of
`sql/reporting/form_1098_*.sql` compute the same for a whole book and are held against these functions by the tests.

Where the instructions leave a choice, the choice is a parameter of `Policy`, so that it is made once a year and is on
record with the report. What a compliance officer must confirm is said in docs/form-1098.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from payments_pipeline.rules.calendar import next_bank_day

FIRST_TAX_YEAR: Final = 2016
"""Since when the form has had its eleven boxes."""

THRESHOLD_CENTS: Final = 600_00
"""Section 6050H(a): $600 or more on any one mortgage. The higher thresholds of 2026 are those of Forms 1099."""

FIRST_YEAR_OF_PREMIUMS: Final = 2026
"""Section 163(h)(3)(E) expired after 2021 and was made permanent from 2026 on: box 5 is blank for 2022 to 2025."""

FIRST_PREMIUM_CONTRACT: Final = date(2007, 1, 1)
"""Only contracts issued after 2006 count: section 163(h)(3)(E)(iii)."""

UPFRONT_MONTHS: Final = 84
"""26 CFR 1.163-11: a premium paid ahead is spread over the stated term or 84 months, whichever is shorter."""


class Payer(StrEnum):
    """What the payer of record is."""

    INDIVIDUAL = "individual"
    """A natural person, and a sole proprietor, whose business is no person of its own."""
    CORPORATION = "corporation"
    PARTNERSHIP = "partnership"
    TRUST = "trust"
    ESTATE = "estate"
    ASSOCIATION = "association"


class Disposition(StrEnum):
    """What becomes of a mortgage's form."""

    REPORTABLE = "reportable"
    ENTITY_PAYER = "entity_payer"
    NEGATIVE_INTEREST = "negative_interest"
    BELOW_THRESHOLD = "below_threshold"
    NOTHING_RECEIVED = "nothing_received"


@dataclass(frozen=True, slots=True)
class Policy:
    """The choices that the instructions leave to the filer, to be made alike for all and kept from year to year."""

    uses_january_15: bool = True
    """Whether interest received in a year that accrues in full by January 15 of the next is reported this year."""


@dataclass(frozen=True, slots=True)
class Received:
    """Money that was applied to interest, by the date on which it counts for the borrower."""

    effective_on: date
    interest_cents: int
    """Below zero for the reversal of a receipt, on the effective date of what it reverses."""
    accrues_from: date | None = None
    accrues_until: date | None = None
    """The first day on which it no longer accrues: an instalment due on January 1 accrues until then."""
    is_from_borrower: bool = True
    """Not a seller, a buydown, a subsidy, a government or a housing assistance fund."""


@dataclass(frozen=True, slots=True)
class Refund:
    """Interest that was given back or credited to the borrower, and the year in which it had been received."""

    refunded_on: date
    received_in_year: int
    amount_cents: int


# Who is reported -------------------------------------------------------------------------------------------------------


def is_reported_payer(payer: Payer) -> bool:
    """1.6050H-1(b)(1): only interest received from an individual. The payer of record decides, whoever else signed."""
    return payer is Payer.INDIVIDUAL


def reaches_nonresident(*, is_property_in_us: bool, is_lender_in_us: bool) -> bool:
    """1.6050H-1(d)(2): of a nonresident alien only where the property is here, or the recipient is a person of here."""
    return is_property_in_us or is_lender_in_us


def disposition(
    payer: Payer, *, interest_cents: int, refund_cents: int, premiums_cents: int, points_cents: int
) -> Disposition:
    """Whether a form is due for one mortgage; the refusals in order.

    Instructions, "Specific Instructions": $600 of interest, points included, on any one mortgage; a refund of prior
    years' interest of $600 on its own; premiums of $600 on their own. A mortgage below may be filed and is not.
    Interest below zero means that a prior year was misreported: that year is corrected, no negative form is filed.
    """
    if not is_reported_payer(payer):
        return Disposition.ENTITY_PAYER
    if interest_cents < 0:
        return Disposition.NEGATIVE_INTEREST
    if max(interest_cents + points_cents, refund_cents, premiums_cents) >= THRESHOLD_CENTS:
        return Disposition.REPORTABLE
    if interest_cents or refund_cents or premiums_cents or points_cents:
        return Disposition.BELOW_THRESHOLD
    return Disposition.NOTHING_RECEIVED


# Box 1: interest received ----------------------------------------------------------------------------------------------


def interest_of_year(received: Received, tax_year: int, policy: Policy) -> int:
    """What of one receipt belongs into box 1 of a year.

    Cash counts when it is received, late or not: interest of last year that comes in January is January's year. Only
    what accrues after December 31 of the year of receipt waits, by `prepaid_now`; the rest of it is next year's.
    """
    if not received.is_from_borrower:
        return 0
    year = received.effective_on.year
    now = received.interest_cents
    if received.accrues_until is not None and received.accrues_until > date(year + 1, 1, 1):
        assert received.accrues_from is not None
        now = prepaid_now(received.interest_cents, received.accrues_from, received.accrues_until, year, policy)
    later = received.interest_cents - now
    return now if tax_year == year else later if tax_year == year + 1 else 0


def prepaid_now(cents: int, accrues_from: date, accrues_until: date, year: int, policy: Policy) -> int:
    """What is reported in the year of receipt of interest that accrues beyond its end.

    Instructions, "Prepaid interest": if all of it accrues by January 15 of the next year it may be reported this year.
    If any part accrues later, only what accrued by December 31 is: by days of the accrual period, halves up.
    """
    new_year = date(year + 1, 1, 1)
    if policy.uses_january_15 and accrues_until <= date(year + 1, 1, 16):
        return cents
    accrued_days = max((min(new_year, accrues_until) - accrues_from).days, 0)
    return share(cents, accrued_days, (accrues_until - accrues_from).days)


def share(cents: int, part: int, whole: int) -> int:
    """A part of an amount to the cent, halves up."""
    return (2 * cents * part + whole) // (2 * whole)


def month_before(due_on: date) -> date:
    """Where the accrual of an instalment begins: mortgages are paid in arrears, a month at a time."""
    return (
        due_on.replace(year=due_on.year - 1, month=12) if due_on.month == 1 else due_on.replace(month=due_on.month - 1)
    )


def late_charges_paid(charges: Iterable[tuple[bool, int]], paid_before: int, paid_by_end: int) -> int:
    """What of the fees paid within the year went to late charges, which are interest; other fees pay for a service.

    Instructions, box 1: late charges are included unless they are for a specific service. `charges` are the fees of the
    mortgage in order, each whether it is a late charge and its amount. They are paid oldest first, so laid end to end
    they are paid from where the year's payments begin to where they end.
    """
    total = upto = 0
    for is_late, amount in charges:
        start, upto = upto, upto + amount
        if is_late:
            total += max(0, min(paid_by_end, upto) - max(paid_before, start))
    return total


def box_1(
    receipts: Iterable[Received],
    refunds: Iterable[Refund],
    tax_year: int,
    policy: Policy,
    *,
    late_charges_cents: int = 0,
    prepayment_penalty_cents: int = 0,
) -> int:
    """Mortgage interest received from the borrower in the year: late charges and prepayment penalties included, points
    not, net of reversals, which bear the date of what they reverse, and of refunds of this very year's interest.
    """
    interest = sum(interest_of_year(receipt, tax_year, policy) for receipt in receipts)
    return interest + late_charges_cents + prepayment_penalty_cents - refunded_of_year(refunds, tax_year)


def refunded_of_year(refunds: Iterable[Refund], tax_year: int) -> int:
    """Refunds of interest that was received in the year in which it was given back: netted in box 1."""
    return sum(
        refund.amount_cents
        for refund in refunds
        if refund.refunded_on.year == tax_year and refund.received_in_year == tax_year
    )


# Boxes 2 and 3: principal and origination ------------------------------------------------------------------------------


def principal_date(tax_year: int, originated_on: date, acquired_on: date | None) -> date:
    """The date as of which box 2 states the principal.

    Instructions, box 2: January 1 of the year; for a mortgage originated in the year, its origination; for one acquired
    in the year, its acquisition, which prevails where both fall in the year. Receipts of the date itself are after it.
    """
    if acquired_on is not None and acquired_on.year == tax_year:
        return acquired_on
    return originated_on if originated_on.year == tax_year else date(tax_year, 1, 1)


def box_2(
    tax_year: int,
    *,
    originated_on: date,
    acquired_on: date | None,
    original_principal_cents: int,
    boarded_principal_cents: int,
    principal_paid_before: int,
) -> int:
    """Outstanding principal as of `principal_date`; `principal_paid_before` is what was paid to us before that date."""
    if principal_date(tax_year, originated_on, acquired_on) == originated_on and originated_on.year == tax_year:
        return original_principal_cents
    return boarded_principal_cents - principal_paid_before


def box_3(originated_on: date) -> date:
    """The date of the note, whoever acquired or modified the mortgage since."""
    return originated_on


# Boxes 4 to 6: refunds, premiums, points -------------------------------------------------------------------------------


def box_4(refunds: Iterable[Refund], tax_year: int) -> int:
    """Refunds of this year of interest received in prior years. The forms of those years stay as they were filed.

    Interest that was paid on the refund is Form 1099-INT's and not here.
    """
    return sum(
        refund.amount_cents
        for refund in refunds
        if refund.refunded_on.year == tax_year and refund.received_in_year < tax_year
    )


def box_5(premiums_cents: int, tax_year: int, contract_on: date | None) -> int:
    """Mortgage insurance premiums: nothing before 2026, and from then on $600 or more under contracts after 2006."""
    if tax_year < FIRST_YEAR_OF_PREMIUMS or contract_on is None or contract_on < FIRST_PREMIUM_CONTRACT:
        return 0
    return premiums_cents if premiums_cents >= THRESHOLD_CENTS else 0


def premiums_received(escrow_before: int, escrow_by_end: int, monthly_escrow: int, monthly_premium: int) -> int:
    """Monthly premiums among the escrow received within a year: those of each monthly escrow payment made whole in it."""
    if monthly_escrow <= 0:
        return 0
    return (escrow_by_end // monthly_escrow - escrow_before // monthly_escrow) * monthly_premium


def upfront_premium_of_year(premium_cents: int, contract_on: date, term_months: int, tax_year: int) -> int:
    """The year's part of a premium paid ahead, spread evenly from the month of the contract, to the cent by the end of
    each year.
    """
    months = min(UPFRONT_MONTHS, term_months)
    first = 12 * contract_on.year + contract_on.month - 1

    def through(year: int) -> int:
        return premium_cents * min(max(12 * (year + 1) - first, 0), months) // months

    return through(tax_year) - through(tax_year - 1)


def box_6(
    points_cents: int, paid_on: date | None, tax_year: int, *, is_purchase: bool, is_principal_residence: bool
) -> int:
    """Points paid on the purchase of the principal residence, for the year of the closing; seller-paid ones count as
    the borrower's. Not for refinancing, second homes, home equity or improvement (1.6050H-1(f)).
    """
    if paid_on is None or paid_on.year != tax_year or not (is_purchase and is_principal_residence):
        return 0
    return points_cents


# Boxes 7 to 11: the property and the rest ------------------------------------------------------------------------------


def box_7(property_address: tuple[str, ...], mailing_address: tuple[str, ...]) -> bool:
    """Whether the property is where the borrower gets mail: the same street, city, state and five digits."""
    return _comparable(property_address) == _comparable(mailing_address)


def _comparable(address: tuple[str, ...]) -> tuple[str, ...]:
    *lines, postal_code = address
    return (*("".join(line.upper().split()) for line in lines), postal_code[:5])


def box_9(properties: int) -> int | None:
    """How many properties secure the mortgage, if more than one."""
    return properties if properties > 1 else None


def box_11(acquired_on: date | None, tax_year: int) -> date | None:
    """When the mortgage was acquired, if in the year."""
    return acquired_on if acquired_on is not None and acquired_on.year == tax_year else None


# Due dates -------------------------------------------------------------------------------------------------------------


def furnish_by(tax_year: int) -> date:
    """When borrowers must have their statements: January 31, or the next business day."""
    return next_bank_day(date(tax_year + 1, 1, 31))


def file_by(tax_year: int) -> date:
    """When the returns must be filed electronically: March 31, or the next business day."""
    return next_bank_day(date(tax_year + 1, 3, 31))


def is_prior_year(tax_year: int, filed_on: date) -> bool:
    """Whether a return is filed later than in the year after its own, which its file must say."""
    return tax_year < filed_on.year - 1


def correct_until(tax_year: int) -> date:
    """How long a return may be corrected: three years from when it was due."""
    due = file_by(tax_year)  # in March or April
    return due.replace(year=due.year + 3)
