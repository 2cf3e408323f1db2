"""What the former system posted before the book was boarded: the months of whole calendar years up to the first day.

Each loan's past follows from its own schedule: the instalments before its first one with us were paid by the habit of
its borrower, some late and with a late charge, some returned and paid again, some ahead of their due date. So the
postings lead from the balances with which they begin to those with which the loan is boarded, cent by cent. Loans that
were made within the span begin with their closing; loans that came from another servicer begin when they came; and some
that were refinanced with us end: they are loans of their own, numbered beyond the book, paid in full before boarding.

A system that is switched off tells what became of its postings in the end: a payment that went back was never applied.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from payments_pipeline.rules.amortisation import LAST_DUE_DAY
from payments_pipeline.world.book import (
    AUTOPAY,
    HIGHEST_RATE_PPM,
    RATE_STEP_PPM,
    Book,
    level_payments,
    scheduled_balances,
)
from payments_pipeline.world.days import CHANNELS, day_number, days_in_month, months_of
from payments_pipeline.world.draws import Flags, Int64s, Stream, stream
from payments_pipeline.world.parameters import World
from payments_pipeline.world.portfolio import borrower_of, cifs, loan_numbers
from payments_pipeline.world.text import chosen, dates

FOLDER: Final = "history"
TABLES: Final = ("converted_loans", "conversions")

_PAID_LATE: Final = 0.03
_RETURNED: Final = 0.008
_LATE_CHARGE_PERCENT: Final = 4
_RETURN_FEE_CENTS: Final = 25_00
_REFINANCED_WITH_US: Final = 0.7
_REFINANCED_TERM: Final = 360
_RESCISSION_DAYS: Final = 4
_LONGEST_BEFORE: Final = 400
"""Loans that were transferred to us came at most so many days before the span begins."""
_LATEST: Final = 100
"""No payment comes so many days after its due date."""
_BILLS: Final = ((4, 15), (12, 15))
"""Days on which taxes and insurance are paid from escrow, beside the last one before boarding."""


class Kind(IntEnum):
    """What a posting is; postings of one day stand in this order."""

    DEPOSIT = 0
    RECEIPT = 1
    RETURN = 2
    RELEASE = 3
    DISBURSEMENT = 4


_PARTS: Final = (
    "late_charges_cents", "service_fees_cents", "interest_cents", "principal_cents", "escrow_cents", "suspense_cents",
    "returned_cents",
)  # fmt: skip


@dataclass
class _Postings:
    """Postings as they are found, in columns; a loan is named by its place among all loans of the chunk."""

    columns: dict[str, list[Int64s]] = field(default_factory=dict)

    def add(
        self, kind: Kind, which: Flags, loan: Int64s, effective_on: Int64s, due_on: Int64s, **parts: Int64s
    ) -> None:
        """Postings of one kind for some of these loans; parts that are not named are nothing."""
        nothing = np.zeros(len(loan), dtype=np.int64)
        row = {"loan": loan, "kind": nothing + int(kind), "effective_on": effective_on, "due_on": due_on}
        for name, values in (row | {name: parts.get(name, nothing) for name in _PARTS}).items():
            self.columns.setdefault(name, []).append(values[which])

    def column(self, name: str) -> Int64s:
        """All of a column."""
        return np.concatenate(self.columns[name]) if name in self.columns else np.zeros(0, dtype=np.int64)

    def sums(self, name: str, loans: int) -> Int64s:
        """A column's sum for each loan."""
        total = np.zeros(loans, dtype=np.int64)
        np.add.at(total, self.column("loan"), self.column(name))
        return total


@dataclass(frozen=True)
class _Loans:
    """What the past of a loan depends on, a row a loan, of loans in the book and of those that ended."""

    original: Int64s
    payment: Int64s
    rate_ppm: Int64s
    escrow: Int64s
    due_day: Int64s
    first_month: Int64s
    """Month of the due date of the first instalment of the note."""
    paid: Int64s
    """How many instalments were paid when it was boarded, or paid off."""
    pays_after: Int64s
    """From the due date to the day on which this borrower pays."""
    grace_days: Int64s
    books_from: Int64s
    ends_on: Int64s
    """Last day on which anything is posted: boarding, or the day before it was paid off."""
    may_be_late: Flags
    may_be_returned: Flags

    def rows(self, which: Int64s) -> _Loans:
        """Some of them."""
        return _Loans(**{name: getattr(self, name)[which] for name in self.__dataclass_fields__})


