"""What the borrowers of a chunk pay within the window: who, when, how much, by which rail.

Each loan has a payment for each due date, on the day that its payer's habit says. A payment has an identity, a number
that is unique in the world; all else that is told of it (reference, ids) is a function of that number and the rail.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from enum import IntEnum
from typing import Final, Self

import numpy as np

from payments_pipeline.world import noise
from payments_pipeline.world.book import ACTIVE, AUTOPAY, HABITS, STATUSES, Book
from payments_pipeline.world.days import CHANNELS, Days, day_number, days_in_month, month_number
from payments_pipeline.world.draws import Bytes, Doubles, Flags, Int64s, Stream, outcome, stream
from payments_pipeline.world.parameters import World

IDENTITIES_PER_CHUNK: Final = 10**8
"""Identities of a chunk start at its number times this, so that no chunk needs to know of the others."""
_HOURS: Final = {
    "ach": (1, 6), "wire": (9, 18), "realtime": (0, 22), "check": (7, 15),
    "card": (0, 22), "paypal": (0, 22), "venmo": (0, 22), "book": (6, 22),
}  # fmt: skip
"""Between which hours of New York a rail's payments happen. Evenings there are the next day in UTC, which is on
purpose; no rail goes past ten, so that no change of clocks moves a payment to another day."""

_JITTER_DAYS: Final = 2
_EXTRA_DOLLARS: Final = (25, 500)
_SHARE_OF_PIECES: Final = 0.6
_NEAR_PEAK_DAYS: Final = 15
_OTHER_RAIL: Final = 0.07
_SPARE_RAILS: Final = ("ach", "card", "realtime", "paypal")


class Size(IntEnum):
    """How a payment compares with the instalment."""

    FULL = 0
    PARTIAL = 1
    OVER = 2
    PIECE = 3
    """One of two that make the instalment together."""
    EXTRA = 4
    """Beside the instalment's own payment on the same day."""


@dataclass(frozen=True, slots=True)
class Payments:
    """Payments of a chunk, a row each."""

    identity: Int64s
    loan: Int64s
    """Row of the loan in its book."""
    value_date: Int64s
    occurred_at: Int64s
    amount_cents: Int64s
    channel: Bytes
    size: Bytes
    is_automatic: Flags

    def __len__(self) -> int:
        return len(self.identity)

    def __getitem__(self, rows: Int64s | Flags) -> Self:
        return replace(self, **{field.name: getattr(self, field.name)[rows] for field in fields(self)})


def payments_of(world: World, book: Book, days: Days) -> Payments:
    """The payments that the chunk's borrowers make and complete."""
    rng = stream(world.seed, book.chunk.number, Stream.PAYMENTS)
    loan, value_date = _habitual(world, rng, book)
    follows = _seconds(world, rng, book, value_date)
    is_second = np.repeat([False, True], [len(loan), len(follows)])
    loan, value_date = np.append(loan, loan[follows]), np.append(value_date, value_date[follows])
    amount, size = _amounts(world, rng, book.instalment_cents[loan], follows)
    channel = _channels(rng, book, loan, value_date, days)
    return Payments(
        identity=book.chunk.number * IDENTITIES_PER_CHUNK + np.arange(1, len(loan) + 1, dtype=np.int64),
        loan=loan,
        value_date=value_date,
        occurred_at=days.at(value_date, _seconds_of_day(rng, channel)),
        amount_cents=amount,
        channel=channel,
        size=size,
        is_automatic=(book.habit[loan] == AUTOPAY) & ~is_second,
    )


def _habitual(world: World, rng: np.random.Generator, book: Book) -> tuple[Int64s, Int64s]:
    """Loans and days of the payments made for a due date each; on the peak day as many as asked for."""
    found = list(_months(world, rng, book))
    loan = np.concatenate([loans for loans, _ in found])
    value_date = np.concatenate([days for _, days in found])
    quota = world.peak_quota(book.chunk)
    if quota is None or world.peak_day is None:
        return loan, value_date
    return _peaked(world, rng, book, loan, value_date, day_number(world.peak_day), quota)


def _months(world: World, rng: np.random.Generator, book: Book) -> Iterator[tuple[Int64s, Int64s]]:
    """Payments by month of their due dates, from the oldest that can be paid late to the newest paid early."""
    first, last = day_number(world.first_day), day_number(world.last_day)
    pays, is_steady = _pays(book), book.habit == AUTOPAY
    for month in range(month_number(world.first_day) - 2, month_number(world.last_day) + 2):
        due_on = days_in_month(np.full(book.chunk.loans, month, dtype=np.int64), book.due_day)
        # The first payment comes on the very day that decided what was unpaid at boarding; later ones vary.
        varies = ~is_steady & (month > book.first_paid_month)
        jitter = rng.integers(-_JITTER_DAYS, _JITTER_DAYS + 1, book.chunk.loans)
        paid_on = due_on + book.habit_days + np.where(varies, jitter, 0)
        is_due = (month >= book.first_paid_month) & (month - book.first_due_month < book.term_instalments)
        is_paid = rng.random(book.chunk.loans) < pays * _willingness(book, paid_on)
        loans = np.flatnonzero(is_due & is_paid & (paid_on >= first) & (paid_on <= last))
        yield loans, paid_on[loans]


def _pays(book: Book) -> Doubles:
    """The chance that each borrower's habit makes a payment in a month."""
    return np.array([habit.pays for habit in HABITS])[book.habit]


def _willingness(book: Book, day: Int64s) -> Doubles:
    """What the status in force leaves of the chance that a payment is made."""
    left = np.array([1.0, *(status.pays for status in STATUSES)])
    in_force = (book.status != ACTIVE) & (day >= book.status_from) & (day < book.status_until)
    return np.where(in_force, left[book.status], 1.0)


