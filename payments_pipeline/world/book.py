"""The loans of one chunk: terms, escrow, statuses and the habits of who pays them.

A loan is boarded with a balance that its own schedule explains: it was originated at a rate of its year, has paid a
number of level instalments since, and its balance is what the schedule leaves after those. Its first instalment with us
is the oldest one unpaid on the eve of the world, so a borrower who always pays on the 20th still owes the instalment of
the 1st when the world begins on the 10th.

Due days: about half of the loans fall due on the 1st and the rest are spread over the 2nd to the 28th. A real book is
nearer to all on the 1st; ours is spread so that an ordinary day has work to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from payments_pipeline.rules.amortisation import LAST_DUE_DAY, factors
from payments_pipeline.world.days import CHANNELS, day_number, days_in_month, month_number, months_of
from payments_pipeline.world.draws import Bytes, Doubles, Flags, Int64s, Stream, between, pick, stream
from payments_pipeline.world.parameters import Chunk, World


@dataclass(frozen=True, slots=True)
class Product:
    """A kind of loan."""

    name: str
    share: float
    term: int
    spread_ppm: int
    """How far its rate is from that of a 30-year loan of the same month."""


PRODUCTS: Final = (
    Product("fixed30", 0.80, 360, 0),
    Product("fixed20", 0.06, 240, -2_500),
    Product("fixed15", 0.14, 180, -6_250),
)

# Average 30-year fixed rate of the year in parts per million, to the eighth of a percent and within 2.75 % to 7.75 %,
# and the weight of the year's vintage in a book of today: refinancing has left little of the dear years.
VINTAGES: Final = {
    1995: (77_500, 1), 1996: (77_500, 1), 1997: (76_250, 1), 1998: (70_000, 2), 1999: (73_750, 1), 2000: (77_500, 1),
    2001: (70_000, 2), 2002: (65_000, 3), 2003: (58_750, 6), 2004: (58_750, 4), 2005: (58_750, 4), 2006: (63_750, 4),
    2007: (63_750, 4), 2008: (60_000, 4), 2009: (50_000, 8), 2010: (47_500, 8), 2011: (45_000, 8), 2012: (36_250, 18),
    2013: (40_000, 16), 2014: (41_250, 10), 2015: (38_750, 16), 2016: (36_250, 24), 2017: (40_000, 20),
    2018: (45_000, 16), 2019: (40_000, 26), 2020: (31_250, 90), 2021: (30_000, 110), 2022: (53_750, 50),
    2023: (67_500, 36), 2024: (67_500, 40), 2025: (66_250, 44),
}  # fmt: skip
LATEST_VINTAGE: Final = (62_500, 44)
RATE_STEP_PPM: Final = 1_250
LOWEST_RATE_PPM: Final = 27_500
HIGHEST_RATE_PPM: Final = 77_500

ORIGINAL_HUNDREDS: Final = (500, 1_000, 1_500, 1_900, 2_300, 2_700, 3_200, 3_900, 5_000, 7_600, 15_000)
"""Deciles of the original principal, in hundreds of dollars."""


@dataclass(frozen=True, slots=True)
class Habit:
    """How a borrower pays: so many days from the due date, and how likely in any month."""

    name: str
    share: float
    earliest: int
    latest: int
    pays: float
    months_behind: tuple[float, ...] = (1.0,)
    """Weights of being 0, 1, 2... months behind at boarding."""


HABITS: Final = (
    Habit("autopay", 0.520, 0, 0, 1.0),
    Habit("early", 0.100, -8, -1, 1.0),
    Habit("prompt", 0.205, 0, 5, 0.995),
    Habit("within_grace", 0.105, 6, 15, 0.99),
    Habit("late", 0.035, 16, 40, 0.97),
    Habit("behind", 0.020, 0, 28, 0.95, (0, 0.44, 0.21, 0.12, 0.08, 0.06, 0.04, 0.03, 0.02)),
    Habit("skips_months", 0.007, 0, 14, 0.60, (0.4, 0.4, 0.2)),
    Habit("stopped_paying", 0.008, 0, 0, 0.0, (0, 0, 0.2, 0.2, 0.15, 0.15, 0.1, 0.1, 0.1)),
)
AUTOPAY: Final = 0
_MONTHS_BACK: Final = 2  # the latest payer can still owe for a due date two months ago

RAILS: Final = {
    "ach": 0.585, "check": 0.140, "card": 0.065, "realtime": 0.060,
    "book": 0.060, "paypal": 0.035, "venmo": 0.030, "wire": 0.025,
}  # fmt: skip
"""What borrowers without autopay use; autopay is ACH, or a book transfer for those who bank where we do."""
AUTOPAY_BY_BOOK: Final = 0.06


@dataclass(frozen=True, slots=True)
class Status:
    """Something set from outside that changes what may be done with a loan's money."""

    name: str
    share: float
    pays: float
    """What is left of the chance that a payment is made while it lasts."""
    ends: float
    """How likely it ends before the world does."""
    months_behind: int
    reason: str


