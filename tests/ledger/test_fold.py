"""Posting held against the model, on random books: any arrival, any order of runs, any number of reruns.

One of each kind by default; SOAK_BOOKS says how many. A failure tells the seed of its book.
"""

import os
import random
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from payments_pipeline.ledger.posting import post_day
from payments_pipeline.operations.digest import digests
from payments_pipeline.operations.laws import check_all
from payments_pipeline.postgres.connect import Database
from payments_pipeline.rules import amortisation
from payments_pipeline.rules.amortisation import Terms
from tests.ledger import worlds
from tests.ledger.model import Receipt, replay

DAYS = 24
LOANS = 40
SOAKED = int(os.environ.get("SOAK_BOOKS", "1"))
HELD = {
    "one_reversal_per_payment",
    "what_was_reversed_is_given_back",
    "every_seal_recomputes",
    "every_chain_recomputes",
}
"""Laws that must hold, though the words of these books are written by the test and not all of them are delivered."""
PARTS = ("fees", "interest", "principal", "escrow", "suspense", "returned")

Held = tuple[dict[Any, Any], dict[Any, Any], dict[Any, Any], dict[Any, Any]]


def wanted(book: list[worlds.Loan]) -> Held:
    """What the model says the ledger holds: parts by payment, releases by day, fees by cause, suspense by loan."""
    policies = worlds.load_policies()
    parts: dict[Any, Any] = {}
    releases: dict[Any, Any] = {}
    fees: dict[Any, Any] = {}
    suspense: dict[Any, Any] = {}
    for loan in book:
        last = worlds.FIRST + timedelta(days=DAYS - 1)
        outcome = replay(loan.terms, loan.grace_days, loan.statuses, policies, loan.receipts, worlds.FIRST, last)
        parts |= {(loan.loan_id, payment): _present(of) for payment, of in outcome.parts.items()}
        releases |= {(loan.loan_id, day): _present(of) for day, of in outcome.releases.items() if _present(of)}
        fees |= {(loan.loan_id, *fee): cents for fee, cents in outcome.fees.items()}
        suspense[loan.loan_id] = outcome.suspense
    return parts, releases, fees, suspense


def held(connection: psycopg.Connection[Any]) -> Held:
    """What the ledger does hold, in the same shape."""
    parts: dict[Any, Any] = {}
    releases: dict[Any, Any] = defaultdict(dict)
    for loan, subject, kind, day, *cents in connection.execute(
        "select loan_id, subject_id::text, kind, effective_on, sum(fees_cents)::bigint, sum(interest_cents)::bigint, "
        "sum(principal_cents)::bigint, sum(escrow_cents)::bigint, sum(suspense_cents)::bigint, sum(returned_cents)::bigint "
        "from ledger.allocations where kind <> 'return' group by 1, 2, 3, 4"
    ):
        found = _present(dict(zip(PARTS, cents, strict=True)))
        if kind == "receipt":
            parts[loan, subject] = found
        elif found:
            found.pop("suspense")
            releases[loan, day] = found
    fees = connection.execute(
        "select loan_id, kind, coalesce(instalment::text, payment_id::text), sum(amount_cents)::bigint "
        "from ledger.fees group by 1, 2, 3 having sum(amount_cents) <> 0"
    )
    suspense = connection.execute("select loan_id, suspense_cents from ledger.balances where loan_id <> 0")
    return parts, dict(releases), {row[:3]: row[3] for row in fees}, dict(suspense.fetchall())


def _present(parts: dict[str, int]) -> dict[str, int]:
    return {part: cents for part, cents in parts.items() if cents}


def post(connection: psycopg.Connection[Any], days: list[Any]) -> None:
    for day in days:
        post_day(connection, day)
        connection.commit()


def all_days() -> list[Any]:
    return [worlds.FIRST + timedelta(days=n) for n in range(DAYS)]


@pytest.mark.parametrize("seed", range(11, 11 + SOAKED))
def test_posting_day_by_day_gives_what_the_model_gives(database: Database, seed: int) -> None:
    book = worlds.random_book(seed, LOANS, DAYS)
    with worlds.begin(database, book) as connection:
        worlds.deliver(connection, worlds.words_of(book), worlds.FIRST + timedelta(days=DAYS))
        post(connection, all_days())
        assert held(connection) == wanted(book)


