"""The order in which days are run, and how often, decides nothing: small worlds, run in several orders."""

import random
import string
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import permutations
from typing import NamedTuple

import pytest

from payments_pipeline.postgres.connect import Database
from payments_pipeline.rules.calendar import add_bank_days
from payments_pipeline.rules.settlement import RULES, fee_cents
from tests.reconciliation.desk import MONDAY, Desk, Row, load_rules
from tests.reconciliation.test_passes import run_days

DAYS = [add_bank_days(MONDAY, n) for n in range(5)]
BANK_DAYS = [date(2026, 7, 2), date(2026, 7, 3), *DAYS]
ORDERS = (
    [0, 1, 2, 3, 4],
    [4, 3, 2, 1, 0],
    [2, 4, 1, 0, 3],
    [0, 1, 2, 3, 4, 0, 2, 1],
    [3, 0, 4, 2, 1, 3, 2, 0],
)


class Payment(NamedTuple):
    """A payment that we know of, which settles on a day of `DAYS`."""

    day: int
    reference: str
    cents: int = 10_000
    channel: str = "ach"
    transfer: str | None = None
    batch: str | None = None


class Line(NamedTuple):
    """A line of the bank on a day of `DAYS`."""

    day: int
    reference: str | None
    cents: int = 10_000
    channel: str = "ach"
    transfer: str | None = None


World = Sequence[Payment | Line]


@pytest.fixture
def desk(database: Database) -> Iterator[Desk]:
    with database.connect() as connection:
        yield Desk(connection)


def lived(desk: Desk, world: World, order: Sequence[int]) -> list[list[Row]]:
    """What is left of a world whose days were run in this order."""
    desk.connection.rollback()
    load_rules(desk.connection)
    desk.numbers = iter(range(1, 1000))  # type: ignore[assignment]
    for day in DAYS:  # a rail that always has something, so that the day is reconciled
        desk.line("x", 1, channel="book", day=day)
    for one in world:
        if isinstance(one, Payment):
            value_date = BANK_DAYS[one.day + 2 - RULES[one.channel].lag_bank_days]
            desk.payment(
                one.reference, one.cents, channel=one.channel, value_date=value_date, transfer=one.transfer,
                batch=one.batch,
            )  # fmt: skip
        else:
            desk.line(one.reference, one.cents, channel=one.channel, day=DAYS[one.day], transfer=one.transfer)
    run_days(desk, *(DAYS[number] for number in order))
    assert desk.broken_laws() == []
    return [
        desk.rows(
            "select bank_day, line_id, our_day, payment_id, kind, bank_cents, our_cents, method "
            "from reconciliation.matches order by 1, 2, 3, 4, 5"
        ),
        desk.rows(
            "select bank_day, side, item_id, status, variance_cents from reconciliation.items order by 1, 2, 3"
        ),
        desk.rows("select category, business_date, subcategory, severity from operations.exception_cases "
                  "where state = 'open' order by 1, 2, 3"),
    ]  # fmt: skip


def differing(desk: Desk, world: World, orders: Sequence[Sequence[int]] = ORDERS) -> list[Sequence[int]]:
    """The orders that leave behind something else than the first."""
    first, *others = orders
    expected = lived(desk, world, first)
    return [order for order in others if lived(desk, world, order) != expected]


def small_worlds(seed: int, number: int = 20) -> list[Payment | Line]:
    """Small worlds beside each other, each with amounts and names of its own: ties, repeats, parts, spoiled references."""
    chance = random.Random(seed)
    world: list[Payment | Line] = []
    for nth in range(number):
        letters = string.ascii_uppercase[nth] * 3
        channel = chance.choice(["ach", "wire"])
        whole, part = 10_000 + nth, 4_000 - nth
        amounts = chance.choice([[whole], [part, whole - part], [whole, part, whole - part]])  # of the lines
        names = [f"{letters}0910123456", f"{letters}0910123465", f"{letters}09101234", letters]
        for place in range(chance.randint(2, 6)):
            day, name = chance.randrange(len(DAYS)), chance.choice(names)
            if chance.random() < 0.5:
                transfer = chance.choice([None, f"x_{letters}{place}"])
                world.append(Payment(day, name, chance.choice([whole, whole, *amounts]), channel, transfer))
            else:
                transfer = chance.choice([None, f"x_{letters}{chance.randrange(place + 2)}"])
                world.append(Line(day, chance.choice([name, None]), chance.choice(amounts), channel, transfer))
    return world


@pytest.mark.parametrize("seed", range(1, 4))
def test_the_order_in_which_days_are_run_decides_nothing(desk: Desk, seed: int) -> None:
    assert differing(desk, small_worlds(seed)) == []


def deposits_and_payouts(seed: int) -> list[Payment | Line]:
    """Batches of three rails: with and without a number, of one day and of several, in full, in part, in pieces, twice."""
    chance = random.Random(seed)
    world: list[Payment | Line] = []
    for channel in ("check", "card", "venmo"):
        names: list[list[str | None]] = [["DEP01"], ["DEP01", None], ["DEP01", "PAY77"], ["DEP01", "PAY77", None]]
        numbers = chance.choice(names)
        days = chance.choice([1, 2, 3, 5])
        members = [
            Payment(
                chance.randrange(days), f"{channel}{place}", chance.choice([1_000, 2_000, 3_000, 5_000]), channel,
                batch=chance.choice(numbers),
            )
            for place in range(chance.randint(1, 5))
        ]  # fmt: skip
        world += members
        for _ in range(chance.randint(1, 4)):
            number = chance.choice([*numbers, None])
            named = [payment for payment in members if payment.batch == number]
            some = chance.choice([members, named or members, chance.sample(members, chance.randint(1, len(members)))])
            kept = sum(fee_cents(payment.cents, RULES[channel]) for payment in some)
            cents = sum(payment.cents for payment in some) - chance.choice([0, kept])
            half = cents // 2
            pieces = chance.choice([[cents], [cents], [half, cents - half]])
            world += [Line(chance.randrange(days), number, piece, channel) for piece in pieces]
    return world


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_the_order_decides_nothing_about_deposits_and_payouts_either(desk: Desk, seed: int) -> None:
    assert differing(desk, deposits_and_payouts(seed)) == []


@pytest.mark.parametrize("channel", ["ach", "wire"])
def test_a_rival_beyond_the_day_s_own_window_is_a_rival(desk: Desk, channel: str) -> None:
    reach = {"ach": 2, "wire": 1}[channel]
    world: World = [
        Payment(0, "REF-AAAAAA", channel=channel),
        Line(reach, None, channel=channel),
        Payment(2 * reach, "REF-BBBBBB", channel=channel),
    ]
    for order in permutations((0, reach, 2 * reach)):
        matches, *_ = lived(desk, world, order)
        assert matches == []


def test_a_line_beyond_the_day_s_own_window_is_a_rival(desk: Desk) -> None:
    world: World = [
        Line(0, None, channel="wire"),
        Payment(1, "FED-AAAAAA", channel="wire"),
        Line(2, None, channel="wire"),
    ]
    for order in permutations((0, 1, 2)):
        matches, *_ = lived(desk, world, order)
        assert matches == []
