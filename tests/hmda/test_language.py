"""Comparisons of decimals come out as decimal arithmetic has them, at the very boundary too."""

from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from random import Random

import polars as pl
import pytest

from payments_pipeline.hmda.edits.language import at_least_loan_to_value, at_most_15_percent_of_loan, equals, when
from payments_pipeline.hmda.reader import parse_lines
from tests.hmda.applications import ORIGINATED

DIVISION = Context(prec=34, rounding=ROUND_HALF_EVEN)
Row = dict[str, str]


def evaluate(rows: list[Row], condition: pl.Expr) -> list[bool]:
    lines = ["|".join((ORIGINATED.texts() | row).values()) for row in rows]
    chunk = parse_lines(("\n".join(lines) + "\n").encode())
    assert chunk.faults == []
    found: list[bool] = chunk.rows.select(condition.alias("held"))["held"].to_list()
    return found


def loan_to_value_holds(row: Row) -> bool:
    """As the regulator's engine works it out, a row at a time."""
    given, value = Decimal(row["combined_loan_to_value_ratio"]), row["property_value"]
    if value in ("NA", "Exempt"):
        return given >= 0
    if Decimal(value) == 0:
        return True
    exact = DIVISION.multiply(DIVISION.divide(Decimal(row["loan_amount"]), Decimal(value)), Decimal(100))
    places = 0 if given == int(given) else len(row["combined_loan_to_value_ratio"].partition(".")[2])
    return given >= exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def fifteen_percent_holds(row: Row) -> bool:
    """As the regulator's engine works it out, a row at a time."""
    limit = (Decimal(row["loan_amount"]) * Decimal("0.15")).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return Decimal(row["discount_points"] if row["discount_points"] not in ("", "NA", "Exempt") else 0) <= limit


def ratios(random: Random) -> Row:
    value = random.choice(["0", "NA", str(random.randrange(1, 900_000)), f"{random.randrange(90_000_000) / 100:.2f}"])
    share = Decimal(random.choice([random.randrange(0, 1_200), random.randrange(0, 120_000)])).scaleb(-3)
    places = random.randrange(5)
    near = (share + Decimal(random.choice([-1, 0, 0, 0, 1])).scaleb(-places)).quantize(Decimal(1).scaleb(-places))
    base = Decimal(value) if value != "NA" else Decimal(200_000)
    half = Decimal(random.choice([0, 0, 5])).scaleb(-places - 1)
    loan = (base * (share + half) / 100).quantize(Decimal("0.000001"))
    return {"property_value": value, "loan_amount": f"{loan:f}", "combined_loan_to_value_ratio": f"{near:f}"}


def points(random: Random) -> Row:
    loan = Decimal(random.randrange(-1_000, 50_000_000)).scaleb(-random.randrange(4))
    limit = loan * Decimal("0.15") + Decimal(random.choice([-1, 0, 0, 1, 5])).scaleb(-random.randrange(1, 4))
    worded = random.choice([None, None, None, None, "", "NA"])
    return {"loan_amount": f"{loan:f}", "discount_points": f"{limit:.4f}" if worded is None else worded}


@pytest.mark.parametrize(
    ("make", "condition", "holds"),
    [
        (ratios, at_least_loan_to_value("combined_loan_to_value_ratio"), loan_to_value_holds),
        (points, at_most_15_percent_of_loan("discount_points"), fifteen_percent_holds),
    ],
)
def test_screened_comparisons_are_those_of_decimals(
    make: Callable[[Random], Row], condition: pl.Expr, holds: Callable[[Row], bool]
) -> None:
    random = Random(1)
    rows = [make(random) for _ in range(4_000)]
    expected = [holds(row) for row in rows]
    assert 400 < sum(expected) < 3_800
    differing = [
        row for row, ours, theirs in zip(rows, evaluate(rows, condition), expected, strict=True) if ours != theirs
    ]
    assert differing == []


@pytest.mark.parametrize("loan", ["1E70", "1e400", "1e1000000", "-1e400", "9" * 400])
def test_amounts_beyond_all_bounds_are_compared_too(loan: str) -> None:
    rows = [{"loan_amount": loan, "property_value": value} for value in ("1", "0.5", "9" * 400, "NA", "0")]
    held = evaluate(rows, at_least_loan_to_value("combined_loan_to_value_ratio"))
    assert held == ([True] * 5 if loan.startswith("-") else [False, False, loan == "1E70", True, True])
    dollars = [{"loan_amount": loan, "discount_points": points} for points in ("", "1000", "1" + "0" * 400)]
    limits = {"1E70": [True, True, False], "-1e400": [False] * 3, "1e1000000": [True] * 3}
    assert evaluate(dollars, at_most_15_percent_of_loan("discount_points")) == limits.get(loan, [True, True, False])


def test_fifteen_percent_of_a_large_amount_is_exact_to_the_cent() -> None:
    rows = [{"loan_amount": "900000000000000.06", "discount_points": f"135000000000000.0{cent}"} for cent in "012"]
    assert evaluate(rows, at_most_15_percent_of_loan("discount_points")) == [True, True, False]


def test_a_consequence_is_asked_only_where_the_condition_holds() -> None:
    rows = [{"lien_status": lien, "hoepa_status": hoepa} for lien in "12" for hoepa in "12"]
    assert evaluate(rows, when(equals("lien_status", 2), equals("hoepa_status", 1))) == [True, True, True, False]