@pytest.mark.parametrize("seed", range(12, 12 + SOAKED))
def test_any_order_of_arrival_and_of_runs_gives_the_same_state(database: Database, seed: int) -> None:
    book = worlds.random_book(seed, LOANS, DAYS)
    rng = random.Random(seed)
    words = worlds.words_of(book)
    rng.shuffle(words)
    with worlds.begin(database, book) as connection:
        ran: set[Any] = set()
        for number, chunk in enumerate([words[0::3], words[1::3], words[2::3]]):
            worlds.deliver(connection, chunk, worlds.FIRST + timedelta(days=DAYS + number))
            days = {day for word in chunk for day in word.days} | set(rng.sample(all_days(), 4))
            if number == 2:
                days |= set(all_days()) - ran
            shuffled = sorted(days)
            rng.shuffle(shuffled)
            post(connection, shuffled)
            ran |= days
        assert held(connection) == wanted(book)


@pytest.mark.parametrize("seed", range(11, 11 + SOAKED))
def test_an_instant_that_turns_out_to_be_earlier_orders_receipts_and_dates_returns(
    database: Database, seed: int
) -> None:
    book = worlds.random_book(seed, LOANS, DAYS)
    rng = random.Random(seed)
    first, mended = worlds.tell_later(worlds.words_of(book), rng)
    rng.shuffle(mended)
    with worlds.begin(database, book) as connection:
        worlds.deliver(connection, first, worlds.FIRST + timedelta(days=DAYS))
        post(connection, all_days())
        before = held(connection)
        for number, chunk in enumerate([mended[0::2], mended[1::2]]):
            worlds.tell_earlier(connection, chunk, worlds.FIRST + timedelta(days=DAYS + 1 + number))
            days = sorted({day for word in chunk for day in word.days})
            rng.shuffle(days)
            post(connection, days)
        assert held(connection) == wanted(book) != before
        connection.commit()
        assert not [result for result in check_all(connection) if not result.holds and result.checked.name in HELD]


def test_running_every_day_again_adds_nothing(database: Database) -> None:
    book = worlds.random_book(21, LOANS, DAYS)
    with worlds.begin(database, book) as connection:
        worlds.deliver(connection, worlds.words_of(book), worlds.FIRST + timedelta(days=DAYS))
        post(connection, all_days())
        before = {kind: str(found) for kind, found in digests(connection).items()}
        connection.commit()
        backwards = list(reversed(all_days()))
        post(connection, backwards)
        assert {kind: str(found) for kind, found in digests(connection).items()} == before


def test_a_status_that_comes_to_light_late_is_folded_in_by_its_day(database: Database) -> None:
    book = worlds.random_book(31, LOANS, DAYS)
    with worlds.begin(database, book) as connection:
        worlds.deliver(connection, worlds.words_of(book), worlds.FIRST + timedelta(days=DAYS))
        post(connection, all_days())
        since = worlds.FIRST + timedelta(days=5)
        for loan in book[::2]:
            if all(on != since for on, _ in loan.statuses):
                loan.statuses.append((since, "bankruptcy"))
                connection.execute(
                    "insert into servicing.loan_statuses values (%s, %s, 'bankruptcy', 'late')", (loan.loan_id, since)
                )
        connection.commit()
        before = held(connection)
        post(connection, [since])
        assert held(connection) == wanted(book) != before


@pytest.mark.parametrize("backwards", [False, True])
def test_what_a_hold_kept_in_suspense_is_released_on_the_day_it_ends(database: Database, backwards: bool) -> None:
    terms = Terms(10_000_00, 30_000, amortisation.level_payment(10_000_00, 30_000, 12), worlds.FIRST, 12, 12)
    ends, late = worlds.FIRST + timedelta(days=6), worlds.FIRST + timedelta(days=8)
    receipt = Receipt("00000000-0000-0000-0000-000000000001", worlds.FIRST + timedelta(days=3), 0, terms.payment_cents)
    # one held until the sixth day, and one whose receipt is told of when all days have been run
    book = [
        worlds.Loan(
            1, terms, 15, [(worlds.BOARDED, "legal_hold"), (ends, "active")], [receipt], {receipt.payment: "wire"}
        ),
        worlds.Loan(2, terms, 15, [(worlds.BOARDED, "stop_pay"), (late, "active")]),
    ]
    another = replace(receipt, payment="00000000-0000-0000-0000-000000000002")
    with worlds.begin(database, book) as connection:
        worlds.deliver(connection, worlds.words_of(book), worlds.FIRST + timedelta(days=DAYS))
        post(connection, list(reversed(all_days())) if backwards else all_days())
        assert held(connection) == wanted(book)
        book[1].receipts.append(another)
        book[1].channels[another.payment] = "ach"
        worlds.deliver(connection, [worlds.Word(2, another, "ach", False)], worlds.FIRST + timedelta(days=DAYS))
        post(connection, [another.effective_on])
        assert held(connection) == wanted(book)