def history_of(world: World, book: Book, tables: dict[str, pa.Table]) -> dict[str, pa.Table]:
    """The tables of a chunk with its past: the two of history, and those of the book that it changes."""
    rng = stream(world.seed, book.chunk.number, Stream.HISTORY)
    begins, boarded = day_number(date(world.first_day.year - world.history_years, 1, 1)), day_number(world.boarded_on)
    n = book.chunk.loans

    terms = tables["loan_tax_terms"]
    is_acquired = pc.is_valid(terms["acquired_on"]).to_numpy(zero_copy_only=False)
    acquired_on = _acquired_on(rng, book, begins, boarded)
    books_from = np.maximum(np.maximum(begins, book.originated_on), np.where(is_acquired, acquired_on, 0))
    is_made = (books_from == book.originated_on) & ~is_acquired
    current = _current(book, books_from, boarded)

    is_purchase = terms["is_purchase"].to_numpy(zero_copy_only=False)
    refinanced = np.flatnonzero(
        is_made
        & ~is_purchase
        & (rng.random(n) < _REFINANCED_WITH_US)
        & (book.originated_on + _RESCISSION_DAYS < boarded)
    )
    ended, ended_on = _refinanced(rng, book, refinanced, begins)

    postings = _Postings()
    suspense = np.zeros(n + len(refinanced), dtype=np.int64)
    for loans, first in ((current, 0), (ended, n)):
        _pay_instalments(rng, postings, suspense, loans, first)
    made = np.flatnonzero(is_made & (books_from < boarded))
    _close(postings, book, made)
    _pay_off(postings, ended, ended_on, n)
    _pay_bills(postings, world, begins, boarded, n + len(refinanced))

    loan_id = np.concatenate([book.loan_id, world.loans + book.loan_id[refinanced]])
    is_new = np.zeros(n, dtype=bool)
    is_new[made] = True
    opening_escrow = np.concatenate(
        [np.where(is_new, 0, book.opening_escrow_cents), np.zeros(len(refinanced), np.int64)]
    )
    at_boarding = np.concatenate([book.principal_cents, np.zeros(len(refinanced), np.int64)])
    converted = pa.table(
        {
            "loan_id": loan_id,
            "books_from": dates(np.concatenate([books_from, ended.books_from])),
            "principal_cents": at_boarding + postings.sums("principal_cents", len(loan_id)),
            "escrow_cents": opening_escrow,
            "suspense_cents": suspense,
        }
    )
    has_past = np.concatenate([books_from < boarded, np.full(len(refinanced), fill_value=True)])
    return {
        "converted_loans": converted.filter(pa.array(has_past)),
        "conversions": _posted(postings, loan_id),
        "loans": pa.concat_tables([tables["loans"], _ended_loans(world, book, refinanced, ended, ended_on, tables)]),
        "loan_statuses": _with_ended(tables["loan_statuses"], loan_id[n:], ended_on),
        "loan_tax_terms": _tax_terms(terms, is_acquired, acquired_on, loan_id[n:]),
    }


def _acquired_on(rng: np.random.Generator, book: Book, begins: int, boarded: int) -> Int64s:
    """When loans that others made came to us: any day from a while before the span up to boarding."""
    earliest = np.minimum(np.maximum(book.originated_on + 30, begins - _LONGEST_BEFORE), boarded)
    drawn: Int64s = earliest + (rng.integers(0, 2**20, book.chunk.loans) * (boarded - earliest + 1) >> 20)
    return drawn


