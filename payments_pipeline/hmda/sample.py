"""Registers made up from a seed: applications of every outcome that break no edit that blocks filing.

They are what measurements run on and what tests break one field of; nobody lives at these addresses.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final

from payments_pipeline.hmda.layout import NA
from payments_pipeline.hmda.records import NO_CO_APPLICANT, LoanApplication, Person, TransmittalSheet
from payments_pipeline.rules.uli import make_uli

LEI: Final = "549300SAMPLE00LENDER"
PLACES: Final = (
    ("CA", "06037", "06037264000", "90049"),
    ("TX", "48453", "48453002113", "78701"),
    ("NY", "36061", "36061019701", "10027"),
    ("IL", "17031", "17031825802", "60426"),
    ("AL", "01055", "01055000300", "35901"),
    ("VT", "50007", "50007001000", "05401-1234"),
)
"""State, county, tract, ZIP code."""
STREETS: Final = ("Maple", "Second", "Highland", "Mill", "Church", "Lakeview", "County Line", "Dr Martin L King")

ORIGINATED, NOT_ACCEPTED, DENIED, WITHDRAWN, INCOMPLETE, PURCHASED, PREAPPROVAL_DENIED, PREAPPROVED = range(1, 9)
_OUTCOMES: Final = (
    (ORIGINATED, 56),
    (NOT_ACCEPTED, 4),
    (DENIED, 14),
    (WITHDRAWN, 13),
    (INCOMPLETE, 4),
    (PURCHASED, 7),
    (PREAPPROVAL_DENIED, 1),
    (PREAPPROVED, 1),
)
_WITHOUT_SCORES: Final = (WITHDRAWN, INCOMPLETE, PURCHASED)
_NOT_PRICED: Final = (DENIED, WITHDRAWN, INCOMPLETE, PREAPPROVAL_DENIED)


def sample_sheet(entries: int, *, year: int, quarter: int = 4, lei: str = LEI) -> TransmittalSheet:
    """The transmittal sheet of a register of so many rows."""
    return TransmittalSheet(
        institution_name="Sample Lending Company",
        calendar_year=year,
        calendar_quarter=quarter,
        contact_name="Pat Sample",
        contact_phone="555-555-0100",
        contact_email="hmda@lending.example.com",
        office_street="1 Example Plaza",
        office_city="Springfield",
        office_state="IL",
        office_zip_code="62701",
        federal_agency=9,
        total_entries=entries,
        tax_id="99-9999999",
        lei=lei,
    )


def sample_applications(count: int, *, year: int, seed: int = 1, lei: str = LEI) -> Iterator[LoanApplication]:
    """So many applications of a year, the same ones for the same seed."""
    random = Random(seed)  # noqa: S311 (made-up data, not a secret)
    outcomes, weights = zip(*_OUTCOMES, strict=True)
    for number in range(count):
        yield _application(random, random.choices(outcomes, weights)[0], number, year, lei)


def _application(random: Random, action: int, number: int, year: int, lei: str) -> LoanApplication:
    action_date = date(year, 1, 1) + timedelta(days=random.randrange(365))
    applied = action_date - timedelta(days=random.randrange(20, 120))
    is_preapproval = action in (PREAPPROVAL_DENIED, PREAPPROVED)
    purpose = 1 if is_preapproval else random.choice((1, 1, 1, 31, 32, 2, 4))
    loan_type = random.choices((1, 2, 3, 4), (75, 15, 8, 2))[0]
    value = Decimal(random.randrange(150_000, 700_000, 5_000))
    share = Decimal(random.randrange(60_000, 95_000)) / 1000
    loan = (value * share / 100).quantize(Decimal("0.01"))
    term = random.choice((180, 240, 360, 360, 360))
    state, county, tract, zip_code = random.choice(PLACES)
    is_known = action not in _WITHOUT_SCORES
    has_company = action == PURCHASED and random.random() < 0.4
    co_applicant = NO_CO_APPLICANT if random.random() < 0.55 else _person(random, is_scored=is_known)
    if not is_known and co_applicant is NO_CO_APPLICANT:
        co_applicant = _unscored(NO_CO_APPLICANT)
    is_priced = action not in _NOT_PRICED
    system = () if action == PURCHASED or random.random() < 0.2 else (random.choice((1, 1, 2)),)
    return LoanApplication(
        lei=lei,
        uli=make_uli(lei, f"{year}{number:09}"),
        application_date=NA if action == PURCHASED else applied,
        loan_type=loan_type,
        loan_purpose=purpose,
        preapproval=1 if is_preapproval else 2,
        construction_method=1,
        occupancy_type=random.choices((1, 2, 3), (88, 4, 8))[0],
        loan_amount=loan,
        action_taken=action,
        action_taken_date=action_date,
        street_address=NA if is_preapproval else f"{random.randrange(1, 9999)} {random.choice(STREETS)} St",
        city=NA if is_preapproval else "Springfield",
        state=state,
        zip_code=NA if is_preapproval else zip_code,
        county=county,
        census_tract=tract,
        applicant=_company() if has_company else _person(random, is_scored=is_known),
        co_applicant=co_applicant,
        income=NA if action == PURCHASED else random.randrange(40, 260),
        purchaser_type=random.choice((0, 0, 1, 3, 71) if loan_type == 1 else (0, 0, 2))
        if action in (ORIGINATED, PURCHASED)
        else 0,
        rate_spread=_decimal(random, -900, 2_500, 3) if action in (ORIGINATED, NOT_ACCEPTED, PREAPPROVED) else NA,
        hoepa_status=2 if action in (ORIGINATED, PURCHASED) else 3,
        lien_status=1,
        denial_reasons=_reasons(random) if action in (DENIED, PREAPPROVAL_DENIED) else (10, None, None, None),
        **_costs(random, action),
        interest_rate=_decimal(random, 3_000, 8_500, 3) if is_priced else NA,
        prepayment_penalty_term=NA,
        debt_to_income_ratio=_decimal(random, 2_000, 4_900, 2) if is_known else NA,
        combined_loan_to_value_ratio=share if is_known else NA,
        loan_term=term,
        introductory_rate_period=random.choice((NA, NA, NA, 60, 84)),
        balloon_payment=2,
        interest_only_payments=2,
        negative_amortization=2,
        other_non_amortizing_features=2,
        property_value=NA if action in (WITHDRAWN, INCOMPLETE) else value,
        manufactured_home_secured_property_type=3,
        manufactured_home_land_property_interest=5,
        total_units=random.choices((1, 2, 4), (95, 3, 2))[0],
        multifamily_affordable_units=NA,
        submission_of_application=3 if action == PURCHASED else random.choice((1, 1, 2)),
        initially_payable=3 if action == PURCHASED else 1,
        nmlsr_id=str(random.randrange(10_000, 2_900_000)),
        aus=_five(*system) if system else _five(6),
        aus_results=_five(random.choice((1, 2, 3)) if system == (1,) else 8) if system else _five(17),
        reverse_mortgage=2,
        open_end_line_of_credit=2,
        business_purpose=2,
    )


def _person(random: Random, *, is_scored: bool) -> Person:
    hispanic = random.random() < 0.15
    person = Person(
        ethnicities=_five(1, random.choice((11, 12, 13))) if hispanic else _five(random.choice((2, 2, 2, 3))),
        ethnicity_observed=2,
        races=_five(random.choice((1, 3, 5, 5, 5, 6))) if random.random() < 0.9 else _five(2, 22),
        race_observed=2,
        sex=random.choice((1, 2, 1, 2, 3)),
        sex_observed=2,
        age=random.randrange(22, 80),
        credit_score=random.randrange(580, 840),
        scoring_model=random.choice((1, 2, 3, 3, 11, 12)),
    )
    return person if is_scored else _unscored(person)


def _unscored(person: Person) -> Person:
    """Where no decision was made, no score was relied on."""
    return Person(
        ethnicities=person.ethnicities,
        ethnicity_observed=person.ethnicity_observed,
        races=person.races,
        race_observed=person.race_observed,
        sex=person.sex,
        sex_observed=person.sex_observed,
        age=person.age,
        credit_score=8888,
        scoring_model=9,
    )


def _company() -> Person:
    """An applicant that is no natural person."""
    return Person(
        ethnicities=_five(4),
        ethnicity_observed=3,
        races=_five(7),
        race_observed=3,
        sex=4,
        sex_observed=3,
        age=8888,
        credit_score=8888,
        scoring_model=9,
    )


def _costs(random: Random, action: int) -> dict[str, Any]:
    names = ("total_loan_costs", "total_points_and_fees", "origination_charges", "discount_points", "lender_credits")
    if action not in (ORIGINATED, PURCHASED):
        return dict.fromkeys(names, NA)
    origination = _decimal(random, 50_000, 250_000, 2)
    return {
        "total_loan_costs": origination + _decimal(random, 100_000, 400_000, 2),
        "total_points_and_fees": NA,
        "origination_charges": origination,
        "discount_points": random.choice((None, _decimal(random, 10_000, 100_000, 2))),
        "lender_credits": random.choice((None, _decimal(random, 10_000, 50_000, 2))),
    }


def _reasons(random: Random) -> tuple[int | None, ...]:
    first, second = random.sample((1, 2, 3, 4, 5, 6, 7), 2)
    return (first, random.choice((None, second)), None, None)


def _five(*codes: int) -> tuple[int | None, ...]:
    return (*codes, *(None,) * (5 - len(codes)))


def _decimal(random: Random, low: int, high: int, places: int) -> Decimal:
    return Decimal(random.randrange(low, high)).scaleb(-places)