STATUSES: Final = (
    Status("bankruptcy", 0.006, 0.40, 0.30, 3, "chapter 13 petition filed; automatic stay"),
    Status("legal_hold", 0.002, 0.80, 0.30, 0, "litigation hold"),
    Status("stop_pay", 0.003, 0.20, 0.40, 0, "borrower stopped payments at the bank"),
    Status("charged_off", 0.003, 0.05, 0.00, 7, "charged off after 180 days past due"),
    Status("closed", 0.008, 0.10, 0.00, 0, "servicing transferred to another servicer"),
    Status("unknown", 0.002, 1.00, 0.50, 0, "status not received from the prior servicer"),
)
ENDED_REASON: Final = "released; back to active servicing"
ACTIVE, CLOSED = 0, 1 + [status.name for status in STATUSES].index("closed")
_SET_BEFORE_BOARDING: Final = 0.6
_LONGEST_BEFORE_BOARDING: Final = 700
_NEVER: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Book:
    """The loans of a chunk, a row a loan. Days and months are numbers, see `days.py`."""

    chunk: Chunk
    loan_id: Int64s
    product: Bytes
    originated_on: Int64s
    original_principal_cents: Int64s
    principal_cents: Int64s
    rate_ppm: Int64s
    payment_cents: Int64s
    escrow_cents: Int64s
    escrow_shortage_cents: Int64s
    annual_tax_cents: Int64s
    annual_insurance_cents: Int64s
    opening_escrow_cents: Int64s
    is_escrowed: Flags
    property_value_cents: Int64s
    due_day: Int64s
    first_due_month: Int64s
    term_instalments: Int64s
    last_instalment: Int64s
    grace_days: Int64s
    status: Bytes
    """0 for active throughout, else 1 + the place in STATUSES."""
    status_from: Int64s
    status_until: Int64s
    """First day on which it is over."""
    habit: Bytes
    habit_days: Int64s
    """From the due date to the day on which this borrower pays."""
    first_paid_month: Int64s
    """Month of the first due date that is paid when it comes; later than the first due month by the months behind."""
    channel: Bytes

    @property
    def instalment_cents(self) -> Int64s:
        """What falls due each month."""
        return self.payment_cents + self.escrow_cents + self.escrow_shortage_cents

    @property
    def first_due_on(self) -> Int64s:
        """Due date of the oldest instalment unpaid at boarding."""
        return days_in_month(self.first_due_month, self.due_day)


