"""How the payments of a chunk are told to us: which words, on which day, how often, and how garbled.

A word about a payment that arrives is a delivery. It is kept as a compact record and written as a line of text only at
the end, when the deliveries of a day have come together from all chunks.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from payments_pipeline.rules.settlement import RULES
from payments_pipeline.world import noise
from payments_pipeline.world.book import Book
from payments_pipeline.world.days import CHANNELS, Days
from payments_pipeline.world.draws import Bytes, Flags, Int64s, outcome, pick
from payments_pipeline.world.faults import FAULTS
from payments_pipeline.world.parameters import World
from payments_pipeline.world.payments import IDENTITIES_PER_CHUNK, Payments, Size

EVENTS: Final = ("initiated", "settled", "completed", "captured", "returned", "recalled", "canceled")
RETURN_CODES: Final = ("", "R01", "R02", "R03", "R10", "A", "D", "FRAD", "DUPL")
CODES_BY_RAIL: Final = {
    "ach": {"R01": 0.72, "R02": 0.09, "R03": 0.08, "R10": 0.11},
    "check": {"A": 0.8, "D": 0.2},
    "wire": {"FRAD": 0.4, "DUPL": 0.6},
}
"""For want of funds, of an open account, of any account, of authority; of funds, of an account; fraud, sent twice."""


class Truth(IntEnum):
    """What a delivered row really is. Where several are true, the first in this order that applies."""

    PAYMENT = 0
    DUPLICATE = 1
    RECASED_DUPLICATE = 2
    LATE = 3
    MISSED = 4
    """Lost on its day and sent again some days later."""
    OUT_OF_ORDER = 5
    """Told after its own return."""
    PARTIAL = 6
    OVERPAYMENT = 7
    UNKNOWN_LOAN = 8
    MALFORMED = 9
    RETURN = 10
    INITIATED = 11
    CANCELED = 12


class Spelling(IntEnum):
    """How reference and loan number are written."""

    PLAIN = 0
    RECASED = 1
    RECASED_AND_PADDED = 2
    ALL_RECASED = 3
    """The loan number too."""


class Account(IntEnum):
    """Which loan number is quoted."""

    OWN = 0
    OUTSIDE_BOOK = 1
    LETTER_FOR_DIGIT = 2
    TOO_SHORT = 3


DELIVERY: Final = np.dtype(
    [
        ("arrival", np.int32),
        ("value_date", np.int32),
        ("identity", np.int64),
        ("batch", np.int64),
        ("loan_id", np.int64),
        ("occurred_at", np.int64),
        ("amount_cents", np.int64),
        ("days_late", np.int16),
        ("channel", np.uint8),
        ("event", np.uint8),
        ("return_code", np.uint8),
        ("truth", np.uint8),
        ("size", np.uint8),
        ("account", np.uint8),
        ("spelling", np.uint8),
        ("fault", np.uint8),
        ("copy", np.uint8),
        ("is_automatic", np.bool_),
    ]
)
"""A delivery. `batch` is the deposit or payout that its source names, or 0; `fault` is 0 or 1 + the place of what is broken in `faults.FAULTS`; `copy` tells repeats apart."""

Deliveries = npt.NDArray[np.void]

_READY: Final = np.array([EVENTS.index(RULES[channel].ready_signal) for channel in CHANNELS], dtype=np.uint8)
_RECALLED_RAIL: Final = CHANNELS.index("wire")
_REPEAT_SAME_DAY: Final = 0.6
_LATEST_RETURN_DAYS: Final = 40
_LONG_RETURNS: Final = 0.08
_NEVER: Final = -1


@dataclass(frozen=True, slots=True)
class Fates:
    """What becomes of each payment of a chunk on its way to us and to the bank."""

    told_on: Int64s
    """The day on which the word that completes it arrives."""
    is_missed: Flags
    is_out_of_order: Flags
    is_at_bank: Flags
    returned_on: Int64s
    """Day on which its return is made and told, or -1."""
    initiated_on: Int64s
    """Day on which it is announced, or -1."""
    account: Bytes


def fates_of(rng: np.random.Generator, world: World, payments: Payments, days: Days) -> Fates:
    """Draws what becomes of each payment.

    What would happen beyond the last day does not happen: by the end of a world everything has been told, every missed
    event was sent again, and no bank line waits for its payment.
    """
    n, value_date = len(payments), payments.value_date
    returns = np.zeros(len(CHANNELS))
    for rail, rate in noise.RETURNS.items():
        returns[CHANNELS.index(rail)] = rate.times(world.noise)
    trouble = outcome(
        rng,
        [
            noise.LATE.times(world.noise),
            noise.MISSED.times(world.noise),
            noise.NEVER_AT_BANK.times(world.noise),
            returns[payments.channel],
        ],
        n,
    )
    is_late, is_missed, is_lost, is_returned = (trouble == number for number in (1, 2, 3, 4))
    delay = np.where(is_late, rng.integers(1, 11, n), np.where(is_missed, rng.integers(2, 5, n), 0))
    told_on = _if_in_world(value_date + delay, value_date, days)

    returned_on = np.where(is_returned, _return_days(rng, value_date, days), _NEVER)
    returned_on[returned_on > days.last] = _NEVER
    is_out_of_order = (returned_on != _NEVER) & (rng.random(n) < noise.OUT_OF_ORDER.times(world.noise))
    told_on = np.where(is_out_of_order, _if_in_world(returned_on + 1, told_on, days), told_on)

    initiated_on = value_date - rng.integers(1, 3, n)
    is_initiated = (rng.random(n) < noise.INITIATED_FIRST.times(world.noise)) & (initiated_on >= days.first)
    is_unknown = rng.random(n) < noise.UNKNOWN_LOAN.times(world.noise)
    return Fates(
        told_on=told_on,
        is_missed=is_missed & (told_on > value_date),
        is_out_of_order=is_out_of_order & (told_on > returned_on),
        is_at_bank=~is_lost,
        returned_on=returned_on,
        initiated_on=np.where(is_initiated, initiated_on, _NEVER),
        account=np.where(is_unknown, rng.integers(1, len(Account), n), Account.OWN).astype(np.uint8),
    )


def _if_in_world(day: Int64s, otherwise: Int64s, days: Days) -> Int64s:
    return np.where(day <= days.last, day, otherwise)


def _return_days(rng: np.random.Generator, value_date: Int64s, days: Days) -> Int64s:
    """Mostly one to three bank days later; a few up to forty days, as returns for want of authority may be."""
    n = len(value_date)
    soon = days.plus_bank_days(value_date, rng.integers(1, 4, n))
    long = days.plus_bank_days(value_date + rng.integers(5, _LATEST_RETURN_DAYS - 5, n), np.zeros(n, dtype=np.int64))
    return np.where(rng.random(n) < _LONG_RETURNS, long, soon)


def deliveries_of(
    rng: np.random.Generator, world: World, book: Book, payments: Payments, fates: Fates, batch: Int64s, days: Days
) -> Deliveries:
    """Everything that is told of the chunk's payments, in no particular order; `batch` is what it says they are in."""
    told = np.concatenate(
        [
            _completions(book, payments, fates, batch),
            _announcements(rng, book, payments, fates, batch, days),
            _returns(rng, book, payments, fates, batch, days),
            _cancellations(rng, world, book, payments, days),
        ]
    )
    return np.concatenate([told, _repeats(rng, world, told, days), _broken_copies(rng, world, told)])