def test_a_day_that_is_run_last_finds_the_loans_that_have_moved_on_since(database: Database) -> None:
    due, later = worlds.FIRST + timedelta(days=9), worlds.FIRST + timedelta(days=12)
    terms = Terms(10_000_00, 30_000, amortisation.level_payment(10_000_00, 30_000, 12), due, 12, 12)
    ahead = Receipt("00000000-0000-0000-0000-000000000001", worlds.FIRST + timedelta(days=2), 0, terms.payment_cents)
    # it goes back at once: all that it leaves is that the loan was looked at, and its suspense released, on its day
    back = Receipt("00000000-0000-0000-0000-000000000002", later, 0, 5_00, later)
    paid_late = Receipt("00000000-0000-0000-0000-000000000003", later, 0, terms.payment_cents)
    graced = due + timedelta(days=1)
    book = [
        worlds.Loan(1, terms, 15, [], [ahead, back], {ahead.payment: "wire", back.payment: "ach"}),
        worlds.Loan(2, terms, 1, [], [paid_late], {paid_late.payment: "wire"}),
    ]
    with worlds.begin(database, book) as connection:
        worlds.deliver(connection, worlds.words_of(book), worlds.FIRST + timedelta(days=DAYS))
        post(connection, [day for day in all_days() if day not in (due, graced)])
        assert held(connection)[1] == {(1, later): wanted(book)[1][1, due]}
        assert held(connection)[3] == {1: 0, 2: 0}
        post(connection, [graced, due])
        assert held(connection) == wanted(book)
        assert {(2, "late", "1")} == set(wanted(book)[2])


def test_a_hold_that_ended_earlier_than_known_lets_the_late_fee_fall_due(database: Database) -> None:
    terms = Terms(10_000_00, 30_000, amortisation.level_payment(10_000_00, 30_000, 12), worlds.FIRST, 12, 12)
    book = [worlds.Loan(1, terms, 10, [(worlds.BOARDED, "legal_hold")])]
    with worlds.begin(database, book) as connection:
        post(connection, all_days())
        ended = worlds.FIRST + timedelta(days=6)
        book[0].statuses.append((ended, "active"))
        connection.execute("insert into servicing.loan_statuses values (1, %s, 'active', 'late')", (ended,))
        connection.commit()
        post(connection, [ended])
        assert held(connection) == wanted(book)
        assert wanted(book)[2]


@pytest.mark.parametrize("backwards", [False, True])
def test_no_late_fee_is_charged_for_a_day_before_the_loan_was_ours(database: Database, backwards: bool) -> None:
    terms = Terms(10_000_00, 30_000, amortisation.level_payment(10_000_00, 30_000, 12), worlds.FIRST, 12, 12)
    book = [worlds.Loan(1, terms, 5)]
    boarded = worlds.FIRST + timedelta(days=5)  # the very day on which the grace ends
    early = Receipt("00000000-0000-0000-0000-000000000001", worlds.FIRST + timedelta(days=2), 0, 5_00)
    with worlds.begin(database, book) as connection:
        with database.connect("owner") as owner:
            owner.execute("update servicing.loans set boarded_on = %s where loan_id = 1", (boarded,))
        post(connection, list(reversed(all_days())) if backwards else all_days())
        assert held(connection)[2] == {}
        # what was paid to the former servicer may come to us later, with its own value date
        worlds.deliver(connection, [worlds.Word(1, early, "wire", False)], worlds.FIRST + timedelta(days=DAYS))
        post(connection, [early.effective_on])
        assert held(connection)[2] == {}