def book_of(world: World, chunk: Chunk) -> Book:
    """The loans of a chunk."""
    rng, n = stream(world.seed, chunk.number, Stream.LOANS), chunk.loans
    status, status_from, status_until = _statuses(world, chunk)

    habit = pick(rng, [habit.share for habit in HABITS], n)
    habit_days = _within(rng, [habit.earliest for habit in HABITS], [habit.latest for habit in HABITS], habit)
    due_day = np.where(rng.random(n) < 0.5, 1, rng.integers(2, LAST_DUE_DAY + 1, n))
    first_paid_month = _first_unpaid_month(world, due_day, habit_days)
    first_due_month = first_paid_month - _months_behind(rng, habit, status)

    product = pick(rng, [product.share for product in PRODUCTS], n)
    originated_month = np.minimum(_originated_months(rng, world, product), first_due_month - 2)
    originated_on = days_in_month(originated_month, rng.integers(1, LAST_DUE_DAY + 1, n))
    rate_ppm = _rates(rng, product, originated_month)
    original = between(rng, ORIGINAL_HUNDREDS, n) * 10_000
    term = np.array([product.term for product in PRODUCTS])[product]
    instalments_paid = first_due_month - (originated_month + 2)
    payment = level_payments(original, rate_ppm, term)
    remaining = term - instalments_paid

    value = original * 100 // rng.integers(55, 97, n)
    is_escrowed = rng.random(n) < 0.88
    tax = np.where(is_escrowed, value * rng.integers(60, 221, n) // 10_000, 0)
    insurance = np.where(is_escrowed, value * rng.integers(25, 91, n) // 10_000, 0)
    escrow = (tax + insurance + 6) // 12
    is_short = is_escrowed & (rng.random(n) < 0.10)

    first_due_on = days_in_month(first_due_month, due_day)
    last = np.where(status == CLOSED, np.minimum(remaining, _due_by(first_due_on, status_from)), remaining)
    return Book(
        chunk=chunk,
        loan_id=np.arange(chunk.first_loan, chunk.last_loan + 1, dtype=np.int64),
        product=product,
        originated_on=originated_on,
        original_principal_cents=original,
        principal_cents=scheduled_balances(original, payment, rate_ppm, instalments_paid),
        rate_ppm=rate_ppm,
        payment_cents=payment,
        escrow_cents=escrow,
        escrow_shortage_cents=np.where(is_short, rng.integers(500, 7_501, n), 0),
        annual_tax_cents=tax,
        annual_insurance_cents=insurance,
        opening_escrow_cents=escrow * rng.integers(1, 12, n),
        is_escrowed=is_escrowed,
        property_value_cents=value,
        due_day=due_day,
        first_due_month=first_due_month,
        term_instalments=remaining,
        last_instalment=last,
        grace_days=np.where(rng.random(n) < 0.9, 15, 10),
        status=status,
        status_from=np.maximum(status_from, np.where(status == ACTIVE, 0, originated_on)),
        status_until=status_until,
        habit=habit,
        habit_days=habit_days,
        first_paid_month=first_paid_month,
        channel=_channels(rng, habit),
    )


def _statuses(world: World, chunk: Chunk) -> tuple[Bytes, Int64s, Int64s]:
    """Status of each loan, from which day, and until which.

    Shares are met exactly and every status occurs, if the chunk has loans enough: a small world should show them all.
    """
    rng, n = stream(world.seed, chunk.number, Stream.STATUSES), chunk.loans
    first_day, last_day = day_number(world.first_day), day_number(world.last_day)
    status = np.zeros(n, dtype=np.uint8)
    status_from = np.zeros(n, dtype=np.int64)
    status_until = np.full(n, _NEVER, dtype=np.int64)
    shuffled, taken = rng.permutation(n), 0
    for number, kind in enumerate(STATUSES, start=1):
        count = max(round(kind.share * n), 1) if n >= 100 else 0
        loans = shuffled[taken : taken + count]
        taken += count
        earliest = first_day - 1 if number == CLOSED else first_day - 1 - _LONGEST_BEFORE_BOARDING
        begun = rng.integers(earliest, first_day, count)
        begins = rng.integers(first_day, last_day + 1, count)
        starts = np.where(rng.random(count) < _SET_BEFORE_BOARDING, begun, begins)
        ends = np.maximum(starts, first_day) + 1 + rng.integers(0, world.days, count)
        is_ended = (rng.random(count) < kind.ends) & (ends <= last_day)
        status[loans] = number
        status_from[loans] = starts
        status_until[loans] = np.where(is_ended, ends, _NEVER)
    return status, status_from, status_until


def _first_unpaid_month(world: World, due_day: Int64s, habit_days: Int64s) -> Int64s:
    """The first month whose due date is not paid before the world begins by someone who pays by the habit."""
    first_day, month = day_number(world.first_day), month_number(world.first_day)
    found = np.full(len(due_day), month + 2, dtype=np.int64)
    for candidate in range(month + 1, month - _MONTHS_BACK - 1, -1):
        paid_on = days_in_month(np.full(len(due_day), candidate, dtype=np.int64), due_day) + habit_days
        found[paid_on >= first_day] = candidate
    return found


def _months_behind(rng: np.random.Generator, habit: Bytes, status: Bytes) -> Int64s:
    behind = np.zeros(len(habit), dtype=np.int64)
    for number, kind in enumerate(HABITS):
        loans = np.flatnonzero(habit == number)
        behind[loans] = pick(rng, kind.months_behind, len(loans))
    least: Int64s = np.array([0, *(kind.months_behind for kind in STATUSES)])[status]
    return np.maximum(behind, least)


def _originated_months(rng: np.random.Generator, world: World, product: Bytes) -> Int64s:
    """Month of origination, by the weights of the vintages, late enough that the loan still runs."""
    latest = month_number(world.first_day) - 1
    months = np.zeros(len(product), dtype=np.int64)
    for number, kind in enumerate(PRODUCTS):
        candidates = np.arange(latest - kind.term + 4, latest + 1)
        weights = [_vintage(1970 + int(month) // 12)[1] for month in candidates]
        loans = np.flatnonzero(product == number)
        bounds = np.cumsum(weights)
        months[loans] = candidates[np.searchsorted(bounds, rng.integers(0, bounds[-1], len(loans)), side="right")]
    return months


def _vintage(year: int) -> tuple[int, int]:
    return VINTAGES.get(max(year, min(VINTAGES)), LATEST_VINTAGE)


def _rates(rng: np.random.Generator, product: Bytes, originated_month: Int64s) -> Int64s:
    """The year's rate, the product's spread, and up to half a percent for who the borrower is."""
    oldest = int(originated_month.min()) // 12
    years = range(oldest, int(originated_month.max()) // 12 + 1)
    average = np.array([_vintage(1970 + year)[0] for year in years])[originated_month // 12 - oldest]
    spread = np.array([product.spread_ppm for product in PRODUCTS])[product]
    steps = rng.integers(-2, 3, len(product)) + rng.integers(-2, 3, len(product))
    rates: Int64s = ((average + spread) // RATE_STEP_PPM + steps) * RATE_STEP_PPM
    return np.clip(rates, LOWEST_RATE_PPM, HIGHEST_RATE_PPM)


def _channels(rng: np.random.Generator, habit: Bytes) -> Bytes:
    rails = np.array([CHANNELS.index(name) for name in RAILS], dtype=np.uint8)
    drawn = rails[pick(rng, list(RAILS.values()), len(habit))]
    is_book = rng.random(len(habit)) < AUTOPAY_BY_BOOK
    automatic = np.where(is_book, CHANNELS.index("book"), CHANNELS.index("ach"))
    return np.where(habit == AUTOPAY, automatic, drawn).astype(np.uint8)


def _within(rng: np.random.Generator, low: list[int], high: list[int], kind: Bytes) -> Int64s:
    """For each loan a whole number from the low to the high of its kind, ends included."""
    start, width = np.array(low)[kind], (np.array(high) - np.array(low) + 1)[kind]
    drawn: Int64s = start + (rng.integers(0, 2**20, len(kind)) * width >> 20)
    return drawn


def _due_by(first_due_on: Int64s, day: Int64s) -> Int64s:
    """How many instalments have fallen due by the end of a day: `rules.amortisation.instalments_due`, for columns."""
    first_month, first_day_of_month = months_of(first_due_on)
    month, day_of_month = months_of(day)
    due: Int64s = month - first_month + (day_of_month >= first_day_of_month)
    return np.maximum(due, 0)


@cache
def _factor_tables() -> tuple[Doubles, Doubles, Doubles]:
    """Growth, annuity and payment per unit of principal: a row an eighth of a percent, a column an instalment."""
    rates = range(LOWEST_RATE_PPM, HIGHEST_RATE_PPM + 1, RATE_STEP_PPM)
    longest = max(product.term for product in PRODUCTS)
    table = np.array([[row[1:] for row in factors(rate, longest)] for rate in rates])
    growth, annuity = table[..., 0], table[..., 1]
    payment = np.divide(growth, annuity, out=np.zeros_like(growth), where=annuity > 0)
    return growth, annuity, payment


def _rate_rows(rate_ppm: Int64s) -> npt.NDArray[np.int64]:
    return (rate_ppm - LOWEST_RATE_PPM) // RATE_STEP_PPM


def level_payments(original: Int64s, rate_ppm: Int64s, term: Int64s) -> Int64s:
    """The monthly principal and interest that pays a loan off within its term."""
    per_unit: Doubles = _factor_tables()[2][_rate_rows(rate_ppm), term]
    return np.rint(original.astype(np.float64) * per_unit).astype(np.int64)


def scheduled_balances(original: Int64s, payment: Int64s, rate_ppm: Int64s, paid: Int64s) -> Int64s:
    """What the schedule leaves after so many instalments: `rules.amortisation.balance`, for columns."""
    growth, annuity, _ = _factor_tables()
    rows = _rate_rows(rate_ppm)
    grown = original.astype(np.float64) * growth[rows, paid]
    return np.rint(grown - payment.astype(np.float64) * annuity[rows, paid]).astype(np.int64)
