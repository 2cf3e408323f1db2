"""The schedule of a level-payment loan in closed form.

With monthly rate i, growth g = (1+i)^n and annuity a = (g-1)/i, the balance after n instalments is B0*g - payment*a.
Nothing is iterated, so that any instalment of any loan costs the same, and PostgreSQL computes the same cent as Python:
the two factors are worked out in decimals of high precision, rounded once to a double, and from there on only `*`, `-`
and round-half-even happen, which IEEE 754 defines to the last bit.

Balances are rounded, not parts: each instalment's principal is the difference of two balances and its interest is what
remains of the payment, so the parts add up whatever the rounding. The last instalment of the term clears the balance
and differs from the level payment by what rounding it left over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache

_PRECISION = Context(prec=60)
_PPM_AND_MONTHS = Decimal(12_000_000)
LAST_DUE_DAY = 28
"""Due days stop where every month has one."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a loan's schedule depends on."""

    principal_cents: int
    """Balance at boarding, before instalment 1."""
    rate_ppm: int
    """Annual rate in parts per million: 6.125 % is 61250."""
    payment_cents: int
    """Principal and interest of one instalment."""
    first_due_on: date
    """Due date of instalment 1."""
    term_instalments: int
    """The instalment that clears the balance."""
    last_instalment: int
    """The last one that falls due; before the term where the loan ended early."""
    escrow_cents: int = 0
    escrow_shortage_cents: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.last_instalment <= self.term_instalments:
            raise ValueError(
                f"expected last_instalment from 0 to the term of {self.term_instalments}, found {self.last_instalment}"
            )
        if self.first_due_on.day > LAST_DUE_DAY:
            raise ValueError(f"expected first_due_on on a day up to the {LAST_DUE_DAY}th, found {self.first_due_on}")


@dataclass(frozen=True, slots=True)
class Parts:
    """The money of one instalment, or of several together."""

    principal_cents: int
    interest_cents: int
    escrow_cents: int
    """The scheduled part and the shortage."""

    def __sub__(self, other: Parts) -> Parts:
        return Parts(
            self.principal_cents - other.principal_cents,
            self.interest_cents - other.interest_cents,
            self.escrow_cents - other.escrow_cents,
        )


def factors(rate_ppm: int, n_max: int) -> list[tuple[int, float, float]]:
    """(n, growth, annuity) for n from 0 to `n_max`, each factor exact to the last bit of a double."""
    rows = _factors(rate_ppm, n_max)
    return [(n, growth, annuity) for n, (growth, annuity) in enumerate(rows)]


def balance(principal_cents: int, payment_cents: int, growth: float, annuity: float) -> int:
    """Principal left after the instalments that the factors stand for, unclamped.

    The very operations of PostgreSQL's `round(principal::float8 * growth - payment::float8 * annuity)`: of doubles, its
    `round` and Python's both take halves to the even neighbour.
    """
    return round(float(principal_cents) * growth - float(payment_cents) * annuity)


def balance_after(terms: Terms, n: int) -> int:
    """Principal left after `n` instalments, before the last one clears what rounding has left over."""
    growth, annuity = _factors(terms.rate_ppm, terms.term_instalments)[n]
    return balance(terms.principal_cents, terms.payment_cents, growth, annuity)


def cumulative(terms: Terms, n: int) -> Parts:
    """What the instalments 1 to `n` amount to."""
    left = balance_after(terms, n)
    return Parts(
        principal_cents=terms.principal_cents - (0 if n == terms.term_instalments else left),
        interest_cents=n * terms.payment_cents - terms.principal_cents + left,
        escrow_cents=n * (terms.escrow_cents + terms.escrow_shortage_cents),
    )


def instalment(terms: Terms, n: int) -> Parts:
    """What instalment `n`, counted from 1, amounts to."""
    return cumulative(terms, n) - cumulative(terms, n - 1)


def level_payment(principal_cents: int, rate_ppm: int, term: int) -> int:
    """The payment that amortises the principal in `term` equal instalments, to the nearest cent, halves up."""
    growth, annuity = _exact_factors(rate_ppm, term)
    payment = _PRECISION.divide(_PRECISION.multiply(Decimal(principal_cents), growth), annuity)
    return int(payment.to_integral_value(ROUND_HALF_UP))


def instalments_due(first_due_on: date, last_instalment: int, day: date) -> int:
    """How many instalments have fallen due by the end of `day`."""
    months = 12 * (day.year - first_due_on.year) + (day.month - first_due_on.month)
    return max(0, min(months + (day.day >= first_due_on.day), last_instalment))


def due_on(first_due_on: date, n: int) -> date:
    """Due date of instalment `n`, counted from 1."""
    years, month = divmod(first_due_on.month - 1 + n - 1, 12)
    return first_due_on.replace(year=first_due_on.year + years, month=month + 1)


def _exact_factors(rate_ppm: int, n: int) -> tuple[Decimal, Decimal]:
    if rate_ppm == 0:
        return Decimal(1), Decimal(n)
    rate = _PRECISION.divide(Decimal(rate_ppm), _PPM_AND_MONTHS)
    growth = _PRECISION.power(_PRECISION.add(Decimal(1), rate), n)
    return growth, _PRECISION.divide(_PRECISION.subtract(growth, Decimal(1)), rate)


@lru_cache(maxsize=512)
def _factors(rate_ppm: int, n_max: int) -> tuple[tuple[float, float], ...]:
    exact = (_exact_factors(rate_ppm, n) for n in range(n_max + 1))
    return tuple((float(growth), float(annuity)) for growth, annuity in exact)
