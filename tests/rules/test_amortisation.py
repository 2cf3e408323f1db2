from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payments_pipeline.rules.amortisation import (
    Parts,
    Terms,
    balance_after,
    cumulative,
    due_on,
    factors,
    instalment,
    instalments_due,
    level_payment,
)

FIRST_DUE_ON = date(2026, 7, 1)


@st.composite
def sane_terms(draw: st.DrawFn) -> Terms:
    """Loans as they are made: a level payment to the cent, some escrow."""
    principal = draw(st.integers(1_000_000, 300_000_000))
    rate = draw(st.one_of(st.just(0), st.integers(16, 120).map(lambda eighths: eighths * 1_250)))
    term = draw(st.sampled_from([60, 120, 180, 240, 360]))
    return Terms(
        principal_cents=principal,
        rate_ppm=rate,
        payment_cents=level_payment(principal, rate, term),
        first_due_on=FIRST_DUE_ON,
        term_instalments=term,
        last_instalment=term,
        escrow_cents=draw(st.integers(0, 200_000)),
        escrow_shortage_cents=draw(st.integers(0, 10_000)),
    )


@given(sane_terms(), st.data())
@settings(deadline=None)
def test_the_parts_of_an_instalment_add_up_to_the_payment(terms: Terms, data: st.DataObject) -> None:
    n = data.draw(st.integers(1, terms.term_instalments - 1))
    parts = instalment(terms, n)
    assert parts.principal_cents + parts.interest_cents == terms.payment_cents
    assert parts.escrow_cents == terms.escrow_cents + terms.escrow_shortage_cents


@given(sane_terms(), st.data())
@settings(deadline=None)
def test_no_part_is_ever_negative_within_the_term(terms: Terms, data: st.DataObject) -> None:
    n = data.draw(st.integers(1, terms.term_instalments))
    parts = instalment(terms, n)
    assert min(parts.principal_cents, parts.interest_cents, parts.escrow_cents) >= 0


@given(sane_terms())
@settings(deadline=None)
def test_the_principal_parts_of_all_instalments_are_the_balance_at_boarding(terms: Terms) -> None:
    whole = Parts(0, 0, 0)
    for n in range(1, terms.term_instalments + 1):
        parts = instalment(terms, n)
        whole = Parts(
            whole.principal_cents + parts.principal_cents,
            whole.interest_cents + parts.interest_cents,
            whole.escrow_cents + parts.escrow_cents,
        )
    assert whole == cumulative(terms, terms.term_instalments)
    assert whole.principal_cents == terms.principal_cents


@given(sane_terms())
@settings(deadline=None)
def test_the_last_instalment_differs_from_the_payment_by_what_rounding_left(terms: Terms) -> None:
    last = instalment(terms, terms.term_instalments)
    left_over = balance_after(terms, terms.term_instalments)
    assert last.principal_cents + last.interest_cents == terms.payment_cents + left_over
    _, _, annuity = factors(terms.rate_ppm, terms.term_instalments)[-1]
    assert abs(left_over) <= annuity / 2 + 1


@given(sane_terms())
@settings(deadline=None, max_examples=25)
def test_the_closed_form_is_the_exact_schedule_rounded_once(terms: Terms) -> None:
    rate, exact = Fraction(terms.rate_ppm, 12_000_000), Fraction(terms.principal_cents)
    for n in range(1, terms.term_instalments + 1):
        exact += exact * rate - terms.payment_cents
        if n % 12 == 0:
            exact = Fraction(round(exact * 10**30), 10**30)  # keeps the fractions short; far below a cent
        assert abs(balance_after(terms, n) - exact) <= Fraction(501, 1000)


@given(sane_terms())
@settings(deadline=None, max_examples=25)
def test_interest_is_that_of_a_month_on_the_balance_before_within_a_cent(terms: Terms) -> None:
    rate = Fraction(terms.rate_ppm, 12_000_000)
    for n in range(1, terms.term_instalments + 1):
        iterated = round(balance_after(terms, n - 1) * rate)
        assert abs(instalment(terms, n).interest_cents - iterated) <= 1


@given(sane_terms())
@settings(deadline=None, max_examples=25)
def test_a_schedule_that_rounds_each_month_drifts_by_no_more_than_its_roundings(terms: Terms) -> None:
    rate, left = Fraction(terms.rate_ppm, 12_000_000), terms.principal_cents
    for n, _, annuity in factors(terms.rate_ppm, terms.term_instalments)[1:]:
        left -= terms.payment_cents - round(left * rate)
        assert abs(balance_after(terms, n) - left) <= annuity / 2 + 1  # half a cent a month, with interest on it


@given(st.integers(0, 200_000), st.integers(1, 480))
@settings(deadline=None)
def test_factors_are_exact_to_the_last_bit(rate_ppm: int, n: int) -> None:
    with localcontext(prec=90, rounding=ROUND_HALF_EVEN):
        rate = Decimal(rate_ppm) / 12_000_000
        growth = Decimal(1)
        annuity = Decimal(0)
        for _ in range(n):
            annuity = annuity * (1 + rate) + 1
            growth *= 1 + rate
    assert factors(rate_ppm, n)[n] == (n, float(growth), float(annuity))


def test_factors_start_before_the_first_instalment_and_count_instalments_where_the_rate_is_zero() -> None:
    assert factors(0, 3) == [(0, 1.0, 0.0), (1, 1.0, 1.0), (2, 1.0, 2.0), (3, 1.0, 3.0)]
    assert factors(60_000, 1) == [(0, 1.0, 0.0), (1, 1.005, 1.0)]


@pytest.mark.parametrize(
    ("principal", "rate_ppm", "term", "payment"),
    [(10_000_000, 60_000, 360, 59_955), (30_000_000, 65_000, 360, 189_620), (20_000_000, 30_000, 180, 138_116)],
)
def test_the_level_payment_is_what_any_table_says(principal: int, rate_ppm: int, term: int, payment: int) -> None:
    assert level_payment(principal, rate_ppm, term) == payment


@given(st.integers(0, 400), st.integers(1, 28), st.integers(0, 480))
def test_an_instalment_is_due_from_its_due_date_on_and_not_a_day_before(months: int, day: int, n: int) -> None:
    first = due_on(date(2000, 1, day), 1 + months)
    due = due_on(first, n + 1)
    assert instalments_due(first, 480, due) == min(n + 1, 480)
    assert instalments_due(first, 480, date.fromordinal(due.toordinal() - 1)) == n


def test_no_instalment_falls_due_after_the_last_or_before_the_first() -> None:
    assert instalments_due(FIRST_DUE_ON, 5, date(2040, 1, 1)) == 5
    assert instalments_due(FIRST_DUE_ON, 5, date(2020, 1, 1)) == 0
    assert instalments_due(FIRST_DUE_ON, 0, date(2040, 1, 1)) == 0


def test_terms_that_contradict_themselves_are_refused() -> None:
    with pytest.raises(ValueError, match="last_instalment"):
        Terms(1_000_000, 60_000, 20_000, FIRST_DUE_ON, term_instalments=60, last_instalment=61)
    with pytest.raises(ValueError, match="28th"):
        Terms(1_000_000, 60_000, 20_000, date(2026, 7, 29), term_instalments=60, last_instalment=60)