def _current(book: Book, books_from: Int64s, boarded: int) -> _Loans:
    first_month = months_of(book.originated_on)[0] + 2
    plain = book.habit != AUTOPAY
    rails = (CHANNELS.index("ach"), CHANNELS.index("check"))
    return _Loans(
        original=book.original_principal_cents,
        payment=book.payment_cents,
        rate_ppm=book.rate_ppm,
        escrow=book.escrow_cents + book.escrow_shortage_cents,
        due_day=book.due_day,
        first_month=first_month,
        paid=book.first_due_month - first_month,
        pays_after=book.habit_days,
        grace_days=book.grace_days,
        books_from=books_from,
        ends_on=np.full(book.chunk.loans, boarded),
        may_be_late=plain & (book.habit_days >= 0),
        may_be_returned=np.isin(book.channel, rails) & (book.habit_days >= 0),
    )


def _refinanced(rng: np.random.Generator, book: Book, refinanced: Int64s, begins: int) -> tuple[_Loans, Int64s]:
    """The loans that some of the new ones replaced, and when each was paid off."""
    n = len(refinanced)
    ended_on = book.originated_on[refinanced] + _RESCISSION_DAYS
    originated_month = months_of(book.originated_on[refinanced])[0] - rng.integers(24, 121, n)
    original = book.original_principal_cents[refinanced] * rng.integers(95, 111, n) // 1_000_000 * 10_000
    rate = np.minimum(book.rate_ppm[refinanced] + RATE_STEP_PPM * rng.integers(0, 9, n), HIGHEST_RATE_PPM)
    due_day, pays_after = book.due_day[refinanced], rng.integers(0, 6, n)
    # the last instalment that was paid before the loan was paid off
    month = months_of(ended_on)[0]
    for _ in range(2):
        month = np.where(days_in_month(month, due_day) + pays_after < ended_on, month, month - 1)
    first_month = originated_month + 2
    originated_on = days_in_month(originated_month, np.minimum(due_day, LAST_DUE_DAY))
    loans = _Loans(
        original=original,
        payment=level_payments(original, rate, np.full(n, _REFINANCED_TERM)),
        rate_ppm=rate,
        escrow=np.zeros(n, dtype=np.int64),
        due_day=due_day,
        first_month=first_month,
        paid=month - first_month + 1,
        pays_after=pays_after,
        grace_days=np.full(n, 15),
        books_from=np.maximum(begins, originated_on),
        ends_on=ended_on - 1,
        may_be_late=np.zeros(n, dtype=bool),
        may_be_returned=np.zeros(n, dtype=bool),
    )
    return loans, ended_on


def _pay_instalments(
    rng: np.random.Generator, postings: _Postings, suspense: Int64s, every: _Loans, first: int
) -> None:
    """Each instalment that was paid since the books of its loan begin, the latest first."""
    where = np.flatnonzero(every.paid > 0)
    number = every.paid[where]
    after = scheduled_balances(every.original, every.payment, every.rate_ppm, every.paid)[where]
    while len(where):
        loans = every.rows(where)
        before = scheduled_balances(loans.original, loans.payment, loans.rate_ppm, number - 1)
        due_on = days_in_month(loans.first_month + number - 1, loans.due_day)
        _pay_one(rng, postings, suspense, loans, where + first, due_on, before - after)
        goes_on = (number > 1) & (due_on >= loans.books_from - _LATEST)
        where, number, after = where[goes_on], number[goes_on] - 1, before[goes_on]


