"""What of a world nobody can match with certainty: lines that do not say whose money they are, and others just like them.

Such a line is found by its amount, if within some days no other line and no other payment that is left over has the same.
A deposit or payout of which the source said no number is found by its rail and day, if nothing else of them is left over.
That takes all of a world to know: the left-over things of all chunks are gathered here, which are few.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from payments_pipeline.world.draws import Bytes, Flags, Int64s

CERTAIN, ALIKE, OF_DAY = range(3)
"""What it takes to find a pair: what both sides say; that no other is like it; that nothing else of its day is left."""

WITHIN_DAYS: Final = 10
"""Farther apart than this nothing is mistaken for another: more than any rule's window, with a long weekend in it."""

Days = npt.NDArray[np.int32] | Int64s

LEFT_OVER: Final = np.dtype([("channel", np.uint8), ("amount_cents", np.int64), ("day", np.int32), ("code", np.int64)])
"""A line or payment that is found by its amount only. The two of a pair have the same code."""


class Leftovers(NamedTuple):
    """What is left over of a chunk."""

    alike: npt.NDArray[np.void]
    of_day: Int64s
    """Deposits, payouts and single payments of such, each as `rail_and_day`."""


def rail_and_day(channel: Bytes, day: Days) -> Int64s:
    """A number for each rail and day."""
    return channel.astype(np.int64) * 2**32 + day


def codes(identity: Int64s, own_cents: Int64s) -> Int64s:
    """A number for each payment and for each of their returns."""
    return identity * 2 + (own_cents < 0)


@dataclass(slots=True)
class Doubts:
    """What is left over of all chunks so far."""

    _alike: list[npt.NDArray[np.void]] = field(default_factory=list)
    _of_day: list[Int64s] = field(default_factory=list)

    def add(self, leftovers: Leftovers) -> None:
        """Gathers what is left over of a chunk."""
        self._alike.append(leftovers.alike)
        self._of_day.append(leftovers.of_day)

    def settled(self) -> Certainty:
        """What follows from all of them."""
        days, times = np.unique(np.concatenate(self._of_day), return_counts=True)
        return Certainty(self._mistakable(), days[times > 1])

    def _mistakable(self) -> Int64s:
        """Those with neighbours of the same rail and amount: one of the two next on either side is not of the pair."""
        found = np.sort(np.concatenate(self._alike), order=["channel", "amount_cents", "day", "code"])
        mistakable = np.zeros(len(found), dtype=np.bool_)
        for apart in (1, 2):
            one, other = found[:-apart], found[apart:]
            is_like = (
                (one["channel"] == other["channel"])
                & (one["amount_cents"] == other["amount_cents"])
                & (other["day"] - one["day"] <= WITHIN_DAYS)
                & (one["code"] != other["code"])
            )
            mistakable[:-apart] |= is_like
            mistakable[apart:] |= is_like
        codes_found: Int64s = found["code"][mistakable]
        return codes_found


@dataclass(frozen=True, slots=True)
class Certainty:
    """Which doubts remain."""

    mistakable: Int64s
    """Codes of what could be mistaken for another."""
    crowded: Int64s
    """Rails and days of which more than one deposit, payout or payment is left over."""

    def holds(self, doubt: Bytes, channel: Bytes, due: Days, code: Int64s) -> Flags:
        """Whether each pair is certain, as far as its doubt is about the rest of the world."""
        is_known: Flags = np.select(
            [doubt == ALIKE, doubt == OF_DAY],
            [
                np.isin(code, self.mistakable, invert=True),
                np.isin(rail_and_day(channel, due), self.crowded, invert=True),
            ],
            True,
        )
        return is_known