def _completions(book: Book, payments: Payments, fates: Fates, batch: Int64s) -> Deliveries:
    rows = _rows(book, payments, fates.account, batch)
    rows["arrival"] = fates.told_on
    rows["days_late"] = fates.told_on - payments.value_date
    rows["event"] = _READY[payments.channel]
    rows["truth"] = np.select(
        [
            rows["account"] != Account.OWN,
            fates.is_out_of_order,
            fates.is_missed,
            rows["days_late"] > 0,
            rows["size"] == Size.PARTIAL,
            rows["size"] == Size.OVER,
        ],
        [Truth.UNKNOWN_LOAN, Truth.OUT_OF_ORDER, Truth.MISSED, Truth.LATE, Truth.PARTIAL, Truth.OVERPAYMENT],
        Truth.PAYMENT,
    )
    return rows


def _announcements(
    rng: np.random.Generator, book: Book, payments: Payments, fates: Fates, batch: Int64s, days: Days
) -> Deliveries:
    which = np.flatnonzero(fates.initiated_on != _NEVER)
    rows = _rows(book, payments[which], fates.account[which], batch[which])
    rows["arrival"] = fates.initiated_on[which]
    rows["occurred_at"] = days.at(fates.initiated_on[which], rng.integers(0, 22 * 3_600, len(which)))
    rows["event"], rows["truth"] = EVENTS.index("initiated"), Truth.INITIATED
    return rows


