"""A payment that is said to have gone back twice: the earlier word counts, whichever arrived first."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest

from payments_pipeline.ledger.posting import _days_of_news, post_day
from payments_pipeline.operations.digest import digest
from payments_pipeline.operations.laws import check
from payments_pipeline.postgres.connect import Database
from payments_pipeline.postgres.days import open_rows
from payments_pipeline.postgres.run import query
from payments_pipeline.postgres.run import run as execute
from payments_pipeline.rules.amortisation import Terms
from tests.ledger import worlds
from tests.ledger.model import Receipt
from tests.ledger.test_fold import held, wanted

DAYS = 16
PAYMENT = "00000000-0000-0000-0000-000000000001"
LAWS = (
    "every_payment_conserves_its_cents",
    "no_part_is_negative",
    "what_was_reversed_is_given_back",
    "every_transaction_sums_to_zero",
    "entries_follow_from_allocations",
    "entries_follow_from_fees",
    "balances_equal_the_ledger",
    "accounts_equal_the_loans",
    "one_posting_per_payment",
    "one_reversal_per_payment",
    "every_chain_recomputes",
    "every_seal_recomputes",
    "events_tell_what_was_allocated",
    "events_tell_what_went_back",
    "events_tell_what_was_charged",
)


class Recall:
    """A second word about a return, on a day of its own."""

    def __init__(self, loan_id: int, told: Receipt, channel: str, on: date) -> None:
        self.loan_id, self.told, self.channel, self.on = loan_id, told, channel, on

    @property
    def instant(self) -> datetime:
        # of the same day it is the later one: returns of these worlds happen in the morning
        return datetime.combine(self.on, datetime.min.time(), UTC) + timedelta(hours=18)

    @property
    def counts(self) -> bool:
        assert self.told.returned_on is not None
        return self.on < self.told.returned_on

    @property
    def days(self) -> set[date]:
        return {self.on, self.told.effective_on}

    def deliver(self, connection: psycopg.Connection[Any], booked_on: date) -> None:
        connection.execute("select operations.open_day('ingestion.payment_ingestions', %s)", (self.told.effective_on,))
        connection.execute(
            "insert into ingestion.reversal_days values (%s, %s) on conflict do nothing",
            (self.on, self.told.effective_on),
        )
        connection.execute(
            "insert into ingestion.payment_ingestions (effective_on, loan_id, idempotency_key, signal, payment_id, channel, "
            "source_reference, loan_number, amount_cents, raw_payload_hash, occurred_at, happened_on, return_code, booked_on, "
            "batch_id, line, received_at) "
            "values (%s, %s, sha256(%s::text::bytea), 'recalled', %s, %s, 'reference', 'LN', %s, sha256('raw'), %s, %s, 'RECALL', "
            "%s, operations.content_id(%s || 'recalled'), 1, now())",
            (
                self.told.effective_on, self.loan_id, self.told.payment, self.told.payment, self.channel,
                self.told.cents, self.instant, self.on, booked_on, self.told.payment,
            ),
        )  # fmt: skip


def twice_told(seed: int) -> tuple[list[worlds.Loan], list[worlds.Word], list[Recall], list[worlds.Loan]]:
    """A book, the words of it, a recall of each returned payment, and the book as it is once all is known."""
    rng = random.Random(seed)
    book = worlds.random_book(seed, 40, DAYS)
    recalls = [
        Recall(
            loan.loan_id,
            receipt,
            loan.channels[receipt.payment],
            receipt.effective_on + timedelta(days=rng.randrange(DAYS)),
        )
        for loan in book
        for receipt in loan.receipts
        if receipt.returned_on
    ]
    last = worlds.FIRST + timedelta(days=DAYS - 1)
    recalls = [recall for recall in recalls if recall.on <= last]
    known = {(recall.loan_id, recall.told.payment): recall for recall in recalls if recall.counts}
    settled = [
        replace(
            loan,
            receipts=[
                replace(receipt, returned_on=recall.on, is_nsf=False)
                if (recall := known.get((loan.loan_id, receipt.payment)))
                else receipt
                for receipt in loan.receipts
            ],
        )
        for loan in book
    ]
    return book, worlds.words_of(book), recalls, settled


def run(connection: psycopg.Connection[Any], days: Sequence[date]) -> None:
    for day in days:
        post_day(connection, day)
        connection.commit()


@pytest.mark.parametrize("recalls_come", ["first", "later"])
def test_the_earlier_of_two_reversals_counts_in_whatever_order_they_come(
    database: Database, recalls_come: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.ledger.test_fold.DAYS", DAYS)
    book, words, recalls, settled = twice_told(7)
    late = sum(recall.counts for recall in recalls)
    assert 3 < late < len(recalls) - 3  # both ways occur
    every_day = [worlds.FIRST + timedelta(days=n) for n in range(DAYS)]
    with worlds.begin(database, book) as connection:
        if recalls_come == "first":
            for recall in recalls:
                recall.deliver(connection, worlds.FIRST + timedelta(days=DAYS))
        worlds.deliver(connection, words, worlds.FIRST + timedelta(days=DAYS))
        run(connection, every_day)
        if recalls_come != "first":
            shuffled = random.Random(3).sample(recalls, len(recalls))
            for number, chunk in enumerate([shuffled[0::2], shuffled[1::2]]):
                for recall in chunk:
                    recall.deliver(connection, worlds.FIRST + timedelta(days=DAYS + 1 + number))
                run(connection, sorted({day for recall in chunk for day in recall.days}, reverse=number == 0))
        assert held(connection) == wanted(settled)
        found = connection.execute(
            "select happened_on, count(*) from payments.reversals_in_force group by 1 order by 1"
        ).fetchall()
        expected: dict[date, int] = {}
        for loan in settled:
            for receipt in loan.receipts:
                if receipt.returned_on:
                    expected[receipt.returned_on] = expected.get(receipt.returned_on, 0) + 1
        assert dict(found) == expected
        assert {name: broken for name in LAWS if (broken := check(connection, name))} == {}
        moved = connection.execute(
            "select count(*) from ledger.events where type = 'payment.reversal_corrected'"
        ).fetchone()
        assert moved == ((0 if recalls_come == "first" else late),)
        state = digest(connection, "state").hex
        run(connection, every_day)
        assert digest(connection, "state").hex == state


@pytest.mark.parametrize(("first", "then"), [("R01", None), (None, "R01")])
def test_of_two_words_of_one_instant_the_one_that_tells_a_code_counts(
    database: Database, first: str | None, then: str | None
) -> None:
    receipt = Receipt(PAYMENT, worlds.FIRST, 0, 50_00, worlds.FIRST + timedelta(days=1), is_nsf=True)
    terms = Terms(10_000_00, 0, 1_000_00, worlds.FIRST, 10, 10)
    book = [worlds.Loan(1, terms, 15, [], [receipt], {PAYMENT: "ach"})]
    words = worlds.words_of(book)
    days = [worlds.FIRST, worlds.FIRST + timedelta(days=1)]
    with worlds.begin(database, book) as connection:
        worlds.deliver(connection, words, days[1])
        _tell_code(database, connection, "payment_ingestions", first)
        run(connection, days)
        worlds.tell_earlier(connection, [word for word in words if word.is_return], days[1])
        _tell_code(database, connection, "earlier_words", then)
        run(connection, days)
        counted = connection.execute("select code from payments.reversals_in_force").fetchall()
        fees = connection.execute("select sum(amount_cents) > 0 from ledger.fees where kind = 'nsf'").fetchone()
    assert (counted, fees) == ([("R01",)], (True,))


def _tell_code(database: Database, connection: psycopg.Connection[Any], table: str, code: str | None) -> None:
    """What the table tells of returns has this code."""
    connection.commit()
    with database.connect("owner") as owner:
        owner.execute(f"update ingestion.{table} set return_code = %s where signal = 'returned'".encode(), (code,))


def test_what_went_back_on_a_day_is_found_without_a_look_at_any_other_day(database: Database) -> None:
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(60)]
    with database.connect() as connection:
        for day in days:
            for table in ("ingestion.payment_ingestions", "payments.payments", "payments.transitions"):
                connection.execute("select operations.open_day(%s, %s)", (table, day))
        connection.execute("insert into ingestion.reversal_days values (%s, %s)", (days[30], days[20]))
        connection.commit()
        query(connection, "payments/returned_value_dates", day=days[30], returns_from=days[29])
        news = _days_of_news(connection, days[30])
        execute(connection, "ledger/open_work")
        open_rows(connection, ["payments.transitions"], days[30], by_many=False)
        for statement in ("payments/transitions", "payments/reversals"):
            execute(connection, statement, day=days[30], value_dates=news, first_loan=0, last_loan=2**63 - 1)
        locked = connection.execute(
            "select distinct right(c.relname, 8) from pg_locks as l inner join pg_class as c on l.relation = c.oid "
            "where l.pid = pg_backend_pid() and c.relispartition and c.relkind = 'r' and l.mode = 'AccessShareLock'"
        ).fetchall()
    assert {day for (day,) in locked} == {f"{days[number]:%Y%m%d}" for number in (20, 30)}
