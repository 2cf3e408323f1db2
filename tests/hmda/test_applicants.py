"""What a register says of people: what they answered where it applies, and the words for nobody where it does not."""

import traceback
from datetime import date

import pytest

from payments_pipeline.hmda.applicants import Answers, AnswersError, reported
from payments_pipeline.hmda.records import NO_CO_APPLICANT

ANSWERS = Answers(
    ethnicities="1 14", ethnicity_other="Dominican", races="2 27", race_asian="Hmong", sex=2, born_on="1980-06-15",
    credit_score=711, scoring_model=8, scoring_model_other="Rent history",
)  # fmt: skip
APPLIED = date(2025, 6, 14)


def test_an_applicant_is_reported_as_answered() -> None:
    person = reported(ANSWERS, 1, APPLIED, is_co_applicant=False)
    assert (person.ethnicities, person.ethnicity_other) == ((1, 14, None, None, None), "Dominican")
    assert (person.races, person.race_asian, person.sex) == ((2, 27, None, None, None), "Hmong", 2)
    assert (person.credit_score, person.scoring_model, person.scoring_model_other) == (711, 8, "Rent history")


@pytest.mark.parametrize(("day", "age"), [(14, 44), (15, 45), (16, 45)])
def test_age_is_in_whole_years_on_the_day_of_the_application(day: int, age: int) -> None:
    assert reported(ANSWERS, 1, date(2025, 6, day), is_co_applicant=False).age == age


@pytest.mark.parametrize("action", [4, 5])
def test_no_score_was_relied_on_where_nothing_was_decided(action: int) -> None:
    person = reported(ANSWERS, action, APPLIED, is_co_applicant=False)
    assert (person.credit_score, person.scoring_model, person.scoring_model_other) == (8888, 9, "")
    nobody = reported(None, action, APPLIED, is_co_applicant=True)
    assert (nobody.sex, nobody.age, nobody.credit_score, nobody.scoring_model) == (5, 9999, 8888, 9)


def test_without_a_co_applicant_the_register_says_so() -> None:
    assert reported(None, 1, APPLIED, is_co_applicant=True) == NO_CO_APPLICANT


@pytest.mark.parametrize(("answers", "action"), [(Answers(is_person=False), 1), (ANSWERS, 6), (None, 1)])
def test_of_companies_and_purchased_loans_nothing_applies(answers: Answers | None, action: int) -> None:
    person = reported(answers, action, APPLIED, is_co_applicant=False)
    assert (person.ethnicities[0], person.races[0], person.sex, person.age) == (4, 7, 4, 8888)
    assert (person.ethnicity_observed, person.race_observed, person.sex_observed) == (3, 3, 3)


def test_answers_are_kept_as_a_text_and_shown_nowhere() -> None:
    assert Answers.of_text(ANSWERS.to_text()) == ANSWERS
    assert "711" not in repr(ANSWERS)


def test_of_more_answers_than_the_register_has_places_the_first_are_reported() -> None:
    many = Answers(ethnicities="1 11 12 13 14 2", races="2 21 22 23 24 25")
    person = reported(many, 1, APPLIED, is_co_applicant=False)
    assert (person.ethnicities, person.races) == ((1, 11, 12, 13, 14), (2, 21, 22, 23, 24))


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (Answers(born_on="1980-13-45"), "date of birth"),
        (Answers(born_on="06/15/1980"), "date of birth"),
        (Answers(races="2 Hmong"), "ethnicities or races"),
        (Answers(ethnicities="Dominican"), "ethnicities or races"),
    ],
)
def test_answers_that_cannot_be_read_are_named_and_not_shown(answers: Answers, said: str) -> None:
    with pytest.raises(AnswersError, match=said) as refused:
        reported(answers, 1, APPLIED, is_co_applicant=False)
    shown = "".join(traceback.format_exception(refused.value))
    for answer in ("1980", "Hmong", "Dominican"):
        assert answer not in shown