def _returns(
    rng: np.random.Generator, book: Book, payments: Payments, fates: Fates, batch: Int64s, days: Days
) -> Deliveries:
    which = np.flatnonzero(fates.returned_on != _NEVER)
    rows = _rows(book, payments[which], fates.account[which], batch[which])
    rows["arrival"] = fates.returned_on[which]
    rows["occurred_at"] = days.at(fates.returned_on[which], rng.integers(5 * 3_600, 17 * 3_600, len(which)))
    is_recalled = rows["channel"] == _RECALLED_RAIL
    rows["event"] = np.where(is_recalled, EVENTS.index("recalled"), EVENTS.index("returned"))
    rows["truth"] = Truth.RETURN
    for rail, codes in CODES_BY_RAIL.items():
        of_rail = np.flatnonzero(rows["channel"] == CHANNELS.index(rail))
        numbers = np.array([RETURN_CODES.index(code) for code in codes], dtype=np.uint8)
        rows["return_code"][of_rail] = numbers[pick(rng, list(codes.values()), len(of_rail))]
    return rows


def _cancellations(rng: np.random.Generator, world: World, book: Book, payments: Payments, days: Days) -> Deliveries:
    """Attempts beside the payments: announced on a day, called off one or two days later, never completed."""
    n = len(payments)
    is_attempted = rng.random(n) < noise.CANCELED.times(world.noise)
    called_off = payments.value_date + rng.integers(1, 3, n)
    which = np.flatnonzero(is_attempted & (called_off <= days.last))
    nowhere = np.zeros(len(which), dtype=np.int64)
    rows = _rows(book, payments[which], np.full(len(which), Account.OWN, dtype=np.uint8), nowhere)
    rows["identity"] = book.chunk.number * IDENTITIES_PER_CHUNK + n + 1 + np.arange(len(which))
    rows["arrival"] = payments.value_date[which]
    rows["event"], rows["truth"] = EVENTS.index("initiated"), Truth.INITIATED
    ends = rows.copy()
    ends["arrival"] = called_off[which]
    ends["occurred_at"] = days.at(called_off[which], rng.integers(0, 22 * 3_600, len(which)))
    ends["event"], ends["truth"] = EVENTS.index("canceled"), Truth.CANCELED
    return np.concatenate([rows, ends])


def _repeats(rng: np.random.Generator, world: World, told: Deliveries, days: Days) -> Deliveries:
    """Deliveries made again, on the same day or the next, as they were, spelled otherwise or with a later instant."""
    kind = outcome(rng, [noise.DUPLICATE.times(world.noise), noise.RECASED_DUPLICATE.times(world.noise)], len(told))
    which = np.flatnonzero(kind)
    rows = told[which]
    tomorrow = (rng.random(len(rows)) >= _REPEAT_SAME_DAY) & (rows["arrival"] < days.last)
    rows["arrival"] += tomorrow
    is_recased = kind[which] == 2
    rows["truth"] = np.where(is_recased, Truth.RECASED_DUPLICATE, Truth.DUPLICATE)
    rows["spelling"] = np.where(is_recased, rng.integers(1, len(Spelling), len(rows)), Spelling.PLAIN)
    (apart,) = rng.spawn(1)  # so that what a seed draws besides stays as it is
    is_retold = apart.random(len(rows)) < noise.RETOLD.times(world.noise)
    rows["occurred_at"] += np.where(is_retold, apart.integers(1, 5_400, len(rows)), 0)
    rows["copy"] = 1
    return rows


def _broken_copies(rng: np.random.Generator, world: World, told: Deliveries) -> Deliveries:
    """Rows that were refused and sent again in order: the broken one arrives beside the good one."""
    rows = told[rng.random(len(told)) < noise.MALFORMED.times(world.noise)]
    rows["fault"] = rng.integers(1, len(FAULTS) + 1, len(rows))
    rows["truth"] = Truth.MALFORMED
    rows["copy"] = 2
    return rows


def _rows(book: Book, payments: Payments, account: Bytes, batch: Int64s) -> Deliveries:
    """A delivery for each payment, with all that does not depend on the word that is told."""
    rows = np.zeros(len(payments), dtype=DELIVERY)
    rows["value_date"] = payments.value_date
    rows["identity"] = payments.identity
    rows["batch"] = batch
    rows["loan_id"] = book.loan_id[payments.loan]
    rows["occurred_at"] = payments.occurred_at
    rows["amount_cents"] = payments.amount_cents
    rows["channel"] = payments.channel
    rows["size"] = payments.size
    rows["account"] = account
    rows["is_automatic"] = payments.is_automatic
    return rows
