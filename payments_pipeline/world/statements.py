"""The lines that a bank's statements have for the payments of a chunk, and what each of them stands for.

The bank shows money when its rail settles, whatever we were told and when: some of it singly, checks as deposits, and what
processors pay out less their fees. Whoever writes statements makes mistakes too: a line comes a day late, twice, in two
parts, with another amount, or says less than it should of whose money it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from payments_pipeline.rules.settlement import RULES, fee_cents
from payments_pipeline.world import noise
from payments_pipeline.world.batches import BATCHED
from payments_pipeline.world.book import Book
from payments_pipeline.world.days import CHANNELS, Days
from payments_pipeline.world.deliveries import Fates
from payments_pipeline.world.doubts import ALIKE, CERTAIN, LEFT_OVER, OF_DAY, Leftovers, codes, rail_and_day
from payments_pipeline.world.draws import Bytes, Flags, Int64s, Stream, outcome, stream
from payments_pipeline.world.parameters import World
from payments_pipeline.world.payments import IDENTITIES_PER_CHUNK, Payments

KINDS: Final = ("credit", "return", "fee")
CREDIT, RETURN, FEE = range(len(KINDS))


class Truth(IntEnum):
    """What a line of the bank really is."""

    PAYMENT = 0
    RETURN = 1
    UNSENT = 2
    """Money that nobody told us of."""
    NEVER_AT_BANK = 3
    """Not a line: a payment told as completed that the bank does not show."""
    FEE = 4
    """Of a processor or of the bank, as a line of its own."""
    DUPLICATE = 5
    """A line once more."""
    AMOUNT_DIFFERS = 6
    SPLIT = 7
    """One of several lines that show the same payments together."""
    CHARGEBACK = 8
    """A payment of days before that a payout is less by."""


class Spelling(IntEnum):
    """How a line writes its reference."""

    PLAIN = 0
    SWAPPED = 1
    """Two neighbours have changed places."""
    CUT = 2
    TORN = 3
    """With a blank in it."""
    MISSING = 4


LINE: Final = np.dtype(
    [
        ("bank_day", np.int32),
        ("key", np.int64),
        ("group", np.int64),
        ("named_after", np.int64),
        ("batch", np.int64),
        ("amount_cents", np.int64),
        ("channel", np.uint8),
        ("kind", np.uint8),
        ("truth", np.uint8),
        ("spelling", np.uint8),
        ("has_id", np.bool_),
    ]
)
"""A line. It quotes the number of its batch or, where that is 0, reference and transfer of the payment `named_after`. Lines
of one group show the same money: the first of them, its second part, its fees, and whatever is shown twice."""

PAIR: Final = np.dtype(
    [
        ("bank_day", np.int32),
        ("key", np.int64),
        ("group", np.int64),
        ("identity", np.int64),
        ("own_cents", np.int64),
        ("line_cents", np.int64),
        ("due", np.int32),
        ("channel", np.uint8),
        ("truth", np.uint8),
        ("doubt", np.uint8),
        ("needs_number", np.bool_),
        ("is_matchable", np.bool_),
    ]
)
"""What a line stands for: a payment, or 0. What the bank never shows has no line: key and group are 0. Whether it can be
matched may depend on the rest of the world too: `doubt` says on what of it."""

Lines = npt.NDArray[np.void]
Pairs = npt.NDArray[np.void]

_UNSENT_FROM: Final = IDENTITIES_PER_CHUNK * 9 // 10  # of a chunk's identities, these name what nobody told us of
_CHECK: Final = CHANNELS.index("check")
_EVERY_DAY: Final = np.array([RULES[channel].every_day for channel in CHANNELS])
_PAYS_OUT: Final = np.array([RULES[channel].grouped_by == "payout" for channel in CHANNELS])
_BANK_FEES_CENTS: Final = (650, 1_500)
_CHARGED_BACK_AFTER: Final = (1, 7)
_SWAPPED_DIGITS: Final = (9, 90, 900)
"""What neighbouring digits make when they change places are multiples of these."""
_SECOND_PART_PERCENT: Final = (20, 81)


class Shown(NamedTuple):
    """What the bank shows of a chunk."""

    lines: Lines
    pairs: Pairs
    leftovers: Leftovers


def shown_of(
    world: World, book: Book, payments: Payments, fates: Fates, batch: Int64s, told: Int64s, days: Days
) -> Shown:
    """The lines of a chunk's payments on the days up to the last; later ones the bank has not written yet.

    `batch` is the deposit or payout that each payment is in, and `told` the one that its source names.
    """
    due = days.settlement(payments.value_date, payments.channel)
    is_due, is_batched = due <= days.last, BATCHED[payments.channel]
    draft = _Draft(world, book, days)
    single = is_due & ~is_batched & fates.is_at_bank
    draft.add(_lines(payments[single], due[single], CREDIT))
    returned = fates.returned_on >= 0
    draft.add(_lines(payments[returned], fates.returned_on[returned], RETURN))
    draft.add_batches(_Batches.of(payments, fates.is_at_bank, batch, told, due, is_due & is_batched))
    draft.add_unsent()
    draft.move_days()
    draft.mistype_amounts()
    draft.split_deposits()
    draft.mangle_references()
    draft.repeat_lines()
    draft.add_bank_fees()
    lost = is_due & ~fates.is_at_bank
    return draft.shown(_never_shown(payments[lost], due[lost]))


def _lines(payments: Payments, day: Int64s, kind: int) -> Lines:
    """A line for each payment that comes by itself, or for each return."""
    lines = np.zeros(len(payments), dtype=LINE)
    lines["bank_day"] = day
    lines["named_after"] = payments.identity
    lines["amount_cents"] = payments.amount_cents * (-1 if kind == RETURN else 1)
    lines["channel"] = payments.channel
    lines["kind"] = kind
    lines["truth"] = Truth.RETURN if kind == RETURN else Truth.PAYMENT
    lines["has_id"] = payments.channel != _CHECK
    return lines


def _never_shown(payments: Payments, due: Int64s) -> Pairs:
    pairs = np.zeros(len(payments), dtype=PAIR)
    pairs["bank_day"] = pairs["due"] = due
    pairs["identity"] = payments.identity
    pairs["own_cents"] = pairs["line_cents"] = payments.amount_cents
    pairs["channel"] = payments.channel
    pairs["truth"] = Truth.NEVER_AT_BANK
    return pairs


# Deposits and payouts ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Batches:
    """The deposits and payouts of a chunk in the order of rail and day, and their payments."""

    number: Int64s
    channel: Bytes
    due: Int64s
    place: Int64s
    """Of each payment, the place of its batch."""
    identity: Int64s
    amount_cents: Int64s
    fee_cents: Int64s
    is_at_bank: Flags
    is_told: Flags
    """Whether the source names the batch."""

    @classmethod
    def of(
        cls, payments: Payments, is_at_bank: Flags, batch: Int64s, told: Int64s, due: Int64s, which: Flags
    ) -> _Batches:
        rows = np.flatnonzero(which)
        rows = rows[np.argsort(batch[rows], kind="stable")]
        number, first, place = np.unique(batch[rows], return_index=True, return_inverse=True)
        return cls(
            number=number,
            channel=payments.channel[rows][first],
            due=due[rows][first],
            place=place,
            identity=payments.identity[rows],
            amount_cents=payments.amount_cents[rows],
            fee_cents=_fees(payments.channel[rows], payments.amount_cents[rows]),
            is_at_bank=is_at_bank[rows],
            is_told=told[rows] > 0,
        )

    def sums(self, values: npt.NDArray[np.int64 | np.bool_], which: Flags | None = None) -> Int64s:
        """The sum of something over the payments of each batch."""
        sums = np.zeros(len(self.number), dtype=np.int64)
        if which is None:
            np.add.at(sums, self.place, values)
        else:
            np.add.at(sums, self.place[which], values[which])
        return sums


def _fees(channel: Bytes, amount_cents: Int64s) -> Int64s:
    """What processors keep of each payment."""
    fees = np.zeros(len(channel), dtype=np.int64)
    for number, name in enumerate(CHANNELS):
        if _PAYS_OUT[number]:
            of_rail = np.flatnonzero(channel == number)
            fees[of_rail] = [fee_cents(cents, RULES[name]) for cents in amount_cents[of_rail].tolist()]
    return fees


# The statements ---------------------------------------------------------------------------------------------------------


class _Draft:
    """Lines of a chunk, step by step. The draws of each step come from one stream: their order is part of a world."""

    def __init__(self, world: World, book: Book, days: Days) -> None:
        self._noise = world.noise
        self._days = days
        self._rng = stream(world.seed, book.chunk.number, Stream.BANK)
        self._first = book.chunk.number * IDENTITIES_PER_CHUNK
        self._lines: Lines = np.zeros(0, dtype=LINE)
        self._pairs: Pairs = np.zeros(0, dtype=PAIR)

    def add(self, lines: Lines) -> Int64s:
        """Adds lines of single payments; they stand for what they are named after."""
        keys = self._append(lines)
        self._pair(keys, lines["named_after"], lines["amount_cents"], lines["truth"])
        return keys

    def add_batches(self, batches: _Batches) -> None:
        """Adds a line for each deposit or payout of which anything reaches the bank, and what the fees make of it."""
        gross = batches.sums(batches.amount_cents, batches.is_at_bank)
        fees = batches.sums(batches.fee_cents, batches.is_at_bank)
        is_apart = (fees > 0) & self._befalls(noise.FEES_APART, len(gross))
        charged_batch, charged_row = self._charged_back(batches, gross - fees)
        charged = np.zeros(len(gross), dtype=np.int64)
        np.add.at(charged, charged_batch, batches.amount_cents[charged_row])

        lines = np.zeros(len(gross), dtype=LINE)
        lines["bank_day"], lines["channel"], lines["batch"] = batches.due, batches.channel, batches.number
        lines["amount_cents"] = gross - charged - np.where(is_apart, 0, fees)
        is_shown = gross > 0
        keys = np.zeros(len(gross), dtype=np.int64)
        keys[is_shown] = self._append(lines[is_shown])
        self._pair_members(batches, keys, np.bincount(charged_batch, minlength=len(gross)))
        self._pair(
            keys[charged_batch],
            batches.identity[charged_row],
            -batches.amount_cents[charged_row],
            np.full(len(charged_row), Truth.CHARGEBACK, dtype=np.uint8),
            is_matchable=False,
        )
        apart = lines[is_apart]
        apart["amount_cents"] = -fees[is_apart]
        apart["kind"], apart["truth"] = FEE, Truth.FEE
        self._pair_with_nothing(self._append(apart, group=keys[is_apart]))

    def _charged_back(self, batches: _Batches, left_cents: Int64s) -> tuple[Int64s, Int64s]:
        """Which payouts are less by which payments of days before; none by all that it has."""
        is_charged = self._befalls(noise.CHARGEBACK, len(batches.place)) & batches.is_at_bank
        after = self._rng.integers(*_CHARGED_BACK_AFTER, len(batches.place))
        rows = np.flatnonzero(is_charged & _PAYS_OUT[batches.channel[batches.place]])
        paid_by = rail_and_day(batches.channel, batches.due)
        day = self._days.plus_bank_days(batches.due[batches.place[rows]], after[rows])
        wanted = rail_and_day(batches.channel[batches.place[rows]], day)
        batch = np.minimum(np.searchsorted(paid_by, wanted), max(len(paid_by) - 1, 0))
        is_found = paid_by[batch] == wanted if len(paid_by) else np.zeros(0, dtype=np.bool_)
        rows, batch = rows[is_found], batch[is_found]
        taken = np.zeros(len(left_cents), dtype=np.int64)
        np.add.at(taken, batch, batches.amount_cents[rows])
        is_covered = (taken < left_cents)[batch]
        return batch[is_covered], rows[is_covered]

    def _pair_members(self, batches: _Batches, keys: Int64s, charges: Int64s) -> None:
        """What can be known of a batch: all of it, if its sum is explained.

        One thing is explained where the number is there on both sides: a payment that the bank does not show, a payment
        of days before that the payout is less by, or one for which the source names no batch, if nothing else of its
        rail and day is left.
        """
        lost, untold = ~batches.is_at_bank, ~batches.is_told
        size, losses, gaps = (batches.sums(what) for what in (np.ones_like(lost), lost, untold))
        is_nameless = gaps == size
        is_known = np.where(is_nameless, losses + charges == 0, losses + charges + gaps <= 1)
        missing = batches.sums(batches.amount_cents, lost)[batches.place]
        could_be_lost = (losses[batches.place] == 1) & (batches.amount_cents == missing)
        here = np.flatnonzero(batches.is_at_bank)
        place = batches.place[here]
        self._pair(
            keys[place],
            batches.identity[here],
            batches.amount_cents[here],
            np.full(len(here), Truth.PAYMENT, dtype=np.uint8),
            is_matchable=(is_known[batches.place] & ~could_be_lost)[here],
            doubt=np.where(gaps > 0, OF_DAY, CERTAIN)[place],
            needs_number=((losses + charges > 0) | ((gaps > 0) & ~is_nameless))[place],
        )
        by_themselves = np.flatnonzero(lost | (untold & ~is_nameless[batches.place]))
        alone = np.concatenate([np.flatnonzero(is_nameless & (losses < size)), batches.place[by_themselves]])
        self._left_of_day = rail_and_day(batches.channel[alone], batches.due[alone])

    def add_unsent(self) -> None:
        """Adds credits that look like the others and belong to no payment."""
        models = self._lines[self._befalls(noise.UNSENT_LINE, len(self._lines)) & (self._lines["kind"] == CREDIT)]
        number = self._first + _UNSENT_FROM + np.arange(len(models))
        models["named_after"] = number
        models["batch"] = np.where(models["batch"] > 0, number, 0)
        models["amount_cents"] = self._rng.integers(40_000, 400_000, len(models))
        models["truth"] = Truth.UNSENT
        self._pair_with_nothing(self._append(models))

    def move_days(self) -> None:
        """Shows some lines a bank day late or early. Instant payments are there at once."""
        lines, bank_days = self._lines, self._days.bank_days
        moved = outcome(
            self._rng, [noise.POSTED_LATE.times(self._noise), noise.POSTED_EARLY.times(self._noise)], len(lines)
        )
        moved[_EVERY_DAY[lines["channel"]]] = 0
        place = np.searchsorted(bank_days, lines["bank_day"])
        day = bank_days[np.maximum(place + (moved == 1) - (moved == 2), 0)]
        lines["bank_day"] = np.where((moved > 0) & (day <= self._days.last), day, lines["bank_day"])
        self._follow_first_lines()

    def _follow_first_lines(self) -> None:
        """Lines of a group are shown on one day."""
        self._lines["bank_day"] = self._lines["bank_day"][self._place(self._lines["group"])]

    def mistype_amounts(self) -> None:
        """Shows some payments, deposits and payouts with another amount."""
        lines, count = self._lines, len(self._lines)
        off = self._rng.choice([-1, 1], count) * np.array(_SWAPPED_DIGITS)[self._rng.integers(0, 3, count)]
        off *= self._rng.integers(1, 9, count)
        is_mistyped = self._befalls(noise.OTHER_AMOUNT, count) & (lines["truth"] == Truth.PAYMENT)
        is_mistyped &= lines["amount_cents"] + off > 0
        lines["amount_cents"] += np.where(is_mistyped, off, 0)
        lines["truth"][is_mistyped] = Truth.AMOUNT_DIFFERS

    def split_deposits(self) -> None:
        """Shows some deposits in two parts."""
        lines = self._lines
        is_deposit = (lines["batch"] > 0) & (lines["channel"] == _CHECK) & (lines["truth"] == Truth.PAYMENT)
        percent = self._rng.integers(*_SECOND_PART_PERCENT, len(lines))
        split = np.flatnonzero(is_deposit & self._befalls(noise.SPLIT_DEPOSIT, len(lines)))
        second_cents = lines["amount_cents"][split] * percent[split] // 100
        lines["amount_cents"][split] -= second_cents
        lines["truth"][split] = Truth.SPLIT
        seconds = lines[split]
        seconds["amount_cents"] = second_cents
        first_keys = lines["key"][split]
        is_member = np.isin(self._pairs["key"], first_keys)
        self._pairs["needs_number"][is_member] = True
        members = self._pairs[is_member]
        members["key"] = self._append(seconds, group=first_keys)[np.searchsorted(first_keys, members["key"])]
        self._pairs = np.concatenate([self._pairs, members])

    def mangle_references(self) -> None:
        """Leaves out or spoils what some lines say of whose money they are."""
        lines = self._lines
        count, is_batch = len(lines), lines["batch"] > 0
        singly = outcome(
            self._rng,
            [rate.times(self._noise) for rate in (noise.WITHOUT_TRANSFER_ID, noise.MANGLED_REFERENCE, noise.BARE_LINE)],
            count,
        )
        together = outcome(
            self._rng, [rate.times(self._noise) for rate in (noise.NUMBER_MISSING, noise.NUMBER_MANGLED)], count
        )
        spoiled = self._rng.integers(Spelling.SWAPPED, Spelling.MISSING, count)
        spoiled_or_missing = self._rng.integers(Spelling.SWAPPED, Spelling.MISSING + 1, count)
        lines["spelling"] = np.select(
            [
                is_batch & (together == 1),
                is_batch & (together == 2),
                ~is_batch & (singly == 2),
                ~is_batch & (singly == 3),
            ],
            [np.full(count, Spelling.MISSING), spoiled, spoiled, spoiled_or_missing],
            Spelling.PLAIN,
        )
        lines["has_id"] &= ~is_batch & (singly != 1) & (singly != 3)

    def repeat_lines(self) -> None:
        """Shows some lines twice."""
        again = self._lines[self._befalls(noise.POSTED_TWICE, len(self._lines))]
        again["truth"] = Truth.DUPLICATE
        self._pair_with_nothing(self._append(again, group=again["group"].copy()))

    def add_bank_fees(self) -> None:
        """Adds what the bank charges for some deposits and for some checks that came back."""
        lines = self._lines
        is_charged = self._befalls(noise.BANK_FEE, len(lines)) & (lines["channel"] == _CHECK)
        fees = lines[is_charged & np.isin(lines["truth"], (Truth.PAYMENT, Truth.RETURN))]
        fees["amount_cents"] = -np.array(_BANK_FEES_CENTS)[(fees["kind"] == RETURN).astype(np.int64)]
        fees["kind"], fees["truth"], fees["spelling"], fees["has_id"] = FEE, Truth.FEE, Spelling.MISSING, False
        self._pair_with_nothing(self._append(fees))

    def shown(self, never_shown: Pairs) -> Shown:
        """The lines as they are now, what they stand for, and what of it is left over."""
        lines, pairs = self._lines, self._pairs
        of_line = self._place(pairs["key"])
        pairs["bank_day"], pairs["group"] = lines["bank_day"][of_line], lines["group"][of_line]
        pairs["line_cents"] = lines["amount_cents"][of_line]
        says_less = np.isin(lines["truth"], (Truth.AMOUNT_DIFFERS, Truth.SPLIT))[of_line]
        is_payment = pairs["truth"] == Truth.PAYMENT
        pairs["truth"] = np.where(is_payment & says_less, lines["truth"][of_line], pairs["truth"])

        # every part of a deposit has to name it
        is_named = np.ones(len(lines), dtype=np.bool_)
        part = np.flatnonzero((lines["truth"] != Truth.DUPLICATE) & (lines["kind"] != FEE))
        is_said = lines["has_id"] | (lines["spelling"] == Spelling.PLAIN)
        np.logical_and.at(is_named, self._place(lines["group"][part]), is_said[part])
        named = is_named[self._place(pairs["group"])]
        is_batch = lines["batch"][of_line] > 0
        differs = pairs["truth"] == Truth.AMOUNT_DIFFERS
        pairs["is_matchable"] &= np.where(is_batch, ~differs & (named | ~pairs["needs_number"]), named | ~differs)
        pairs["doubt"] = np.where(~is_batch & ~named, ALIKE, pairs["doubt"])
        every = np.concatenate([pairs, never_shown])
        return Shown(lines, every, self._leftovers(every, is_batch, named))

    def _leftovers(self, pairs: Pairs, is_batch: Flags, named: Flags) -> Leftovers:
        """Of what comes singly, lines that do not say whose money they are, and payments that no line speaks of."""
        have_line = len(is_batch)
        strangers = np.isin(pairs["truth"][:have_line], (Truth.UNSENT, Truth.DUPLICATE))
        lines = np.flatnonzero(~is_batch & (~named | strangers) & (pairs["truth"][:have_line] != Truth.FEE))
        ours = np.concatenate([lines[~strangers[lines]], np.arange(have_line, len(pairs))])
        ours = ours[~BATCHED[pairs["channel"][ours]] | (pairs["own_cents"][ours] < 0)]
        found = np.zeros(len(lines) + len(ours), dtype=LEFT_OVER)
        which = np.concatenate([lines, ours])
        found["channel"] = pairs["channel"][which]
        found["amount_cents"] = np.append(pairs["line_cents"][lines], pairs["own_cents"][ours])
        found["day"] = np.append(pairs["bank_day"][lines], pairs["due"][ours])
        own_code = codes(pairs["identity"][which], pairs["own_cents"][which])
        found["code"] = np.where(pairs["identity"][which] > 0, own_code, -pairs["key"][which])
        return Leftovers(found, self._left_of_day)

    def _append(self, lines: Lines, group: Int64s | None = None) -> Int64s:
        """Adds lines, each a group of its own unless told otherwise, and returns their keys."""
        keys = self._first + 1 + len(self._lines) + np.arange(len(lines), dtype=np.int64)
        lines = lines.copy()
        lines["key"], lines["group"] = keys, keys if group is None else group
        self._lines = np.concatenate([self._lines, lines])
        return keys

    def _pair(
        self,
        keys: Int64s,
        identity: Int64s,
        own_cents: Int64s,
        truth: Bytes,
        *,
        is_matchable: Flags | bool = True,
        doubt: Int64s | int = CERTAIN,
        needs_number: Flags | bool = False,
    ) -> None:
        pairs = np.zeros(len(keys), dtype=PAIR)
        pairs["key"], pairs["identity"], pairs["own_cents"], pairs["truth"] = keys, identity, own_cents, truth
        pairs["due"], pairs["channel"] = (self._lines[name][self._place(keys)] for name in ("bank_day", "channel"))
        pairs["is_matchable"], pairs["doubt"], pairs["needs_number"] = is_matchable, doubt, needs_number
        self._pairs = np.concatenate([self._pairs, pairs])

    def _pair_with_nothing(self, keys: Int64s) -> None:
        truth = self._lines["truth"][self._place(keys)]
        nothing = np.zeros(len(keys), dtype=np.int64)
        self._pair(keys, nothing, nothing, truth, is_matchable=False)

    def _place(self, keys: Int64s) -> Int64s:
        return keys - self._first - 1

    def _befalls(self, rate: noise.Rate, count: int) -> Flags:
        befalls: Flags = self._rng.random(count) < rate.times(self._noise)
        return befalls
