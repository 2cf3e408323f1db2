"""What an applicant answered and was scored, as one text, which is what is encrypted; and what of it is reported.

Ethnicity, race, sex and age are asked so that lending can be looked at for fairness. They are read for the register and
for nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import orjson

from payments_pipeline.errors import PaymentsError
from payments_pipeline.hmda.records import NO_CO_APPLICANT, Codes, Person

_FIELDS: Final = (
    "is_person", "ethnicities", "ethnicity_other", "ethnicity_observed", "races", "race_native", "race_asian",
    "race_islander", "race_observed", "sex", "sex_observed", "born_on", "credit_score", "scoring_model",
    "scoring_model_other",
)  # fmt: skip
_SLOTS: Final = 5
NOT_APPLICABLE: Final = 8888
_NO_MODEL: Final = 9
PURCHASED: Final = 6
UNSCORED_ACTIONS: Final = frozenset({4, 5, PURCHASED})
"""Withdrawn, incomplete, purchased: no decision was made, so no score was relied on."""


_REMEDY: Final = "correct the answers in the origination system; they are not shown here."


class AnswersError(PaymentsError):
    """Answers that cannot be reported. It says nothing of what they are."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What one applicant said of themselves, and the score that was relied on."""

    is_person: bool = True
    """Whether it is a natural person; of a company nothing of the rest applies."""
    ethnicities: str = ""
    """Codes in the order given, with blanks between."""
    ethnicity_other: str = ""
    ethnicity_observed: int = 2
    races: str = ""
    race_native: str = ""
    race_asian: str = ""
    race_islander: str = ""
    race_observed: int = 2
    sex: int = 3
    sex_observed: int = 2
    born_on: str = ""
    """yyyy-mm-dd; empty where it is not known."""
    credit_score: int = NOT_APPLICABLE
    scoring_model: int = _NO_MODEL
    scoring_model_other: str = ""

    def __repr__(self) -> str:
        """Nothing of it, so that no log and no traceback shows it."""
        return "Answers(...)"

    def to_text(self) -> str:
        """As it is encrypted: JSON of what is not empty, always in the same order."""
        return orjson.dumps({name: value for name in _FIELDS if (value := getattr(self, name)) != ""}).decode()

    @classmethod
    def of_text(cls, text: str) -> Answers:
        """As it was encrypted."""
        return cls(**orjson.loads(text))


def applicant_place(application_id: int, seq: int) -> str:
    """Where an applicant's answers are stored: a ciphertext is bound to it."""
    return f"servicing.applicants {application_id}/{seq}"


def reported(answers: Answers | None, action: int, applied_on: date | None, *, is_co_applicant: bool) -> Person:
    """What the register says of an applicant, or of there being none."""
    if action == PURCHASED:
        return _NOT_ASKED
    if answers is None:
        if not is_co_applicant:
            return _NOT_ASKED
        return _UNSCORED_NO_CO_APPLICANT if action in UNSCORED_ACTIONS else NO_CO_APPLICANT
    if not answers.is_person:
        return _NOT_ASKED
    is_scored = action not in UNSCORED_ACTIONS
    return Person(
        ethnicities=_codes(answers.ethnicities),
        ethnicity_other=answers.ethnicity_other,
        ethnicity_observed=answers.ethnicity_observed,
        races=_codes(answers.races),
        race_native=answers.race_native,
        race_asian=answers.race_asian,
        race_islander=answers.race_islander,
        race_observed=answers.race_observed,
        sex=answers.sex,
        sex_observed=answers.sex_observed,
        age=_age(answers.born_on, applied_on),
        credit_score=answers.credit_score if is_scored else NOT_APPLICABLE,
        scoring_model=answers.scoring_model if is_scored else _NO_MODEL,
        scoring_model_other=answers.scoring_model_other if is_scored else "",
    )


def _age(born_on: str, on: date | None) -> int:
    """In whole years on the day of the application."""
    if not born_on or on is None:
        return NOT_APPLICABLE
    try:
        born = date.fromisoformat(born_on)
    except ValueError:
        raise AnswersError("an applicant's date of birth is no date, yyyy-mm-dd", _REMEDY) from None
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def _codes(text: str) -> Codes:
    try:
        codes = [int(code) for code in text.split()[:_SLOTS]]
    except ValueError:
        raise AnswersError("an applicant's ethnicities or races are no codes", _REMEDY) from None
    return (*codes, *(None,) * (_SLOTS - len(codes)))


def _nobody(ethnicity: int, race: int, sex: int, observed: int, age: int) -> Person:
    return Person(
        ethnicities=(ethnicity, None, None, None, None),
        ethnicity_observed=observed,
        races=(race, None, None, None, None),
        race_observed=observed,
        sex=sex,
        sex_observed=observed,
        age=age,
        credit_score=NOT_APPLICABLE,
        scoring_model=_NO_MODEL,
    )


_NOT_ASKED: Final = _nobody(4, 7, 4, 3, NOT_APPLICABLE)
"""A company; and the borrowers of a loan that was purchased, of whom the purchaser need not say anything."""
_UNSCORED_NO_CO_APPLICANT: Final = _nobody(5, 8, 5, 4, 9999)
