"""The words in which edits are written: small predicates over the columns of a chunk that combine with `&`, `|`, `~`.

An edit states what must be true, so that it reads like the sentence beside it. A field that may be `NA`, `Exempt` or
blank has no number then: comparisons with it are unknown, and an edit guards them by `when`, `is_number` or a word
for what stands there instead. `when(False, unknown)` holds.
"""

from collections.abc import Callable, Iterable
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from functools import reduce
from typing import Any, Final

import numpy as np
import polars as pl

from payments_pipeline.hmda.layout import EXEMPT, EXEMPT_CODE, NA
from payments_pipeline.hmda.reader import number_column
from payments_pipeline.rules.uli import check_digits_hold

BLANK: Final = 0
"""A coded field that was left blank. The platform takes a reported 0 for the same."""


def number(key: str) -> pl.Expr:
    """A field's number: a code, an amount, a date as YYYYMMDD."""
    return pl.col(number_column(key))


def text(key: str) -> pl.Expr:
    """A field's text as it stands in the file, trimmed."""
    return pl.col(key)


def equals(key: str, code: float) -> pl.Expr:
    """The field holds this code."""
    return number(key) == code


def one_of(key: str, *codes: int) -> pl.Expr:
    """The field holds one of these codes."""
    return number(key).is_in(list(codes))


def each(keys: Iterable[str], *codes: int) -> pl.Expr:
    """Every one of the fields holds one of these codes."""
    return all_of(*(one_of(key, *codes) for key in keys))


def any_equals(keys: Iterable[str], code: int) -> pl.Expr:
    """One of the fields holds this code."""
    return any_of(*(equals(key, code) for key in keys))


def blank(*keys: str) -> pl.Expr:
    """The coded fields were left blank."""
    return all_of(*(equals(key, BLANK) for key in keys))


def empty(*keys: str) -> pl.Expr:
    """The text fields were left blank."""
    return all_of(*(text(key) == "" for key in keys))


def is_na(key: str) -> pl.Expr:
    """The field is reported NA."""
    return text(key) == NA


def is_exempt(key: str) -> pl.Expr:
    """The field, one that is not coded, is reported Exempt."""
    return text(key) == EXEMPT


def exempt_code(key: str) -> pl.Expr:
    """The field, a coded one, is reported exempt."""
    return equals(key, EXEMPT_CODE)


def na_or_exempt(key: str) -> pl.Expr:
    """The field is reported NA or Exempt."""
    return text(key).is_in([NA, EXEMPT])


def is_number(key: str) -> pl.Expr:
    """The field holds a number, not a word in its place."""
    return number(key).is_not_null()


def all_of(*conditions: pl.Expr) -> pl.Expr:
    """Every condition holds."""
    return reduce(lambda one, other: one & other, conditions)


def any_of(*conditions: pl.Expr) -> pl.Expr:
    """At least one condition holds."""
    return reduce(lambda one, other: one | other, conditions)


def when(condition: pl.Expr, then: pl.Expr) -> pl.Expr:
    """If the condition holds, so must this."""
    return ~condition | then


def both_or_neither(one: pl.Expr, other: pl.Expr) -> pl.Expr:
    """If the one holds, so must the other, and the reverse must be true."""
    return one == other


def once_each(keys: tuple[str, ...], codes: Iterable[int]) -> pl.Expr:
    """No valid code is reported twice in these fields; codes that do not exist are another edit's business."""
    valid = list(codes)
    repeated = [
        (number(one) == number(other)) & number(one).is_in(valid)
        for at, one in enumerate(keys)
        for other in keys[at + 1 :]
    ]
    return ~any_of(*repeated)


def matches(key: str, pattern: str) -> pl.Expr:
    """The field's text contains what the pattern describes."""
    return text(key).str.contains(pattern)


def length(key: str) -> pl.Expr:
    """How many characters the field's text has."""
    return text(key).str.len_chars()


def holds_check_digits(key: str) -> pl.Expr:
    """The text is alphanumeric, 23 to 45 characters long, and its last two digits check."""
    return text(key).map_batches(
        lambda texts: pl.Series(check_digits_hold(texts.to_list())), return_dtype=pl.Boolean, is_elementwise=True
    )


JAVA_NUMBER: Final = r"^[+-]?(NaN|Infinity|([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?[fFdD]?)$"
"""What the platform takes for a number where it asks whether a text is numeric."""

