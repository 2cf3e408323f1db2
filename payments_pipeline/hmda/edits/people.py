"""Edits of who applied: ethnicity, race, sex and age of applicant and co-applicant: V628 to V652, V721."""

from typing import Final

from payments_pipeline.hmda.edits.language import (
    BLANK,
    blank,
    both_or_neither,
    each,
    empty,
    equals,
    number,
    once_each,
    one_of,
    when,
)
from payments_pipeline.hmda.edits.model import RowEdit
from payments_pipeline.hmda.layout import (
    APPLICANT_ETHNICITIES,
    APPLICANT_RACES,
    CO_APPLICANT_ETHNICITIES,
    CO_APPLICANT_RACES,
)

ETHNICITIES: Final = (1, 11, 12, 13, 14, 2)
RACES: Final = (1, 2, 21, 22, 23, 24, 25, 26, 27, 3, 4, 41, 42, 43, 44, 5)
OBSERVED_RACES: Final = (1, 2, 3, 4, 5)
"""What can be seen: the aggregate categories."""
APPLICANT_RACE_TEXTS: Final = ("applicant_race_native", "applicant_race_asian", "applicant_race_islander")
CO_APPLICANT_RACE_TEXTS: Final = ("co_applicant_race_native", "co_applicant_race_asian", "co_applicant_race_islander")
NO_PERSON: Final = equals("applicant_ethnicity_1", 4) & equals("applicant_race_1", 7) & equals("applicant_sex", 4)
NO_CO_PERSON: Final = (
    equals("co_applicant_ethnicity_1", 4) & equals("co_applicant_race_1", 7) & equals("co_applicant_sex", 4)
)
"""Nothing of this applies: the applicant, or the co-applicant, is no natural person."""
NO_CO_APPLICANT: Final = (
    equals("co_applicant_ethnicity_1", 5) & equals("co_applicant_race_1", 8) & equals("co_applicant_sex", 5)
)