def _pay_one(
    rng: np.random.Generator,
    postings: _Postings,
    suspense: Int64s,
    loans: _Loans,
    place: Int64s,
    due_on: Int64s,
    principal: Int64s,
) -> None:
    """One instalment of each of these loans."""
    n = len(place)
    is_late = loans.may_be_late & (rng.random(n) < _PAID_LATE)
    paid_on = due_on + loans.pays_after
    later = paid_on + rng.integers(5, 31, n)
    paid_on = np.where(is_late & (later <= loans.ends_on), later, paid_on)
    back_on = _on_weekdays(paid_on + 2)
    again_on = back_on + rng.integers(4, 10, n)
    is_returned = (
        loans.may_be_returned
        & (rng.random(n) < _RETURNED)
        & (again_on <= loans.ends_on)
        & (paid_on >= loans.books_from)
    )
    applied_on = np.where(is_returned, again_on, paid_on)
    due = np.clip(due_on, loans.books_from, loans.ends_on)  # as far as our books go
    parts = {"interest_cents": loans.payment - principal, "principal_cents": principal, "escrow_cents": loans.escrow}
    amount = loans.payment + loans.escrow

    postings.add(Kind.RECEIPT, is_returned, place, paid_on, due, returned_cents=amount)
    postings.add(Kind.RETURN, is_returned, place, back_on, due, returned_cents=-amount)

    ahead = (loans.pays_after < 0) & (due_on >= loans.books_from)
    held = ahead & (paid_on < loans.books_from)
    suspense[place[held]] += amount[held]
    postings.add(Kind.RECEIPT, ahead & ~held, place, paid_on, due, suspense_cents=amount)
    postings.add(Kind.RELEASE, ahead, place, due, due, suspense_cents=-amount, **parts)

    charge = np.where(applied_on - due_on > loans.grace_days, loans.payment * _LATE_CHARGE_PERCENT // 100, 0)
    postings.add(
        Kind.RECEIPT,
        (loans.pays_after >= 0) & (applied_on >= loans.books_from),
        place,
        applied_on,
        due,
        late_charges_cents=charge,
        service_fees_cents=np.where(is_returned, _RETURN_FEE_CENTS, 0),
        **parts,
    )


def _on_weekdays(days: Int64s) -> Int64s:
    """The same day, or the Monday after it: January 1, 1970 was a Thursday."""
    weekday = (days + 3) % 7
    moved: Int64s = days + np.where(weekday == 5, 2, np.where(weekday == 6, 1, 0))
    return moved


def _close(postings: _Postings, book: Book, made: Int64s) -> None:
    """What is paid at the closing of a new loan: interest to the end of the month, and the first of the escrow."""
    on = book.originated_on[made]
    next_month = (months_of(on)[0] + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    interest = _daily_interest(book.original_principal_cents[made], book.rate_ppm[made], next_month - on)
    deposit = book.opening_escrow_cents[made]
    postings.add(Kind.RECEIPT, np.full(len(made), fill_value=True), made, on, on, interest_cents=interest)
    postings.add(Kind.DEPOSIT, deposit > 0, made, on, on, escrow_cents=deposit)


def _pay_off(postings: _Postings, ended: _Loans, ended_on: Int64s, first: int) -> None:
    """All that is owed on a loan that another one replaced, with interest since its last due date."""
    balance = scheduled_balances(ended.original, ended.payment, ended.rate_ppm, ended.paid)
    since = days_in_month(ended.first_month + ended.paid - 1, ended.due_day)
    interest = _daily_interest(balance, ended.rate_ppm, ended_on - since)
    every, place = np.full(len(balance), fill_value=True), np.arange(len(balance)) + first
    postings.add(Kind.RECEIPT, every, place, ended_on, ended_on, interest_cents=interest, principal_cents=balance)


def _daily_interest(principal: Int64s, rate_ppm: Int64s, days: Int64s) -> Int64s:
    interest: Int64s = principal * rate_ppm * days // 365_000_000
    return interest


def _pay_bills(postings: _Postings, world: World, begins: int, boarded: int, loans: int) -> None:
    """Taxes and insurance: on each day of bills, what escrow has received since the last."""
    years = range(world.first_day.year - world.history_years, world.first_day.year + 1)
    bills = [day_number(date(year, month, day)) for year in years for month, day in _BILLS]
    bill_days = np.array([*(day for day in bills if begins < day < boarded), boarded])
    is_receipt = postings.column("kind") != Kind.DEPOSIT
    bill = np.searchsorted(bill_days, postings.column("effective_on")[is_receipt])
    received = np.zeros((loans, len(bill_days)), dtype=np.int64)
    np.add.at(received, (postings.column("loan")[is_receipt], bill), postings.column("escrow_cents")[is_receipt])
    place, paid = np.nonzero(received)
    on = bill_days[paid]
    every = np.full(len(place), fill_value=True)
    postings.add(Kind.DISBURSEMENT, every, place, on, on, escrow_cents=-received[place, paid])


# The tables -------------------------------------------------------------------------------------------------------------


def _posted(postings: _Postings, loan_id: Int64s) -> pa.Table:
    """The postings, numbered within each loan by their days."""
    loan, kind, on = (postings.column(name) for name in ("loan", "kind", "effective_on"))
    order = np.lexsort((kind, on, loan))
    loan = loan[order]
    starts = np.flatnonzero(np.r_[True, loan[1:] != loan[:-1]]) if len(loan) else np.zeros(0, dtype=np.int64)
    counts = np.diff(np.r_[starts, len(loan)])
    parts = {name: postings.column(name)[order] for name in _PARTS}
    has_interest = parts["interest_cents"] > 0
    names = [kind.name.lower() for kind in Kind]
    return pa.table(
        {
            "loan_id": loan_id[loan],
            "posting_no": (np.arange(len(loan)) - np.repeat(starts, counts) + 1).astype(np.int16),
            "kind": chosen(names, kind[order]),
            "effective_on": dates(on[order]),
            "due_on": pc.if_else(
                pa.array(has_interest), dates(postings.column("due_on")[order]), pa.scalar(None, pa.date32())
            ),
            "cash_cents": sum(parts.values()),
            **parts,
        }
    )


def _ended_loans(
    world: World, book: Book, refinanced: Int64s, ended: _Loans, ended_on: Int64s, tables: dict[str, pa.Table]
) -> pa.Table:
    """The loans that ended before they could be boarded: nothing is owed on them and nothing falls due."""
    n, schema = len(refinanced), tables["loans"].schema
    loan_id = world.loans + book.loan_id[refinanced]
    borrower = borrower_of(book.loan_id[refinanced])
    nothing: npt.NDArray[Any] = np.zeros(n, dtype=np.int64)
    columns = {
        "loan_id": loan_id,
        "loan_number": loan_numbers(loan_id),
        "cif": cifs(borrower),
        "borrower_id": borrower,
        "property_id": book.loan_id[refinanced],
        "product": chosen(["fixed30"], nothing),
        "originated_on": dates(days_in_month(ended.first_month - 2, ended.due_day)),
        "original_principal_cents": ended.original,
        "boarded_on": dates(nothing + day_number(world.boarded_on)),
        "principal_cents": nothing,
        "rate_ppm": ended.rate_ppm,
        "payment_cents": ended.payment,
        "escrow_cents": nothing,
        "escrow_shortage_cents": nothing,
        "first_due_on": dates(days_in_month(months_of(ended_on)[0] + 1, ended.due_day)),
        "term_instalments": nothing,
        "last_instalment": nothing,
        "grace_days": ended.grace_days,
    }
    return pa.table({name: columns[name] for name in schema.names}).cast(schema)


def _with_ended(statuses: pa.Table, loan_id: Int64s, ended_on: Int64s) -> pa.Table:
    none = np.zeros(len(loan_id), dtype=np.int64)
    paid_off = {
        "loan_id": loan_id,
        "status": chosen(["closed"], none),
        "effective_on": dates(ended_on),
        "reason": chosen(["paid in full: refinanced with a loan of ours"], none),
        "booked_on": dates(ended_on),
    }
    return pa.concat_tables([statuses, pa.table(paid_off).cast(statuses.schema)])


def _tax_terms(terms: pa.Table, is_acquired: Flags, acquired_on: Int64s, ended: Int64s) -> pa.Table:
    """The tax terms with the day on which each loan came to us, and those of the loans that ended."""
    none = pa.scalar(None, pa.date32())
    column = terms.schema.get_field_index("acquired_on")
    dated = terms.set_column(column, "acquired_on", pc.if_else(pa.array(is_acquired), dates(acquired_on), none))
    # nobody is told more of a loan that ended than of an ordinary one
    plain: dict[str, Any] = {"is_purchase": True, "is_principal_residence": True, "properties": 1}
    plain |= dict.fromkeys(("points_cents", "monthly_premium_cents", "upfront_premium_cents"), 0)
    rows = [{"loan_id": int(number), **plain} for number in ended]
    return pa.concat_tables([dated, pa.Table.from_pylist(rows, schema=dated.schema)])
