"""What a world is asked to be, and how it is cut into chunks.

A chunk is a run of consecutive loans. Every random draw of a chunk comes from streams seeded by the world's seed, the
chunk's number and the purpose of the draw, so that a chunk can be made alone, on any machine, and comes out the same.
The size of the chunks is part of the world for that reason; it is not a tuning knob.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from payments_pipeline.errors import PaymentsError

CHUNK_LOANS: Final = 250_000
MAX_CHUNKS: Final = 99  # references have ten digits of identity, see payments.py
MAX_DAYS: Final = 3_660
FIRST_YEARS: Final = (
    1990,
    2099,
)  # dates beside the first day, such as those of mortgages, are far from where dates end
MAX_HISTORY_YEARS: Final = 5


class WorldError(PaymentsError):
    """A world that cannot be made, written or read as asked."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A run of consecutive loans, and of the borrowers that owe them: two loans to a borrower."""

    number: int
    first_loan: int
    loans: int

    @property
    def last_loan(self) -> int:
        """Number of the last loan."""
        return self.first_loan + self.loans - 1

    @property
    def first_borrower(self) -> int:
        """Number of the first borrower."""
        return (self.first_loan + 1) // 2

    @property
    def borrowers(self) -> int:
        """How many owe the loans."""
        return (self.last_loan + 1) // 2 - self.first_borrower + 1


@dataclass(frozen=True, slots=True)
class World:
    """The parameters of a world. Two equal worlds are the same bytes."""

    loans: int = 500
    seed: int = 1
    first_day: date = date(2026, 6, 29)
    """The default week has a month's end, a first of the month and the Friday before a holiday, with banks open."""
    days: int = 7
    noise: float = 1.0
    """1 for the rates of real life, 0 for none, 3 for three times as much."""
    peak_day: date | None = None
    peak_payments: int | None = None
    """How many distinct payments are dated on the peak day, over the whole book."""
    chunk_loans: int = CHUNK_LOANS
    history_years: int = 0
    """Whole calendar years before that of the first day of which the former system's postings come along; 0 for none."""

    def __post_init__(self) -> None:
        for fault in self._faults():
            raise WorldError(f"This world cannot be made: {fault}.", "Change the parameter and generate again.")

    def _faults(self) -> Iterator[str]:
        if not 0 <= self.seed < 2**63:
            yield f"expected a seed from 0 to 2^63 - 1, found {self.seed}"
        if not FIRST_YEARS[0] <= self.first_day.year <= FIRST_YEARS[1]:
            yield f"expected a first day in the years {FIRST_YEARS[0]} to {FIRST_YEARS[1]}, found {self.first_day}"
        if not 1 <= self.days <= MAX_DAYS:
            yield f"expected from 1 to {MAX_DAYS:,} days, found {self.days:,}"
        if not 0 <= self.noise <= 5:
            yield f"expected noise from 0 to 5, found {self.noise}"
        if self.chunk_loans < 2 or self.chunk_loans % 2:
            yield f"expected an even number of loans in a chunk, found {self.chunk_loans}"
        elif not 1 <= self.loans <= MAX_CHUNKS * self.chunk_loans:
            yield f"expected from 1 to {MAX_CHUNKS * self.chunk_loans:,} loans, found {self.loans:,}"
        if (self.peak_day is None) != (self.peak_payments is None):
            yield "a peak needs both its day and its number of payments"
        if not 0 <= self.history_years <= MAX_HISTORY_YEARS:
            yield f"expected a history of 0 to {MAX_HISTORY_YEARS} years, found {self.history_years}"
        if self.peak_day is not None and not self.first_day <= self.peak_day <= self.last_day:
            yield f"the peak day {self.peak_day} is outside {self.first_day} to {self.last_day}"
        if self.peak_payments is not None and not 0 <= self.peak_payments <= 4 * self.loans:
            yield f"expected at most four payments a loan on the peak day, found {self.peak_payments:,}"

    @property
    def last_day(self) -> date:
        """The last day on which anything happens."""
        return self.first_day + timedelta(days=self.days - 1)

    @property
    def boarded_on(self) -> date:
        """The whole book is boarded on the eve of the first day."""
        return self.first_day - timedelta(days=1)

    def chunks(self) -> list[Chunk]:
        """The chunks of the book, in the order of their loans."""
        starts = range(0, self.loans, self.chunk_loans)
        return [Chunk(n, start + 1, min(self.chunk_loans, self.loans - start)) for n, start in enumerate(starts)]

    def peak_quota(self, chunk: Chunk) -> int | None:
        """The chunk's share of the peak day; the shares of all chunks add up to the whole. None without a peak."""
        if self.peak_payments is None:
            return None
        before, upto = chunk.first_loan - 1, chunk.last_loan
        return self.peak_payments * upto // self.loans - self.peak_payments * before // self.loans
