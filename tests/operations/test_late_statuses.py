"""A status that is learned once its day has been run asks for the day, once, whatever happens at the same time."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import count
from typing import Any

import psycopg
import pytest

from payments_pipeline.ledger.posting import post_day
from payments_pipeline.operations.laws import check
from payments_pipeline.operations.requests import due_days
from payments_pipeline.postgres.connect import Database
from payments_pipeline.postgres.run import run
from payments_pipeline.rules import amortisation
from payments_pipeline.rules.amortisation import Terms
from tests.ledger import worlds
from tests.ledger.model import Receipt

DAY = worlds.FIRST + timedelta(days=3)
TERMS = Terms(10_000_00, 30_000, amortisation.level_payment(10_000_00, 30_000, 12), worlds.FIRST, 12, 12)
RECEIPTS = [Receipt(f"00000000-0000-0000-0000-00000000000{n}", DAY, 0, TERMS.payment_cents) for n in (1, 2)]
INSERT = "insert into servicing.loan_statuses (loan_id, effective_on, status, reason, booked_on) values (%s, %s, %s, 'told by the court', %s)"
LEARNED = DAY + timedelta(days=40)
KEPT = (
    "events_tell_which_statuses_were_set",
    "events_tell_what_was_allocated",
    "entries_follow_from_allocations",
    "one_posting_per_payment",
    "every_payment_conserves_its_cents",
    "no_part_is_negative",
)


class Office:
    """Two loans that pay on one day, which is run as the graph runs it, and those who set statuses."""

    def __init__(self, database: Database, pipeline: psycopg.Connection[Any], owner: psycopg.Connection[Any]) -> None:
        self.database = database
        self._pipeline = pipeline
        self._owner = owner
        self._runs = count()

    def waiting(self) -> list[tuple[date, tuple[str, ...]]]:
        """What whoever runs days finds."""
        with self._pipeline.transaction():
            return [(due.day, due.reasons) for due in due_days(self._pipeline, worlds.FIRST, date(2030, 1, 1))]

    def run(self, day: date = DAY, *, breaks_off: bool = False) -> None:
        """Post the day as the graph does; one that breaks off is rolled back."""
        run_id = str(next(self._runs))
        with self._pipeline.transaction(force_rollback=breaks_off):
            run(self._pipeline, "operations/begin_day", day=day, run_id=run_id)
            post_day(self._pipeline, day)
            run(self._pipeline, "operations/finish_day", day=day, run_id=run_id)

    def set_status(self, loan_id: int, status: str, day: date = DAY) -> None:
        self.own(INSERT, loan_id, day, status, LEARNED)

    def own(self, statement: str, *values: object) -> None:
        """What the owner of the tables does, committed at once."""
        self._owner.execute(statement.encode(), values)

    def deliver(self, word: worlds.Word, booked_on: date) -> None:
        """A word arrives."""
        with self._pipeline.transaction():
            worlds.deliver(self._pipeline, [word], booked_on)

    def tell_earlier(self, word: worlds.Word, booked_on: date) -> None:
        """A word is told again, with an earlier instant."""
        with self._pipeline.transaction():
            worlds.tell_earlier(self._pipeline, [word], booked_on)

    def booked(self) -> dict[date, int]:
        """What was debited and credited, by the date on which it entered the books."""
        with self._pipeline.transaction():
            rows = self._pipeline.execute(
                "select booked_on, sum(debit_cents + credit_cents)::bigint from ledger.turnover group by booked_on"
            ).fetchall()
            return dict(rows)

    def told(self) -> list[tuple[int, str, date]]:
        """The statuses that the chains tell of, as the laws demand it."""
        with self._pipeline.transaction():
            for name in KEPT:
                assert check(self._pipeline, name) == [], name
            return self._pipeline.execute(
                "select loan_id, data ->> 'status', booked_on from ledger.events where type = 'loan.status_set' order by loan_id, (data ->> 'seq')"
            ).fetchall()

    def policies(self, loan_id: int) -> list[tuple[str, str | None]]:
        """The policies under which the receipt of a loan has been applied, and why each came after the one before."""
        with self._pipeline.transaction():
            return self._pipeline.execute(
                "select policy, reason from ledger.allocations where loan_id = %s and kind = 'receipt' order by seq",
                (loan_id,),
            ).fetchall()

    def in_suspense(self) -> list[int]:
        """The loans whose receipt is held."""
        with self._pipeline.transaction():
            rows = self._pipeline.execute(
                "select loan_id from ledger.allocations group by loan_id having sum(suspense_cents) = %s order by loan_id",
                (TERMS.payment_cents,),
            )
            return [loan_id for (loan_id,) in rows]


@pytest.fixture
def office(furnished: Database) -> Iterator[Office]:
    book = [
        worlds.Loan(loan_id, TERMS, 15, [], [receipt], {receipt.payment: "wire"})
        for loan_id, receipt in enumerate(RECEIPTS, 1)
    ]
    with worlds.begin(furnished, book) as pipeline, furnished.connect("owner", autocommit=True) as owner:
        worlds.deliver(pipeline, worlds.words_of(book), DAY)
        pipeline.commit()
        office = Office(furnished, pipeline, owner)
        office.run()
        assert (office.in_suspense(), office.waiting()) == ([], [])
        yield office


def test_a_hold_that_is_learned_late_asks_for_its_day_until_that_is_run_and_the_next_one_asks_again(
    office: Office,
) -> None:
    office.set_status(1, "legal_hold")
    assert office.waiting() == office.waiting() == [(DAY, ("status",))]
    office.run()
    assert (office.in_suspense(), office.waiting()) == ([1], [])

    office.set_status(2, "bankruptcy")
    assert office.waiting() == [(DAY, ("status",))]
    office.run()
    assert (office.in_suspense(), office.waiting()) == ([1, 2], [])


def test_a_status_that_was_there_when_its_day_was_run_asks_for_nothing(office: Office) -> None:
    later = DAY + timedelta(days=1)
    office.set_status(1, "legal_hold", later)
    assert office.waiting() == []  # that day is still to come
    office.run(later)
    assert office.waiting() == []
    office.own("update servicing.loan_statuses set learned_at = now() - interval '2 days'")
    office.run(later)
    assert office.waiting() == []


def test_a_status_that_is_committed_while_its_day_is_run_is_not_missed(office: Office) -> None:
    with office.database.connect("owner") as slow:
        slow.execute(INSERT, (1, DAY, "legal_hold", LEARNED))  # learned before the run, and seen after it
        office.set_status(2, "stop_pay")  # learned later, and seen by the run
        office.run()
        assert (office.in_suspense(), office.waiting()) == ([2], [])
        slow.commit()
    assert office.waiting() == [(DAY, ("status",))]
    office.run()
    assert (office.in_suspense(), office.waiting()) == ([1, 2], [])


@pytest.mark.parametrize("before", [1, 400])
def test_a_status_dated_before_the_first_day_of_the_books_asks_for_that_day(office: Office, before: int) -> None:
    office.run(DAY + timedelta(days=1))
    office.set_status(1, "bankruptcy", DAY - timedelta(days=before))
    assert office.waiting() == [(DAY, ("status",))]
    office.run()
    assert (office.in_suspense(), office.waiting()) == ([1], [])
    office.run()
    assert office.told() == [(1, "bankruptcy", LEARNED)]
    assert min(day for day in office.booked() if day > DAY) == LEARNED


def test_a_run_that_does_not_come_to_its_end_leaves_the_day_asking(office: Office) -> None:
    office.set_status(1, "legal_hold")
    assert office.waiting() == [(DAY, ("status",))]
    office.run(breaks_off=True)
    assert office.waiting() == [(DAY, ("status",))]


def test_a_correction_is_the_next_number_of_its_date_and_asks_for_its_day_anew(office: Office) -> None:
    office.set_status(1, "legal_hold")
    office.run()
    assert (office.in_suspense(), office.waiting()) == ([1], [])
    office.own(
        "insert into servicing.loan_statuses (loan_id, effective_on, seq, status, reason) values (1, %s, 2, 'active', 'a mistake')",
        DAY,
    )
    assert office.waiting() == [(DAY, ("status",))]
    office.run()
    assert (office.in_suspense(), office.waiting()) == ([], [])
    assert [status for _, status, _ in office.told()] == ["legal_hold", "active"]


def test_what_a_late_status_changes_is_booked_when_it_was_learned(office: Office) -> None:
    before = office.booked()
    office.set_status(1, "legal_hold")
    office.run()
    after = office.booked()
    # no period that was closed by then has changed
    assert {day: cents for day, cents in after.items() if day < LEARNED} == before
    assert LEARNED in after


def test_what_another_day_finds_of_it_first_is_booked_when_it_was_learned_too(office: Office) -> None:
    known = LEARNED - timedelta(days=10)
    early = Receipt("00000000-0000-0000-0000-000000000003", DAY - timedelta(days=1), 0, 5_00)
    office.deliver(worlds.Word(1, early, "wire", False), known)
    office.set_status(1, "legal_hold")
    office.run(DAY - timedelta(days=1))
    assert office.in_suspense() == [1]
    corrected = office.booked()
    assert corrected[known] == 2 * early.cents  # what came in, and what it was applied to
    assert corrected[LEARNED] > 0


def test_a_return_that_another_day_finds_first_is_booked_when_it_was_learned(office: Office) -> None:
    later, known = DAY + timedelta(days=2), LEARNED - timedelta(days=10)
    office.run(later)
    other = Receipt("00000000-0000-0000-0000-000000000003", DAY, 0, 5_00)
    back = replace(RECEIPTS[0], returned_on=DAY + timedelta(days=1), is_nsf=True)
    office.deliver(worlds.Word(1, other, "wire", False), known)
    office.deliver(worlds.Word(1, back, "wire", True), LEARNED)
    office.run()  # it goes back on the day after, which has not been run
    corrected = office.booked()
    assert corrected[known] == 2 * other.cents
    assert corrected[LEARNED] > 2 * back.cents  # held, given back, and its fee


def test_an_earlier_instant_that_another_day_finds_first_is_booked_when_it_was_learned(office: Office) -> None:
    known = LEARNED - timedelta(days=10)
    second = Receipt("00000000-0000-0000-0000-000000000003", DAY, 2, 500_00)
    office.deliver(worlds.Word(1, second, "wire", False), DAY)
    office.run()
    before = office.booked()[DAY]
    early = Receipt("00000000-0000-0000-0000-000000000004", DAY - timedelta(days=1), 0, 5_00)
    office.deliver(worlds.Word(1, early, "wire", False), known)
    office.tell_earlier(worlds.Word(1, replace(second, occurred=-1), "wire", False), LEARNED)
    office.run(DAY - timedelta(days=1))
    corrected = office.booked()
    assert (corrected[DAY], corrected[known]) == (before, 2 * early.cents)
    assert corrected[LEARNED] > 0


def test_a_status_is_told_once_however_often_its_day_is_run(office: Office) -> None:
    office.set_status(1, "legal_hold")
    office.run()
    office.run()
    assert office.told() == [(1, "legal_hold", LEARNED)]


def test_another_policy_is_told_though_it_moves_no_cent(office: Office) -> None:
    office.set_status(1, "legal_hold")
    office.run()
    office.own(
        "insert into servicing.loan_statuses (loan_id, effective_on, seq, status, reason) values (1, %s, 2, 'bankruptcy', 'a mistake')",
        DAY,
    )
    for _ in range(2):  # the second run has nothing to add
        office.run()
        assert office.policies(1) == [
            ("current", None),
            ("legal_hold", "folded again under another policy"),
            ("bankruptcy", "folded again under another policy"),
        ]
    assert office.in_suspense() == [1]
    assert [status for _, status, _ in office.told()] == ["legal_hold", "bankruptcy"]