Array = np.ndarray[Any, np.dtype[Any]]
_DECIMALS: Final = Context(prec=34, rounding=ROUND_HALF_EVEN, Emin=MIN_EMIN, Emax=MAX_EMAX)
"""The arithmetic in which the platform multiplies and divides."""
_INT_MAX: Final = (1 << 31) - 1
_CENTS: Final = -2
_NEAR_THE_CENT: Final = 0.006
_NEAR: Final = 1e-9


def _exactly(
    keys: tuple[str, ...],
    numbers: tuple[pl.Expr, ...],
    screen: Callable[..., tuple[Array, Array]],
    decide: Callable[..., bool],
) -> pl.Expr:
    """A comparison of decimals: in floating point where that is beyond doubt, in decimal arithmetic where it is not."""

    def compare(batch: pl.Series) -> pl.Series:
        columns = batch.struct.unnest()
        holds, is_doubtful = screen(*(columns[f"_{at}"].to_numpy() for at in range(len(numbers))))
        doubtful = np.flatnonzero(is_doubtful)
        if len(doubtful):
            holds[doubtful] = [decide(*values) for values in columns.select(keys)[doubtful].iter_rows()]
        return pl.Series(holds)

    named = (expression.alias(f"_{at}") for at, expression in enumerate(numbers))
    return pl.struct(*keys, *named).map_batches(compare, return_dtype=pl.Boolean, is_elementwise=True)


def _rounded(number: Decimal, place: int) -> Decimal:
    """A number with no digits behind this power of ten, which may have fewer of them to begin with."""
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and exponent >= place:
        return number
    return number.quantize(Decimal(1).scaleb(place, _DECIMALS), ROUND_HALF_UP, context=_DECIMALS)


def at_most_15_percent_of_loan(key: str) -> pl.Expr:
    """An amount of dollars (0 where none is reported) is at most 15% of the loan amount, rounded to the cent."""

    def screen(dollars: Array, loan: Array) -> tuple[Array, Array]:
        with np.errstate(invalid="ignore"):
            limit = 0.15 * loan
            excess = dollars - limit
            return excess <= 0, ~(np.abs(excess) > _NEAR_THE_CENT + _NEAR * np.abs(limit))

    def decide(dollars: str, loan: str) -> bool:
        amount = Decimal(0) if dollars in ("", NA, EXEMPT) else Decimal(dollars)
        return amount <= _rounded(_DECIMALS.multiply(Decimal(loan), Decimal("0.15")), _CENTS)

    return _exactly((key, "loan_amount"), (number(key).fill_null(0.0), number("loan_amount")), screen, decide)


def at_least_loan_to_value(key: str) -> pl.Expr:
    """A ratio in percent is at least loan amount to property value, rounded to as many places as it was given with.

    No property value is taken for one without bound. A value of 0 makes the platform stumble and report nothing.
    """
    is_whole = (number(key) == number(key).floor()) & (number(key).abs() <= _INT_MAX)
    decimals = text(key).str.len_chars() - text(key).str.find(".", literal=True) - 1
    places = pl.when(is_whole).then(0).otherwise(decimals).fill_null(0).cast(pl.Float64)

    def screen(ratio: Array, loan: Array, value: Array, decimal_places: Array) -> tuple[Array, Array]:
        with np.errstate(all="ignore"):
            exact = loan / value * 100
            excess = exact - (ratio + 0.5 * 10.0**-decimal_places)
            is_doubtful = ~(np.abs(excess) > _NEAR * np.maximum(1.0, np.abs(exact)))
        return (excess < 0) | (value == 0), is_doubtful & (value != 0) & ~np.isnan(ratio)

    def decide(ratio: str, loan: str, value: str) -> bool:
        given = Decimal(ratio)
        if value in (NA, EXEMPT):
            return given >= 0
        exponent = given.as_tuple().exponent
        whole = given == given.to_integral_value() and abs(given) <= _INT_MAX
        place = 0 if whole or not isinstance(exponent, int) else exponent
        exact = _DECIMALS.multiply(_DECIMALS.divide(Decimal(loan), Decimal(value)), Decimal(100))
        return given >= _rounded(exact, place)

    numbers = (number(key), number("loan_amount"), number("property_value").fill_null(float("inf")), places)
    return _exactly((key, "loan_amount", "property_value"), numbers, screen, decide)
