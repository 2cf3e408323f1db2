"""Small random books for holding the SQL of posting against the model: every rule is hit within a few weeks."""

import csv
import hashlib
import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg

from payments_pipeline.paths import DATA_DIR
from payments_pipeline.postgres.connect import Database
from payments_pipeline.reference_data import follow_the_book
from payments_pipeline.rules import amortisation
from payments_pipeline.rules.amortisation import Terms
from tests.ledger.model import Policy, Receipt

FIRST = date(2026, 1, 1)
BOARDED = FIRST - timedelta(days=1)
CHANNELS = {"ach": "settled", "wire": "completed", "card": "captured"}
STATUSES = ["bankruptcy", "charged_off", "stop_pay", "closed", "unknown", "active"]


@dataclass
class Loan:
    loan_id: int
    terms: Terms
    grace_days: int
    statuses: list[tuple[date, str]] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    channels: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Word:
    """One delivery: that a payment completed, or that it was returned."""

    loan_id: int
    receipt: Receipt
    channel: str
    is_return: bool

    @property
    def days(self) -> set[date]:
        """The days that ask to be run when it arrives."""
        return {self.receipt.effective_on} | (
            {self.receipt.returned_on} if self.is_return and self.receipt.returned_on else set()
        )


def load_policies() -> dict[str, Policy]:
    """The committed policies, as the model wants them."""
    policies = {}
    with (DATA_DIR / "policies.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            ranks = {step: row[f"{step}_rank"] for step in ("fees", "interest", "principal", "escrow")}
            policies[row["policy"]] = Policy(
                row["policy"],
                tuple(sorted((s for s in ranks if ranks[s]), key=lambda s: ranks[s])),
                row["releases_suspense"] == "true",
                int(row["late_fee_share_ppm"]),
                int(row["late_fee_flat_cents"]),
                int(row["late_fee_cap_cents"]),
                int(row["nsf_fee_cents"]),
            )
    return policies


def random_book(seed: int, loans: int = 25, days: int = 75) -> list[Loan]:
    """Loans whose borrowers pay early, late, twice, half and too much, with returns and changes of status."""
    rng = random.Random(seed)
    book = []
    for loan_id in range(1, loans + 1):
        principal = rng.randrange(5_000_00, 20_000_00)
        rate, term = rng.choice([0, 30_000, 61_250, 250_000]), rng.choice([2, 3, 12, 60])
        terms = Terms(
            principal,
            rate,
            amortisation.level_payment(principal, rate, term),
            (FIRST + timedelta(days=rng.randrange(-130, 45))).replace(day=rng.randrange(1, 29)),
            term,
            rng.randrange(0, term + 1),
            rng.choice([0, 12_345]),
            rng.choice([0, 0, 501]),
        )
        loan = Loan(loan_id, terms, rng.choice([0, 3, 5, 15]))
        for _ in range(rng.choice([0, 0, 0, 1, 2])):
            loan.statuses.append((FIRST + timedelta(days=rng.randrange(-5, days)), rng.choice(STATUSES)))
        if loan.statuses and rng.random() < 0.5:  # a hold that ends
            loan.statuses.append((FIRST + timedelta(days=rng.randrange(days)), "active"))
        loan.statuses = list({on: (on, status) for on, status in loan.statuses}.values())
        due = terms.payment_cents + terms.escrow_cents + terms.escrow_shortage_cents
        for number in range(rng.randrange(0, 14)):
            effective = FIRST + timedelta(days=rng.randrange(days))
            cents = rng.choice(
                [due, due, due // 2, due // 3 + 1, due - 1, due + 7, 2 * due, 1, 3_000, rng.randrange(1, 3 * due)]
            )
            # some went back before they counted
            returned = max(FIRST, effective + timedelta(days=rng.randrange(-3, 20))) if rng.random() < 0.2 else None
            if returned and returned >= FIRST + timedelta(days=days):
                returned = None
            payment = str(UUID(bytes=hashlib.sha256(f"{seed}|{loan_id}|{number}".encode()).digest()[:16]))
            # few instants, so that ties are broken by the payment's id
            receipt = Receipt(
                payment, effective, rng.randrange(4), cents, returned, bool(returned) and rng.random() < 0.6
            )
            loan.receipts.append(receipt)
            loan.channels[payment] = rng.choice(list(CHANNELS))
        book.append(loan)
    return book


def words_of(book: Iterable[Loan]) -> list[Word]:
    """Every delivery of the book, in the order in which they happened."""
    words = [
        Word(loan.loan_id, receipt, loan.channels[receipt.payment], is_return)
        for loan in book
        for receipt in loan.receipts
        for is_return in ([False, True] if receipt.returned_on else [False])
    ]
    return sorted(
        words, key=lambda w: (w.receipt.returned_on if w.is_return else w.receipt.effective_on, w.receipt.payment)
    )


def tell_later(words: Iterable[Word], rng: random.Random) -> tuple[list[Word], list[Word]]:
    """Words of which a third are first told with too late an instant, a return perhaps with another code too; and what
    was true of those, to be told afterwards.
    """
    first, mended = [], []
    for word in words:
        receipt = word.receipt
        if rng.random() < 1 / 3:
            mended.append(word)
            if word.is_return and receipt.returned_on:
                receipt = replace(
                    receipt,
                    returned_on=receipt.returned_on + timedelta(days=rng.randrange(3)),
                    occurred=receipt.occurred + rng.randrange(1, 4),
                    is_nsf=rng.random() < 0.5,
                )
            else:
                receipt = replace(receipt, occurred=receipt.occurred + rng.randrange(1, 4))
        first.append(replace(word, receipt=receipt))
    return first, mended


def insert_book(connection: psycopg.Connection[Any], book: Iterable[Loan]) -> None:
    """The loans, their statuses and what the rules need about them."""
    book = list(book)
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into servicing.loans values (%s, %s, 'CIF', 1, 1, 'fixed', %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (
                    loan.loan_id,
                    f"LN{loan.loan_id:010}",
                    BOARDED,
                    t.principal_cents,
                    BOARDED,
                    t.principal_cents,
                    t.rate_ppm,
                    t.payment_cents,
                    t.escrow_cents,
                    t.escrow_shortage_cents,
                    t.first_due_on,
                    t.term_instalments,
                    t.last_instalment,
                    loan.grace_days,
                )
                for loan in book
                for t in [loan.terms]
            ],
        )
        cursor.executemany("insert into servicing.escrow values (%s, 0, 0, 0)", [(loan.loan_id,) for loan in book])
        cursor.executemany("insert into ledger.balances (loan_id) values (%s)", [(loan.loan_id,) for loan in book])
        cursor.executemany(
            "insert into servicing.loan_statuses (loan_id, effective_on, status, reason, booked_on) values (%s, %s, %s, 'test', %s)",
            [(loan.loan_id, on, status, on) for loan in book for on, status in loan.statuses],
        )
        cursor.executemany(
            "insert into servicing.amortisation_factors values (%s, %s, %s, %s) on conflict do nothing",
            [(rate, *factor) for rate in {x.terms.rate_ppm for x in book} for factor in amortisation.factors(rate, 60)],
        )


def deliver(connection: psycopg.Connection[Any], words: Iterable[Word], booked_on: date) -> None:
    """Words arrive: what ingestion leaves behind for them."""
    received = datetime.combine(booked_on, datetime.min.time(), UTC) + timedelta(hours=20)
    for word in words:
        receipt = word.receipt
        key = hashlib.sha256(f"{receipt.payment}".encode()).digest()
        batch = UUID(bytes=hashlib.sha256(f"{receipt.payment}|{word.is_return}".encode()).digest()[:16])
        happened, occurred = _happened(word)
        signal, code = _signal(word), _code(word)
        if word.is_return:
            connection.execute(
                "insert into ingestion.reversal_days values (%s, %s) on conflict do nothing",
                (happened, receipt.effective_on),
            )
        for table, day in (
            ("ingestion.staged", booked_on),
            ("ingestion.payment_ingestions", receipt.effective_on),
            ("payments.payments", receipt.effective_on),
            ("payments.transitions", receipt.effective_on),
        ):
            connection.execute("select operations.open_day(%s, %s)", (table, day))
        connection.execute(
            "insert into ingestion.staged values (%s, %s, 1, %s, true, %s, %s, 'test', %s, %s, %s, %s, %s, %s, null, null)",
            (
                booked_on,
                batch,
                "raw",
                signal,
                word.channel,
                receipt.payment,
                f"LN{word.loan_id:010}",
                receipt.cents,
                occurred,
                receipt.effective_on,
                code,
            ),
        )
        connection.execute(
            "insert into ingestion.payment_ingestions (effective_on, loan_id, idempotency_key, signal, payment_id, channel, "
            "source_reference, loan_number, amount_cents, raw_payload_hash, occurred_at, happened_on, return_code, booked_on, "
            "batch_id, line, received_at) "
            "values (%s, %s, %s, %s, %s, %s, %s, %s, %s, sha256('raw'), %s, %s, %s, %s, %s, 1, %s)",
            (
                receipt.effective_on,
                word.loan_id,
                key,
                signal,
                receipt.payment,
                word.channel,
                receipt.payment,
                f"LN{word.loan_id:010}",
                receipt.cents,
                occurred,
                happened,
                code,
                booked_on,
                batch,
                received,
            ),
        )


def tell_earlier(connection: psycopg.Connection[Any], words: Iterable[Word], booked_on: date) -> None:
    """Words are told again with the instant at which they happened: what ingestion leaves behind for such repeats."""
    for word in words:
        receipt = word.receipt
        happened, occurred = _happened(word)
        connection.execute(
            "insert into ingestion.earlier_words values (%s, %s, %s, %s, %s, %s, %s, %s, null, %s, %s, 2)",
            (
                receipt.effective_on,
                word.loan_id,
                receipt.payment,
                _signal(word),
                word.channel,
                occurred,
                happened,
                _code(word),
                booked_on,
                receipt.payment,
            ),
        )
        if word.is_return:
            connection.execute(
                "insert into ingestion.reversal_days values (%s, %s) on conflict do nothing",
                (happened, receipt.effective_on),
            )


def _signal(word: Word) -> str:
    return "returned" if word.is_return else CHANNELS[word.channel]


def _code(word: Word) -> str | None:
    return ("R01" if word.receipt.is_nsf else "R02") if word.is_return else None


def _happened(word: Word) -> tuple[date, datetime]:
    receipt = word.receipt
    happened = receipt.returned_on if word.is_return and receipt.returned_on else receipt.effective_on
    return happened, datetime.combine(happened, datetime.min.time(), UTC) + timedelta(hours=6 + receipt.occurred)


def begin(database: Database, book: Iterable[Loan]) -> psycopg.Connection[Any]:
    """The book on an empty ledger; what follows runs as the pipeline."""
    with database.connect("owner") as owner:
        insert_book(owner, book)
        follow_the_book(owner)
    return database.connect()
