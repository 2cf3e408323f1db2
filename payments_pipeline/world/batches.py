"""Which deposit or payout each payment of a chunk is in.

A lockbox deposits checks some dozens at a time; a processor pays out once a day, or several times where it has much to pay
out. Each batch holds payments of one rail that settle on the same day, and has a number that is unique in the world.
Payments that come by themselves are in batch 0.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from payments_pipeline.rules.settlement import RULES
from payments_pipeline.world import noise
from payments_pipeline.world.book import Book
from payments_pipeline.world.days import CHANNELS, Days
from payments_pipeline.world.draws import Flags, Int64s, Stream, stream
from payments_pipeline.world.parameters import World
from payments_pipeline.world.payments import IDENTITIES_PER_CHUNK, Payments

MOST_CHECKS: Final = 50
"""In a deposit."""
MOST_PAID_OUT: Final = 400
"""Payments in a payout."""
BATCHED: Final = np.array([RULES[channel].grouped_by != "transfer" for channel in CHANNELS])
"""By channel, whether its money comes in batches."""

_FEWEST_CHECKS: Final = 30
_CHECK: Final = CHANNELS.index("check")


def batches_of(world: World, book: Book, payments: Payments, days: Days) -> Int64s:
    """The batch of each payment."""
    settled_on = days.settlement(payments.value_date, payments.channel)
    rng = stream(world.seed, book.chunk.number, Stream.BATCHES)
    rows = np.flatnonzero(BATCHED[payments.channel])
    rows = rows[np.lexsort((rng.random(len(rows)), settled_on[rows], payments.channel[rows]))]
    channel = payments.channel[rows]
    run, place = _runs(channel.astype(np.int64) * 2**32 + settled_on[rows])
    most = np.where(channel == _CHECK, rng.integers(_FEWEST_CHECKS, MOST_CHECKS + 1, len(rows))[run], MOST_PAID_OUT)
    batch = np.zeros(len(payments), dtype=np.int64)
    batch[rows] = book.chunk.number * IDENTITIES_PER_CHUNK + 1 + _runs(run * 2**32 + place // most)[0]
    return batch


def told_batches(world: World, book: Book, batch: Int64s) -> Int64s:
    """The batch that the source names for each payment; 0 where it does not say."""
    rng = stream(world.seed, book.chunk.number, Stream.BATCH_NAMES)
    first = book.chunk.number * IDENTITIES_PER_CHUNK
    is_untold: Flags = rng.random(int(batch.max(initial=first)) - first + 1) < noise.BATCH_UNTOLD.times(world.noise)
    is_left_out = rng.random(len(batch)) < noise.MEMBER_UNTOLD.times(world.noise)
    return np.where((batch > 0) & ~is_left_out & ~is_untold[np.maximum(batch - first, 0)], batch, 0)


def _runs(keys: Int64s) -> tuple[Int64s, Int64s]:
    """The number of the run of equal neighbours that each key is in, and its place in it, both from 0."""
    starts = np.flatnonzero(np.diff(keys, prepend=-1))
    run = np.cumsum(np.diff(keys, prepend=-1) != 0) - 1
    return run, np.arange(len(keys)) - starts[run]
