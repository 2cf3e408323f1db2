"""Randomness that is the same on every machine.

Only integers and uniform doubles are drawn, and only comparisons, integer arithmetic and single multiplications follow:
logarithms, exponentials and sums of products differ in their last bit between processors, and a world must not.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

import numpy as np
import numpy.typing as npt

Int64s = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]
Doubles = npt.NDArray[np.float64]


class Stream(IntEnum):
    """What a stream of draws is for. Each is independent of the others: more noise changes no loan."""

    LOANS = 1
    STATUSES = 2
    PEOPLE = 3
    PAYMENTS = 4
    DELIVERIES = 5
    BANK = 6
    TAXPAYERS = 7
    BATCHES = 8
    BATCH_NAMES = 9
    HISTORY = 20
    ORIGINATIONS = 14


def stream(seed: int, chunk: int, purpose: Stream) -> np.random.Generator:
    """The draws of one chunk for one purpose."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, chunk, int(purpose)])))


def pick(rng: np.random.Generator, weights: Sequence[float], size: int) -> Bytes:
    """Indices into `weights`, each drawn in proportion to its weight."""
    bounds = np.cumsum(np.asarray(weights, dtype=np.float64))
    drawn = np.searchsorted(bounds, rng.random(size) * bounds[-1], side="right")
    picked: Bytes = np.minimum(drawn, len(weights) - 1).astype(np.uint8)
    return picked


def outcome(rng: np.random.Generator, rates: Sequence[float | Doubles], size: int) -> Bytes:
    """For each of `size` things, which of some exclusive outcomes befalls it: 1 for the first rate, 0 for none.

    A rate is one number, or an array with a number for each thing.
    """
    drawn = rng.random(size)
    befallen = np.zeros(size, dtype=np.uint8)
    upto: float | Doubles = 0.0
    for number, rate in enumerate(rates, start=1):
        below = upto + rate
        befallen[(drawn >= upto) & (drawn < below)] = number
        upto = below
    return befallen


def between(rng: np.random.Generator, knots: Sequence[int], size: int) -> Int64s:
    """Whole numbers spread so that each stretch between neighbouring knots holds the same share of them."""
    edges = np.asarray(knots, dtype=np.int64)
    stretch = rng.integers(0, len(edges) - 1, size)
    position = rng.integers(0, 2**20, size)
    start = edges[stretch]
    drawn: Int64s = start + ((edges[stretch + 1] - start) * position >> 20)
    return drawn


def scattered(values: Int64s, salt: int) -> npt.NDArray[np.uint64]:
    """64 well-mixed bits for each value (the finaliser of SplitMix64): a fixed function, not a draw."""
    mixed = values.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(salt)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
