"""Valid applications of every sort, by name: what the breaking cases start from."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from payments_pipeline.hmda.layout import EXEMPT, NA
from payments_pipeline.hmda.records import NO_CO_APPLICANT, LoanApplication, Person
from payments_pipeline.hmda.sample import LEI
from payments_pipeline.rules.uli import make_uli

YEAR: Final = 2025


def five(*codes: int) -> tuple[int | None, ...]:
    return (*codes, *(None,) * (5 - len(codes)))


COMPANY: Final = Person(
    ethnicities=five(4),
    ethnicity_observed=3,
    races=five(7),
    race_observed=3,
    sex=4,
    sex_observed=3,
    age=8888,
    credit_score=8888,
    scoring_model=9,
)
BORROWER: Final = Person(
    ethnicities=five(2),
    ethnicity_observed=2,
    races=five(5),
    race_observed=2,
    sex=1,
    sex_observed=2,
    age=41,
    credit_score=720,
    scoring_model=1,
)
SPOUSE: Final = Person(
    ethnicities=five(1, 11),
    ethnicity_observed=2,
    races=five(2, 22),
    race_observed=2,
    sex=2,
    sex_observed=2,
    age=39,
    credit_score=735,
    scoring_model=13,
)


def unscored(person: Person) -> Person:
    return replace(person, credit_score=8888, scoring_model=9)


ORIGINATED: Final = LoanApplication(
    lei=LEI,
    uli=make_uli(LEI, "2025A1"),
    application_date=date(YEAR, 1, 20),
    loan_type=1,
    loan_purpose=1,
    preapproval=2,
    construction_method=1,
    occupancy_type=1,
    loan_amount=Decimal(240_000),
    action_taken=1,
    action_taken_date=date(YEAR, 3, 4),
    street_address="12 Maple St",
    city="Springfield",
    state="CA",
    zip_code="90049",
    county="06037",
    census_tract="06037264000",
    applicant=BORROWER,
    co_applicant=NO_CO_APPLICANT,
    income=120,
    purchaser_type=1,
    rate_spread=Decimal("0.428"),
    hoepa_status=2,
    lien_status=1,
    denial_reasons=(10, None, None, None),
    total_loan_costs=Decimal("4399.04"),
    total_points_and_fees=NA,
    origination_charges=Decimal("1399.04"),
    discount_points=Decimal("399.04"),
    lender_credits=Decimal("150.24"),
    interest_rate=Decimal("6.125"),
    prepayment_penalty_term=NA,
    debt_to_income_ratio=Decimal("32.95"),
    combined_loan_to_value_ratio=Decimal("80.00"),
    loan_term=360,
    introductory_rate_period=NA,
    balloon_payment=2,
    interest_only_payments=2,
    negative_amortization=2,
    other_non_amortizing_features=2,
    property_value=Decimal(300_000),
    manufactured_home_secured_property_type=3,
    manufactured_home_land_property_interest=5,
    total_units=1,
    multifamily_affordable_units=NA,
    submission_of_application=1,
    initially_payable=1,
    nmlsr_id="123450",
    aus=five(1),
    aus_results=five(1),
    reverse_mortgage=2,
    open_end_line_of_credit=2,
    business_purpose=2,
)

_NO_COSTS: Final[dict[str, Any]] = {
    "total_loan_costs": NA,
    "origination_charges": NA,
    "discount_points": NA,
    "lender_credits": NA,
}
_UNSOLD: Final[dict[str, Any]] = {**_NO_COSTS, "purchaser_type": 0, "hoepa_status": 3}
_UNPRICED: Final[dict[str, Any]] = {**_UNSOLD, "rate_spread": NA, "interest_rate": NA}
_UNDECIDED: Final[dict[str, Any]] = {
    **_UNPRICED,
    "applicant": unscored(BORROWER),
    "co_applicant": unscored(NO_CO_APPLICANT),
    "debt_to_income_ratio": NA,
    "combined_loan_to_value_ratio": NA,
    "property_value": NA,
}
_NO_SYSTEM: Final[dict[str, Any]] = {"aus": five(6), "aus_results": five(17)}
_TO_A_COMPANY: Final[dict[str, Any]] = {"applicant": COMPANY, "income": NA, "debt_to_income_ratio": NA, **_NO_SYSTEM}
_NOT_ACCEPTED: Final = ORIGINATED.changed(**_UNSOLD, action_taken=2)
_PURCHASED: Final = ORIGINATED.changed(
    action_taken=6,
    application_date=NA,
    applicant=unscored(BORROWER),
    co_applicant=unscored(NO_CO_APPLICANT),
    rate_spread=NA,
    debt_to_income_ratio=NA,
    combined_loan_to_value_ratio=NA,
    submission_of_application=3,
    initially_payable=3,
    **_NO_SYSTEM,
)

APPLICATIONS: Final[dict[str, LoanApplication]] = {
    "originated": ORIGINATED,
    "joint": ORIGINATED.changed(co_applicant=SPOUSE),
    "to a company": ORIGINATED.changed(**_TO_A_COMPANY),
    "to two companies": ORIGINATED.changed(**_TO_A_COMPANY, co_applicant=COMPANY),
    "with points and fees": ORIGINATED.changed(
        total_loan_costs=NA, total_points_and_fees=Decimal("4399.04"), loan_purpose=32, purchaser_type=0
    ),
    "subordinate": ORIGINATED.changed(lien_status=2, purchaser_type=0),
    "government": ORIGINATED.changed(loan_type=2, purchaser_type=2),
    "veteran's": ORIGINATED.changed(loan_type=3, purchaser_type=2, total_units=2),
    "with a penalty": ORIGINATED.changed(prepayment_penalty_term=24, introductory_rate_period=60),
    "with other systems": ORIGINATED.changed(
        aus=five(5, 2), aus_other="Our own", aus_results=five(16, 8), aus_result_other="Passed"
    ),
    "with another model": ORIGINATED.changed(
        applicant=replace(BORROWER, scoring_model=8, scoring_model_other="Ours"),
        co_applicant=replace(SPOUSE, scoring_model=8, scoring_model_other="Ours"),
    ),
    "of both sexes": ORIGINATED.changed(applicant=replace(BORROWER, sex=6), co_applicant=replace(SPOUSE, sex=6)),
    "with newer models": ORIGINATED.changed(
        applicant=replace(BORROWER, scoring_model=13), co_applicant=replace(SPOUSE, scoring_model=12)
    ),
    "reverse": ORIGINATED.changed(
        **_NO_COSTS,
        reverse_mortgage=1,
        loan_purpose=4,
        rate_spread=NA,
        loan_term=NA,
        applicant=replace(BORROWER, age=70),
    ),
    "line of credit": ORIGINATED.changed(**_NO_COSTS, open_end_line_of_credit=1, purchaser_type=0),
    "business": ORIGINATED.changed(**_NO_COSTS, business_purpose=1),
    "manufactured": ORIGINATED.changed(
        construction_method=2,
        manufactured_home_secured_property_type=1,
        manufactured_home_land_property_interest=1,
    ),
    "multifamily": ORIGINATED.changed(
        total_units=20, multifamily_affordable_units=4, income=NA, debt_to_income_ratio=NA, hoepa_status=3
    ),
    "not accepted": _NOT_ACCEPTED,
    "denied": ORIGINATED.changed(
        **_UNPRICED, action_taken=3, denial_reasons=(9, 1, None, None), denial_reason_other="No."
    ),
    "withdrawn": ORIGINATED.changed(**_UNDECIDED, action_taken=4),
    "incomplete": ORIGINATED.changed(**_UNDECIDED, action_taken=5),
    "purchased": _PURCHASED,
    "preapproval denied": ORIGINATED.changed(
        **_UNPRICED, action_taken=7, preapproval=1, denial_reasons=(1, None, None, None)
    ),
    "preapproved": _NOT_ACCEPTED.changed(action_taken=8, preapproval=1),
    "address not applicable": _NOT_ACCEPTED.changed(street_address=NA, city=NA, zip_code=NA),
    "exempt": ORIGINATED.changed(
        street_address=EXEMPT,
        city=EXEMPT,
        zip_code=EXEMPT,
        rate_spread=EXEMPT,
        applicant=replace(BORROWER, credit_score=1111, scoring_model=1111),
        co_applicant=replace(NO_CO_APPLICANT, credit_score=1111, scoring_model=1111),
        denial_reasons=(1111, None, None, None),
        total_loan_costs=EXEMPT,
        total_points_and_fees=EXEMPT,
        origination_charges=EXEMPT,
        discount_points=EXEMPT,
        lender_credits=EXEMPT,
        interest_rate=EXEMPT,
        prepayment_penalty_term=EXEMPT,
        debt_to_income_ratio=EXEMPT,
        combined_loan_to_value_ratio=EXEMPT,
        loan_term=EXEMPT,
        introductory_rate_period=EXEMPT,
        balloon_payment=1111,
        interest_only_payments=1111,
        negative_amortization=1111,
        other_non_amortizing_features=1111,
        property_value=EXEMPT,
        manufactured_home_secured_property_type=1111,
        manufactured_home_land_property_interest=1111,
        multifamily_affordable_units=EXEMPT,
        submission_of_application=1111,
        initially_payable=1111,
        nmlsr_id=EXEMPT,
        aus=five(1111),
        aus_results=five(1111),
        reverse_mortgage=1111,
        open_end_line_of_credit=1111,
        business_purpose=1111,
    ),
}