def _peaked(
    world: World, rng: np.random.Generator, book: Book, loan: Int64s, value_date: Int64s, peak: int, quota: int
) -> tuple[Int64s, Int64s]:
    """The same payments with as many of the peak day as its quota leaves beside the second payments of that day.

    Too few: other borrowers pay on that day instead of one near to it. Too many: those too many pay a day later, or
    never if the world ends.
    """
    wanted = min(quota - _seconds_on_peak(world, quota), book.chunk.loans)
    on_peak = np.flatnonzero(value_date == peak)
    if len(on_peak) > wanted:
        value_date[rng.permutation(on_peak)[wanted:]] += 1
        is_kept = value_date <= day_number(world.last_day)
        return loan[is_kept], value_date[is_kept]
    drawn = _drawn_to_peak(rng, book, loan, value_date, peak)[: wanted - len(on_peak)]
    is_drawn = np.zeros(book.chunk.loans, dtype=np.bool_)
    is_drawn[drawn] = True
    is_kept = ~is_drawn[loan] | (np.abs(value_date - peak) > _NEAR_PEAK_DAYS)
    return np.append(loan[is_kept], drawn), np.append(value_date[is_kept], np.full(len(drawn), peak))


def _drawn_to_peak(rng: np.random.Generator, book: Book, loan: Int64s, value_date: Int64s, peak: int) -> Int64s:
    """Loans without a payment on the peak day, the likeliest to have one first.

    Those who pay at all come before those who do not, and among them those who owe an instalment by then, the others by
    how soon they will: money for what is due is what makes a day's work, and what comes too early only lies in
    suspense.
    """
    has_paid = np.zeros(book.chunk.loans, dtype=np.bool_)
    has_paid[loan[value_date < peak]] = True
    days_early = np.where(has_paid, _NEAR_PEAK_DAYS * 2, np.maximum(book.first_due_on - peak, 0))
    today = np.full(book.chunk.loans, peak, dtype=np.int64)
    is_unwilling = rng.random(book.chunk.loans) >= _pays(book) * _willingness(book, today)
    order = np.lexsort((rng.random(book.chunk.loans), days_early, is_unwilling))
    on_peak = np.zeros(book.chunk.loans, dtype=np.bool_)
    on_peak[loan[value_date == peak]] = True
    return order[~on_peak[order]]


def _seconds_on_peak(world: World, quota: int) -> int:
    return int(quota * noise.SECOND_ON_PEAK_DAY.times(world.noise))


def _seconds(world: World, rng: np.random.Generator, book: Book, value_date: Int64s) -> Int64s:
    """Rows of the payments that another one of their loan follows on the same day.

    On the peak day exactly as many as fill its quota, so a row can come up more than once there.
    """
    is_followed = rng.random(len(value_date)) < noise.SECOND_THAT_DAY.times(world.noise)
    quota = world.peak_quota(book.chunk)
    if quota is None or world.peak_day is None:
        return np.flatnonzero(is_followed)
    is_peak = value_date == day_number(world.peak_day)
    firsts = rng.permutation(np.flatnonzero(is_peak))
    return np.concatenate([np.flatnonzero(is_followed & ~is_peak), np.resize(firsts, quota - len(firsts))])


def _amounts(world: World, rng: np.random.Generator, instalment: Int64s, follows: Int64s) -> tuple[Int64s, Bytes]:
    """Amount and size of each payment: first those for a due date, then those that follow one of them on its day."""
    firsts, seconds = len(instalment) - len(follows), len(follows)
    amount, size = instalment.copy(), np.zeros(len(instalment), dtype=np.uint8)

    size[:firsts] = outcome(rng, [noise.PARTIAL.times(world.noise), noise.OVERPAYMENT.times(world.noise)], firsts)
    size[firsts:] = Size.EXTRA
    is_piece = np.zeros(seconds, dtype=np.bool_)
    is_piece[np.unique(follows, return_index=True)[1]] = True
    pieces = np.flatnonzero(is_piece & (rng.random(seconds) < _SHARE_OF_PIECES))
    size[follows[pieces]] = Size.PIECE
    size[firsts + pieces] = Size.PIECE

    percent = rng.integers(30, 96, len(amount))
    extra = rng.integers(*_EXTRA_DOLLARS, len(amount)) * 100
    amount = np.where((size == Size.PARTIAL) | (size == Size.PIECE), instalment * percent // 100, amount)
    amount = np.where(size == Size.OVER, instalment + extra, amount)
    amount = np.where(size == Size.EXTRA, extra, amount)
    amount[firsts + pieces] = instalment[follows[pieces]] - amount[follows[pieces]]
    return amount, size


def _channels(rng: np.random.Generator, book: Book, loan: Int64s, value_date: Int64s, days: Days) -> Bytes:
    """The rail that each borrower uses, now and then another one. No wires on a day off: an instant payment instead."""
    spare = np.array([CHANNELS.index(name) for name in _SPARE_RAILS], dtype=np.uint8)
    is_spare = (rng.random(len(loan)) < _OTHER_RAIL) & (book.habit[loan] != AUTOPAY)
    channel = np.where(is_spare, spare[rng.integers(0, len(spare), len(loan))], book.channel[loan])
    is_day_off = ~days.is_bank_day[value_date - days.first]
    channel[is_day_off & (channel == CHANNELS.index("wire"))] = CHANNELS.index("realtime")
    return channel


def _seconds_of_day(rng: np.random.Generator, channel: Bytes) -> Int64s:
    opens, closes = (np.array([_HOURS[name][end] * 3_600 for name in CHANNELS])[channel] for end in (0, 1))
    seconds: Int64s = opens + ((closes - opens) * rng.integers(0, 2**20, len(channel)) >> 20)
    return seconds