EDITS: Final[tuple[RowEdit, ...]] = (
    RowEdit(
        id="V628-1",
        text=(
            "Ethnicity of Applicant or Borrower: 1 must equal 1, 11, 12, 13, 14, 2, 3, or 4, and cannot be "
            "left blank, unless an ethnicity is provided in Ethnicity of Applicant or Borrower: Free Form "
            "Text Field for Other Hispanic or Latino."
        ),
        fields=(*APPLICANT_ETHNICITIES, "applicant_ethnicity_other"),
        passes=one_of("applicant_ethnicity_1", *ETHNICITIES, 3, 4)
        | (blank("applicant_ethnicity_1") & ~empty("applicant_ethnicity_other")),
    ),
    RowEdit(
        id="V628-2",
        text=(
            "Ethnicity of Applicant or Borrower: 2; Ethnicity of Applicant or Borrower: 3; Ethnicity of "
            "Applicant or Borrower: 4; Ethnicity of Applicant or Borrower: 5 must equal 1, 11, 12, 13, 14, "
            "2, or be left blank."
        ),
        fields=(*APPLICANT_ETHNICITIES, "applicant_ethnicity_other"),
        passes=each(APPLICANT_ETHNICITIES[1:], *ETHNICITIES, BLANK),
    ),
    RowEdit(
        id="V628-3",
        text="Each Ethnicity of Applicant or Borrower code can only be reported once",
        fields=(*APPLICANT_ETHNICITIES, "applicant_ethnicity_other"),
        passes=once_each(APPLICANT_ETHNICITIES, (*ETHNICITIES, 3, 4, 5)),
    ),
    RowEdit(
        id="V628-4",
        text=(
            "If Ethnicity of Applicant or Borrower: 1 equals 3 or 4; then Ethnicity of Applicant or "
            "Borrower: 2; Ethnicity of Applicant or Borrower: 3; Ethnicity of Applicant or Borrower: 4; "
            "Ethnicity of Applicant or Borrower: 5 must be left blank."
        ),
        fields=(*APPLICANT_ETHNICITIES, "applicant_ethnicity_other"),
        passes=when(one_of("applicant_ethnicity_1", 3, 4), blank(*APPLICANT_ETHNICITIES[1:])),
    ),
    RowEdit(
        id="V629-1",
        text=(
            "Ethnicity of Applicant or Borrower Collected on the Basis of Visual Observation or Surname must "
            "equal 1, 2, or 3, and cannot be left blank."
        ),
        fields=(*APPLICANT_ETHNICITIES, "applicant_ethnicity_observed", "applicant_ethnicity_other"),
        passes=one_of("applicant_ethnicity_observed", 1, 2, 3),
    ),
    RowEdit(
        id="V629-2",
        text=(
            "If Ethnicity of Applicant or Borrower Collected on the Basis of Visual Observation or Surname "
            "equals 1, then Ethnicity of Applicant or Borrower: 1 must equal 1 or 2; and Ethnicity of "
            "Applicant or Borrower: 2 must equal 1, 2 or be left blank; and Ethnicity of Applicant or "
            "Borrower: 3; Ethnicity of Applicant or Borrower: 4; and Ethnicity of Applicant or Borrower: 5 "
            "must all be left blank."
        ),
        fields=(*APPLICANT_ETHNICITIES, "applicant_ethnicity_observed", "applicant_ethnicity_other"),
        passes=when(
            equals("applicant_ethnicity_observed", 1),
            one_of("applicant_ethnicity_1", 1, 2)
            & one_of("applicant_ethnicity_2", 1, 2, BLANK)
            & blank(*APPLICANT_ETHNICITIES[2:]),
        ),
    ),
    RowEdit(
        id="V629-3",
        text=(
            "If Ethnicity of Applicant or Borrower Collected on the Basis of Visual Observation or Surname "
            "equals 2, then Ethnicity of Applicant or Borrower: 1 must equal 1, 11, 12, 13, 14, 2 or 3, and "
            "cannot be left blank, unless an ethnicity is provided in Ethnicity of Applicant or Borrower: "
            "Free Form Text Field for Other Hispanic or Latino"
        ),
        fields=(*APPLICANT_ETHNICITIES, "applicant_ethnicity_observed", "applicant_ethnicity_other"),
        passes=when(
            equals("applicant_ethnicity_observed", 2),
            one_of("applicant_ethnicity_1", *ETHNICITIES, 3) | ~empty("applicant_ethnicity_other"),
        ),
    ),
    RowEdit(
        id="V630",
        text=(
            "If Ethnicity of Applicant or Borrower: 1 equals 4, then Ethnicity of Applicant or Borrower "
            "Collected on the Basis of Visual Observation or Surname must equal 3."
        ),
        fields=("applicant_ethnicity_1", "applicant_ethnicity_observed"),
        passes=when(equals("applicant_ethnicity_1", 4), equals("applicant_ethnicity_observed", 3)),
    ),
    RowEdit(
        id="V631-1",
        text=(
            "Ethnicity of Co-Applicant or Co-Borrower: 1 must equal 1, 11, 12, 13, 14, 2, 3, 4, or 5, and "
            "cannot be left blank, unless an ethnicity is provided in Ethnicity of Co-Applicant or "
            "Co-Borrower: Free Form Text Field for Other Hispanic or Latino."
        ),
        fields=(*CO_APPLICANT_ETHNICITIES, "co_applicant_ethnicity_other"),
        passes=one_of("co_applicant_ethnicity_1", *ETHNICITIES, 3, 4, 5)
        | (blank("co_applicant_ethnicity_1") & ~empty("co_applicant_ethnicity_other")),
    ),
    RowEdit(
        id="V631-2",
        text=(
            "Ethnicity of Co-Applicant or Co-Borrower: 2; Ethnicity of Co-Applicant or Co-Borrower: 3; "
            "Ethnicity of Co-Applicant or Co-Borrower: 4; Ethnicity of Co-Applicant or Co-Borrower: 5 must "
            "equal 1, 11, 12, 13, 14, 2, or be left blank."
        ),
        fields=(*CO_APPLICANT_ETHNICITIES, "co_applicant_ethnicity_other"),
        passes=each(CO_APPLICANT_ETHNICITIES[1:], *ETHNICITIES, BLANK),
    ),
    RowEdit(
        id="V631-3",
        text="Each Ethnicity of Co-Applicant or Co-Borrower code can only be reported once.",
        fields=(*CO_APPLICANT_ETHNICITIES, "co_applicant_ethnicity_other"),
        passes=once_each(CO_APPLICANT_ETHNICITIES, (*ETHNICITIES, 3, 4, 5)),
    ),
    RowEdit(
        id="V631-4",
        text=(
            "If Ethnicity of Co-Applicant or Co-Borrower: 1 equals 3, 4, or 5; then Ethnicity of "
            "Co-Applicant or Co-Borrower: 2; Ethnicity of Co-Applicant or Co-Borrower: 3; Ethnicity of "
            "Co-Applicant or Co-Borrower: 4; Ethnicity of Co-Applicant or Co-Borrower: 5 must be left blank."
        ),
        fields=(*CO_APPLICANT_ETHNICITIES, "co_applicant_ethnicity_other"),
        passes=when(one_of("co_applicant_ethnicity_1", 3, 4, 5), blank(*CO_APPLICANT_ETHNICITIES[1:])),
    ),
    RowEdit(
        id="V632-1",
        text=(
            "Ethnicity of Co-Applicant or Co-Borrower Collected on the Basis of Visual Observation or "
            "Surname must equal 1, 2, 3 or 4, and cannot be left blank."
        ),
        fields=(*CO_APPLICANT_ETHNICITIES, "co_applicant_ethnicity_observed", "co_applicant_ethnicity_other"),
        passes=one_of("co_applicant_ethnicity_observed", 1, 2, 3, 4),
    ),
    RowEdit(
        id="V632-2",
        text=(
            "If Ethnicity of Co-Applicant or Co-Borrower Collected on the Basis of Visual Observation or "
            "Surname equals 1; then Ethnicity of Co-Applicant or Co-Borrower: 1 must equal 1 or 2; and "
            "Ethnicity of Co-Applicant or Co-Borrower: 2 must equal 1, 2 or be left blank; and Ethnicity of "
            "Co-Applicant or Co-Borrower: 3; Ethnicity of Co-Applicant or Co-Borrower: 4; Ethnicity of "
            "Co-Applicant or Co-Borrower: 5 must all be left blank."
        ),
        fields=(*CO_APPLICANT_ETHNICITIES, "co_applicant_ethnicity_observed", "co_applicant_ethnicity_other"),
        passes=when(
            equals("co_applicant_ethnicity_observed", 1),
            one_of("co_applicant_ethnicity_1", 1, 2)
            & one_of("co_applicant_ethnicity_2", 1, 2, BLANK)
            & blank(*CO_APPLICANT_ETHNICITIES[2:]),
        ),
    ),
    RowEdit(
        id="V632-3",
        text=(
            "If Ethnicity of Co-Applicant or Co-Borrower Collected on the Basis of Visual Observation or "
            "Surname equals 2; then Ethnicity of Co-Applicant or Co-Borrower: 1 must equal 1, 11, 12, 13, "
            "14, 2 or 3, and cannot be left blank, unless an ethnicity is provided in Ethnicity of "
            "Co-Applicant or Co-Borrower: Free Form Text Field for Other Hispanic or Latino"
        ),
        fields=(*CO_APPLICANT_ETHNICITIES, "co_applicant_ethnicity_observed", "co_applicant_ethnicity_other"),
        passes=when(
            equals("co_applicant_ethnicity_observed", 2),
            one_of("co_applicant_ethnicity_1", *ETHNICITIES, 3)
            | (blank("co_applicant_ethnicity_1") & ~empty("co_applicant_ethnicity_other")),
        ),
    ),
    RowEdit(
        id="V633",
        text=(
            "If Ethnicity of Co-Applicant or Co-Borrower: 1 equals 4, then Ethnicity of Co-Applicant or "
            "Co-Borrower Collected on the Basis of Visual Observation or Surname must equal 3."
        ),
        fields=("co_applicant_ethnicity_1", "co_applicant_ethnicity_observed"),
        passes=when(equals("co_applicant_ethnicity_1", 4), equals("co_applicant_ethnicity_observed", 3)),
    ),
    RowEdit(
        id="V634",
        text=(
            "If Ethnicity of Co-Applicant or Co-Borrower: 1 equals 5, then Ethnicity of Co-Applicant or "
            "Co-Borrower Collected on the Basis of Visual Observation or Surname must equal 4, and the "
            "reverse must be true."
        ),
        fields=("co_applicant_ethnicity_1", "co_applicant_ethnicity_observed"),
        passes=both_or_neither(equals("co_applicant_ethnicity_1", 5), equals("co_applicant_ethnicity_observed", 4)),
    ),
    RowEdit(
        id="V635-1",
        text=(
            "Race of Applicant or Borrower: 1 must equal 1, 2, 21, 22, 23, 24, 25, 26, 27, 3, 4, 41, 42, 43, "
            "44, 5, 6, or 7, and cannot be left blank, unless a race is provided in Race of Applicant or "
            "Borrower: Free Form Text Field for American Indian or Alaska Native Enrolled or Principal "
            "Tribe, Race of Applicant or Borrower: Free Form Text Field for Other Asian, or Race of "
            "Applicant or Borrower: Free Form Text Field for Other Pacific Islander."
        ),
        fields=(*APPLICANT_RACES, "applicant_race_asian", "applicant_race_islander", "applicant_race_native"),
        passes=one_of("applicant_race_1", *RACES, 6, 7) | ~empty(*APPLICANT_RACE_TEXTS),
    ),
    RowEdit(
        id="V635-2",
        text=(
            "Race of Applicant or Borrower: 2; Race of Applicant or Borrower: 3; Race of Applicant or "
            "Borrower: 4; Race of Applicant or Borrower: 5 must equal 1, 2, 21, 22, 23, 24, 25, 26, 27, 3, "
            "4, 41, 42, 43, 44, 5, or be left blank."
        ),
        fields=(*APPLICANT_RACES,),
        passes=each(APPLICANT_RACES[1:], *RACES, BLANK),
    ),
    RowEdit(
        id="V635-3",
        text="Each Race of Applicant or Borrower code can only be reported once.",
        fields=(*APPLICANT_RACES, "applicant_race_asian", "applicant_race_islander"),
        passes=once_each(APPLICANT_RACES, (*RACES, 6, 7, 8)),
    ),
    RowEdit(
        id="V635-4",
        text=(
            "If Race of Applicant or Borrower: 1 equals 6 or 7; then Race of Applicant or Borrower: 2; Race "
            "of Applicant or Borrower: 3; Race of Applicant or Borrower: 4; Race of Applicant or Borrower: 5 "
            "must all be left blank."
        ),
        fields=(*APPLICANT_RACES, "applicant_race_asian", "applicant_race_islander"),
        passes=when(one_of("applicant_race_1", 6, 7), blank(*APPLICANT_RACES[1:])),
    ),
    RowEdit(
        id="V636-1",
        text=(
            "Race of Applicant or Borrower Collected on the Basis of Visual Observation or Surname must "
            "equal 1, 2, or 3, and cannot be left blank."
        ),
        fields=(
            *APPLICANT_RACES,
            "applicant_race_observed",
            "applicant_race_native",
            "applicant_race_asian",
            "applicant_race_islander",
        ),
        passes=one_of("applicant_race_observed", 1, 2, 3),
    ),
    RowEdit(
        id="V636-2",
        text=(
            "If Race of Applicant or Borrower Collected on the Basis of Visual Observation or Surname equals "
            "1; then Race of Applicant or Borrower: 1 must equal 1, 2, 3, 4, or 5, and Race of Applicant or "
            "Borrower: 2; Race of Applicant or Borrower: 3; Race of Applicant or Borrower: 4; Race of "
            "Applicant or Borrower: 5 must equal 1, 2, 3, 4, or 5, or be left blank."
        ),
        fields=(
            *APPLICANT_RACES,
            "applicant_race_observed",
            "applicant_race_native",
            "applicant_race_asian",
            "applicant_race_islander",
        ),
        passes=when(
            equals("applicant_race_observed", 1),
            one_of("applicant_race_1", *OBSERVED_RACES) & each(APPLICANT_RACES[1:], *OBSERVED_RACES, BLANK),
        ),
    ),
    RowEdit(
        id="V636-3",
        text=(
            "If Race of Applicant or Borrower Collected on the Basis of Visual Observation or Surname equals "
            "2, Race of Applicant or Borrower: 1 must equal 1, 2, 21, 22, 23, 24, 25, 26, 27, 3, 4, 41, 42, "
            "43, 44, 5 or 6, and cannot be left blank, unless a race is provided in Race of Applicant or "
            "Borrower: Free Form Text Field for American Indian or Alaska Native Enrolled or Principal "
            "Tribe, Race of Applicant or Borrower: Free Form Text Field for Other Asian, or Race of "
            "Applicant or Borrower: Free Form Text Field for Other Pacific Islander; and Race of Applicant "
            "or Borrower: 2; Race of Applicant or Borrower: 3; Race of Applicant or Borrower: 4; Race of "
            "Applicant or Borrower: 5 must equal 1, 2, 21, 22, 23, 24, 25, 26, 27, 3, 4, 41, 42, 43, 44, 5, "
            "or be left blank."
        ),
        fields=(
            *APPLICANT_RACES,
            "applicant_race_observed",
            "applicant_race_native",
            "applicant_race_asian",
            "applicant_race_islander",
        ),
        passes=when(
            equals("applicant_race_observed", 2),
            (one_of("applicant_race_1", *RACES, 6) | (blank("applicant_race_1") & ~empty(*APPLICANT_RACE_TEXTS)))
            & each(APPLICANT_RACES[1:], *RACES, BLANK),
        ),
    ),
    RowEdit(
        id="V637",
        text=(
            "If Race of Applicant or Borrower: 1 equals 7, then Race of Applicant or Borrower Collected on "
            "the Basis of Visual Observation or Surname must equal 3."
        ),
        fields=("applicant_race_1", "applicant_race_observed"),
        passes=when(equals("applicant_race_1", 7), equals("applicant_race_observed", 3)),
    ),
    RowEdit(
        id="V638-1",
        text=(
            "Race of Co-Applicant or Co-Borrower: 1 must equal 1, 2, 21, 22, 23, 24, 25, 26, 27, 3, 4, 41, "
            "42, 43, 44, 5, 6, 7, or 8, and cannot be left blank, unless a race is provided in Race of "
            "Co-Applicant or Co-Borrower: Free Form Text Field for American Indian or Alaska Native Enrolled "
            "or Principal Tribe, Race of Co-Applicant or Co-Borrower: Free Form Text Field for Other Asian, "
            "or Race of Co-Applicant or Co-Borrower: Free Form Text Field for Other Pacific Islander."
        ),
        fields=(
            *CO_APPLICANT_RACES,
            "co_applicant_race_native",
            "co_applicant_race_asian",
            "co_applicant_race_islander",
        ),
        passes=one_of("co_applicant_race_1", *RACES, 6, 7, 8) | ~empty(*CO_APPLICANT_RACE_TEXTS),
    ),
    RowEdit(
        id="V638-2",
        text=(
            "Race of Co-Applicant or Co-Borrower: 2; Race of Co-Applicant or Co-Borrower: 3; Race of "
            "Co-Applicant or Co-Borrower: 4; Race of Co-Applicant or Co-Borrower: 5 must equal 1, 2, 21, 22, "
            "23, 24, 25, 26, 27, 3, 4, 41, 42, 43, 44, 5, or be left blank."
        ),
        fields=(
            *CO_APPLICANT_RACES,
            "co_applicant_race_native",
            "co_applicant_race_asian",
            "co_applicant_race_islander",
        ),
        passes=each(CO_APPLICANT_RACES[1:], *RACES, BLANK),
    ),
    RowEdit(
        id="V638-3",
        text="Each Race of Co-Applicant or Co-Borrower code can only be reported once.",
        fields=(
            *CO_APPLICANT_RACES,
            "co_applicant_race_native",
            "co_applicant_race_asian",
            "co_applicant_race_islander",
        ),
        passes=once_each(CO_APPLICANT_RACES, (*RACES, 6, 7, 8)),
    ),
    RowEdit(
        id="V638-4",
        text=(
            "If Race of Co-Applicant or Co-Borrower: 1 equals 6, 7, or 8, then Race of Co-Applicant or "
            "Co-Borrower: 2; Race of Co-Applicant or Co-Borrower: 3; Race of Co-Applicant or Co-Borrower: 4; "
            "and Race of Co-Applicant or Co-Borrower: 5 must be left blank."
        ),
        fields=(
            *CO_APPLICANT_RACES,
            "co_applicant_race_native",
            "co_applicant_race_asian",
            "co_applicant_race_islander",
        ),
        passes=when(one_of("co_applicant_race_1", 6, 7, 8), blank(*CO_APPLICANT_RACES[1:])),
    ),
    RowEdit(
        id="V639-1",
        text=(
            "Race of Co-Applicant or Co-Borrower Collected on the Basis of Visual Observation or Surname "
            "must equal 1, 2, 3, or 4, and cannot be left blank."
        ),
        fields=(
            *CO_APPLICANT_RACES,
            "co_applicant_race_observed",
            "co_applicant_race_native",
            "co_applicant_race_asian",
            "co_applicant_race_islander",
        ),
        passes=one_of("co_applicant_race_observed", 1, 2, 3, 4),
    ),
    RowEdit(
        id="V639-2",
        text=(
            "If Race of Co-Applicant or Co-Borrower Collected on the Basis of Visual Observation or Surname "
            "equals 1, then Race of Co-Applicant or Co-Borrower: 1 must equal 1, 2, 3, 4, or 5; and Race of "
            "Co-Applicant or Co-Borrower: 2; Race of Co-Applicant or Co-Borrower: 3; Race of Co-Applicant or "
            "Co-Borrower: 4; Race of Co-Applicant or Co-Borrower: 5 must equal 1, 2, 3, 4, or 5, or be left "
            "blank."
        ),
        fields=(
            *CO_APPLICANT_RACES,
            "co_applicant_race_observed",
            "co_applicant_race_native",
            "co_applicant_race_asian",
            "co_applicant_race_islander",
        ),
        passes=when(
            equals("co_applicant_race_observed", 1),
            one_of("co_applicant_race_1", *OBSERVED_RACES) & each(CO_APPLICANT_RACES[1:], *OBSERVED_RACES, BLANK),
        ),
    ),
    RowEdit(
        id="V639-3",
        text=(
            "If Race of Co-Applicant or Co-Borrower Collected on the Basis of Visual Observation or Surname "
            "equals 2, then Race of Co-Applicant or Co-Borrower: 1 must equal 1, 2, 21, 22, 23, 24, 25, 26, "
            "27, 3, 4, 41, 42, 43, 44, 5 or 6, and cannot be left blank, unless a race is provided in Race "
            "of Co-Applicant or Co-Borrower: Free Form Text Field for American Indian or Alaska Native "
            "Enrolled or Principal Tribe, Race of Co-Applicant or Co-Borrower: Free Form Text Field for "
            "Other Asian, or Race of Co-Applicant or Co-Borrower: Free Form Text Field for Other Pacific "
            "Islander; and Race of Co-Applicant or Co-Borrower: 2; Race of Co-Applicant or Co-Borrower: 3; "
            "Race of Co-Applicant or Co-Borrower: 4; Race of Co-Applicant or Co-Borrower: 5 must equal 1, 2, "
            "21, 22, 23, 24, 25, 26, 27, 3, 4, 41, 42, 43, 44, 5, or be left blank."
        ),
        fields=(
            *CO_APPLICANT_RACES,
            "co_applicant_race_observed",
            "co_applicant_race_native",
            "co_applicant_race_asian",
            "co_applicant_race_islander",
        ),
        passes=when(
            equals("co_applicant_race_observed", 2),
            (
                one_of("co_applicant_race_1", *RACES, 6)
                | (blank("co_applicant_race_1") & ~empty(*CO_APPLICANT_RACE_TEXTS))
            )
            & each(CO_APPLICANT_RACES[1:], *RACES, BLANK),
        ),
    ),
    RowEdit(
        id="V640",
        text=(
            "If Race of Co-Applicant or Co-Borrower: 1 equals 7, then Race of Co-Applicant or Co-Borrower "
            "Collected on the Basis of Visual Observation or Surname must equal 3."
        ),
        fields=("co_applicant_race_1", "co_applicant_race_observed"),
        passes=when(equals("co_applicant_race_1", 7), equals("co_applicant_race_observed", 3)),
    ),
    RowEdit(
        id="V641",
        text=(
            "If Race of Co-Applicant or Co-Borrower: 1 equals 8, then Race of Co-Applicant or Co-Borrower "
            "Collected on the Basis of Visual Observation or Surname must equal 4, and the reverse must be "
            "true."
        ),
        fields=("co_applicant_race_1", "co_applicant_race_observed"),
        passes=both_or_neither(equals("co_applicant_race_1", 8), equals("co_applicant_race_observed", 4)),
    ),
    RowEdit(
        id="V642-1",
        text="Sex of Applicant or Borrower must equal 1, 2, 3, 4, or 6, and cannot be left blank.",
        fields=("applicant_sex", "applicant_sex_observed"),
        passes=one_of("applicant_sex", 1, 2, 3, 4, 6),
    ),
    RowEdit(
        id="V642-2",
        text=(
            "Sex of Applicant or Borrower Collected on the Basis of Visual Observation or Surname must equal "
            "1, 2, or 3, and cannot be left blank."
        ),
        fields=("applicant_sex", "applicant_sex_observed"),
        passes=one_of("applicant_sex_observed", 1, 2, 3),
    ),
    RowEdit(
        id="V643",
        text=(
            "If Sex of Applicant or Borrower Collected on the Basis of Visual Observation or Surname equals "
            "1, then Sex of Applicant or Borrower must equal 1 or 2."
        ),
        fields=("applicant_sex", "applicant_sex_observed"),
        passes=when(equals("applicant_sex_observed", 1), one_of("applicant_sex", 1, 2)),
    ),
    RowEdit(
        id="V644-1",
        text=(
            "If Sex of Applicant or Borrower Collected on the Basis of Visual Observation or Surname equals "
            "2, then Sex of Applicant or Borrower must equal 1, 2, 3, or 6."
        ),
        fields=("applicant_sex", "applicant_sex_observed"),
        passes=when(equals("applicant_sex_observed", 2), one_of("applicant_sex", 1, 2, 3, 6)),
    ),
    RowEdit(
        id="V644-2",
        text=(
            "If Sex of Applicant or Borrower equals 6, then Sex of Applicant or Borrower Collected on the "
            "Basis of Visual Observation or Surname must equal 2 or 3."
        ),
        fields=("applicant_sex", "applicant_sex_observed"),
        passes=when(equals("applicant_sex", 6), one_of("applicant_sex_observed", 2, 3)),
    ),
    RowEdit(
        id="V645",
        text=(
            "If Sex of Applicant or Borrower equals 4, then Sex of Applicant or Borrower Collected on the "
            "Basis of Visual Observation or Surname must equal 3."
        ),
        fields=("applicant_sex", "applicant_sex_observed"),
        passes=when(equals("applicant_sex", 4), equals("applicant_sex_observed", 3)),
    ),
    RowEdit(
        id="V646-1",
        text="Sex of Co-Applicant or Co-Borrower must equal 1, 2, 3, 4, 5, or 6, and cannot be left blank.",
        fields=("co_applicant_sex", "co_applicant_sex_observed"),
        passes=one_of("co_applicant_sex", 1, 2, 3, 4, 5, 6),
    ),
    RowEdit(
        id="V646-2",
        text=(
            "Sex of Co-Applicant or Co-Borrower Collected on the Basis of Visual Observation or Surname must "
            "equal 1, 2, 3, or 4, and cannot be left blank."
        ),
        fields=("co_applicant_sex", "co_applicant_sex_observed"),
        passes=one_of("co_applicant_sex_observed", 1, 2, 3, 4),
    ),
    RowEdit(
        id="V647",
        text=(
            "If Sex of Co-Applicant or Co-Borrower Collected on the Basis of Visual Observation or Surname "
            "equals 1, then Sex of Co-Applicant or Co-Borrower must equal 1 or 2."
        ),
        fields=("co_applicant_sex", "co_applicant_sex_observed"),
        passes=when(equals("co_applicant_sex_observed", 1), one_of("co_applicant_sex", 1, 2)),
    ),
    RowEdit(
        id="V648-1",
        text=(
            "If Sex of Co-Applicant or Co-Borrower Collected on the Basis of Visual Observation or Surname "
            "equals 2, then Sex of Co-Applicant or Co-Borrower must equal 1, 2, 3 or 6."
        ),
        fields=("co_applicant_sex", "co_applicant_sex_observed"),
        passes=when(equals("co_applicant_sex_observed", 2), one_of("co_applicant_sex", 1, 2, 3, 6)),
    ),
    RowEdit(
        id="V648-2",
        text=(
            "If Sex of Co-Applicant or Co-Borrower equals 6, then Sex of Co-Applicant or Co-Borrower "
            "Collected on the Basis of Visual Observation or Surname must equal 2 or 3."
        ),
        fields=("co_applicant_sex", "co_applicant_sex_observed"),
        passes=when(equals("co_applicant_sex", 6), one_of("co_applicant_sex_observed", 2, 3)),
    ),
    RowEdit(
        id="V649",
        text=(
            "If Sex of Co-Applicant or Co-Borrower equals 4, then Sex of Co-Applicant or Co-Borrower "
            "Collected on the Basis of Visual Observation or Surname must equal 3."
        ),
        fields=("co_applicant_sex", "co_applicant_sex_observed"),
        passes=when(equals("co_applicant_sex", 4), equals("co_applicant_sex_observed", 3)),
    ),
    RowEdit(
        id="V650",
        text=(
            "If Sex of Co-Applicant or Co-Borrower Collected on the Basis of Visual Observation or Surname "
            "equals 4, then Sex of Co-Applicant or Co-Borrower must equal 5, and the reverse must be true."
        ),
        fields=("co_applicant_sex", "co_applicant_sex_observed"),
        passes=both_or_neither(equals("co_applicant_sex", 5), equals("co_applicant_sex_observed", 4)),
    ),
    RowEdit(
        id="V651-1",
        text="Age of Applicant or Borrower must be a whole number greater than zero, and cannot be left blank.",
        fields=("applicant_age", "applicant_ethnicity_1", "applicant_race_1", "applicant_sex"),
        passes=number("applicant_age") > 0,
    ),
    RowEdit(
        id="V651-2",
        text=(
            "If the Ethnicity of Applicant or Borrower: 1 equals 4; and Race of Applicant or Borrower: 1 "
            "equals 7; Sex of Applicant or Borrower equals 4; and Action Taken does not equal 6, indicating "
            "the applicant or borrower is a non-natural person, then Age of Applicant or Borrower must equal "
            "8888"
        ),
        fields=("applicant_age", "applicant_ethnicity_1", "applicant_race_1", "applicant_sex"),
        passes=when(NO_PERSON & ~equals("action_taken", 6), equals("applicant_age", 8888)),
    ),
    RowEdit(
        id="V652-1",
        text=("Age of Co-Applicant or Co-Borrower must be a whole number greater than zero, and cannot be left blank."),
        fields=("co_applicant_age", "co_applicant_ethnicity_1", "co_applicant_race_1", "co_applicant_sex"),
        passes=number("co_applicant_age") > 0,
    ),
    RowEdit(
        id="V652-2",
        text=(
            "If the Ethnicity of Co-Applicant or Co-Borrower: 1 equals 4; and Race of Co-Applicant or "
            "Co-Borrower: 1 equals 7; and Sex of Co-Applicant or Co-Borrower: 1 equals 4; and Action Taken "
            "does not equal 6; indicating that the co-applicant or co-borrower is a non-natural person, then "
            "Age of Co-Applicant or Co-Borrower must equal 8888"
        ),
        fields=("co_applicant_age", "co_applicant_ethnicity_1", "co_applicant_race_1", "co_applicant_sex"),
        passes=when(NO_CO_PERSON & ~equals("action_taken", 6), equals("co_applicant_age", 8888)),
    ),
    RowEdit(
        id="V721-1",
        text=(
            "If Age of Applicant or Borrower is not 8888, indicating Not Applicable, it must be the "
            "applicant or borrower’s age and cannot be 9999 or 1111."  # noqa: RUF001
        ),
        fields=("applicant_age",),
        passes=~one_of("applicant_age", 1111, 9999),
    ),
    RowEdit(
        id="V721-2",
        text=(
            "If Age of Co-Applicant is not 8888, indicating Not Applicable, or 9999, indicating No "
            "Co-Applicant, it must be the co-applicant or co-borrower’s age and cannot be 1111."  # noqa: RUF001
        ),
        fields=("co_applicant_age",),
        passes=~equals("co_applicant_age", 1111),
    ),
)