@pytest.mark.parametrize("backwards", [False, True])
def test_a_payment_that_went_back_before_its_value_date_costs_its_fee(database: Database, backwards: bool) -> None:
    terms = Terms(10_000_00, 30_000, amortisation.level_payment(10_000_00, 30_000, 12), worlds.FIRST, 12, 12)
    value, back = worlds.FIRST + timedelta(days=6), worlds.FIRST + timedelta(days=4)
    receipt = Receipt("00000000-0000-0000-0000-000000000001", value, 0, 50_00, back, True)
    paid = Receipt("00000000-0000-0000-0000-000000000002", worlds.FIRST + timedelta(days=5), 0, 40_00)
    book = [worlds.Loan(1, terms, 15, [], [receipt, paid], {receipt.payment: "ach", paid.payment: "ach"})]
    with worlds.begin(database, book) as connection:
        worlds.deliver(connection, worlds.words_of(book), worlds.FIRST + timedelta(days=DAYS))
        post(connection, list(reversed(all_days())) if backwards else all_days())
        assert held(connection) == wanted(book)
        assert wanted(book)[2]
        post(connection, all_days())
        assert held(connection) == wanted(book)


def test_a_return_that_was_told_before_its_payment_is_booked_with_it(database: Database) -> None:
    terms = Terms(10_000_00, 30_000, amortisation.level_payment(10_000_00, 30_000, 12), worlds.FIRST, 12, 12)
    told, learned = (worlds.FIRST + timedelta(days=DAYS + n) for n in (0, 3))
    receipt = Receipt(_payment(1), worlds.FIRST + timedelta(days=3), 0, 50_00, worlds.FIRST + timedelta(days=5), True)
    book = [worlds.Loan(1, terms, 15, [], [receipt], {receipt.payment: "ach"})]
    payment, back = worlds.words_of(book)
    with worlds.begin(database, book) as connection:
        worlds.deliver(connection, [back], told)
        post(connection, all_days())
        worlds.deliver(connection, [payment], learned)
        post(connection, sorted(payment.days | back.days))
        assert held(connection) == wanted(book)
        # neither has the one gone from the books before the other came in, nor has a period that was closed changed
        booked = connection.execute(
            "select kind, booked_on from ledger.entries where kind in ('receipt', 'return', 'nsf') group by 1, 2 order by 1"
        ).fetchall()
        assert booked == [(kind, learned) for kind in ("nsf", "receipt", "return")]


def test_receipts_of_a_day_that_follow_one_which_lets_all_of_suspense_go_pay_what_is_left(database: Database) -> None:
    on = worlds.FIRST + timedelta(days=11)
    terms = Terms(10_000_00, 0, 1_000_00, (on - timedelta(days=33)).replace(day=10), 10, 10)
    held_back = Receipt(_payment(1), worlds.FIRST + timedelta(days=3), 0, 600_00)
    receipts = [
        held_back,
        *(Receipt(_payment(2 + n), on, n, cents) for n, cents in enumerate((400_00, 300_00, 900_00))),
    ]
    statuses = [(worlds.BOARDED, "legal_hold"), (on, "active")]
    book = [worlds.Loan(1, terms, 15, statuses, receipts, {receipt.payment: "wire" for receipt in receipts})]
    with worlds.begin(database, book) as connection:
        worlds.deliver(connection, worlds.words_of(book), worlds.FIRST + timedelta(days=DAYS))
        post(connection, all_days())
        assert held(connection) == wanted(book)
        # two instalments of 1,000.00 were due, and 2,200.00 came
        assert held(connection)[3] == {1: 200_00}


def test_a_fee_that_comes_last_is_paid_once_by_the_receipts_of_a_day(database: Database) -> None:
    on = worlds.FIRST + timedelta(days=11)
    terms = Terms(1_000_00, 0, 1_000_00, (worlds.FIRST - timedelta(days=100)).replace(day=1), 1, 1)
    bounced = Receipt(_payment(9), worlds.FIRST + timedelta(days=1), 0, 10_00, worlds.FIRST + timedelta(days=2), True)
    held_back = Receipt(_payment(1), worlds.FIRST + timedelta(days=4), 0, 600_00)
    of_the_day = [Receipt(_payment(2 + n), on, n, cents) for n, cents in enumerate((400_00, 30_00, 40_00))]
    receipts = [bounced, held_back, *of_the_day]
    statuses = [(worlds.FIRST + timedelta(days=3), "legal_hold"), (on, "active")]
    book = [worlds.Loan(1, terms, 15, statuses, receipts, {receipt.payment: "ach" for receipt in receipts})]
    with worlds.begin(database, book) as connection:
        worlds.deliver(connection, worlds.words_of(book), worlds.FIRST + timedelta(days=DAYS))
        post(connection, all_days())
        assert held(connection) == wanted(book)


def _payment(number: int) -> str:
    return f"00000000-0000-0000-0000-{number:012}"
