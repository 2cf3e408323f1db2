"""A small book over the turn of a tax year: a loan for each thing that Form 1098 has a rule for, posted day by day."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import psycopg

from payments_pipeline.formats.tax_identity import (
    Address,
    Identity,
    address_place,
    co_borrower_place,
    contact_place,
    identity_place,
)
from payments_pipeline.ledger.posting import board, post_day
from payments_pipeline.pii import PersonalData
from payments_pipeline.postgres.connect import Database
from payments_pipeline.reference_data import follow_the_book
from payments_pipeline.rules import amortisation
from payments_pipeline.rules.amortisation import Terms
from tests.ledger.model import Receipt
from tests.ledger.worlds import Word, deliver

BOARDED = date(2025, 11, 19)
FIRST, LAST = date(2025, 11, 20), date(2026, 1, 31)
PERSONAL_DATA = PersonalData(bytes(range(32)))


@dataclass
class Loan:
    """A loan of 6 per cent, boarded on November 19 with 360 instalments to go, and what is paid on it."""

    what: str
    due_day: int
    paid: list[tuple[str, int]]
    """Days, and how many cents over the instalment: 0 for exactly one."""
    principal_cents: int = 200_000_00
    returned: dict[str, tuple[str, bool]] = field(default_factory=dict)
    """For a day of payment when it was returned, and whether for lack of funds."""
    payer_kind: str | None = "individual"
    identity: Identity = field(default_factory=lambda: Identity(first="Jane", last="Doe", tin="900123456"))
    country: str = "US"
    lives_there: bool = True
    originated_on: date = date(2020, 2, 29)
    acquired_on: date | None = None
    points_cents: int = 0
    is_purchase: bool = True
    is_residence: bool = True
    monthly_premium_cents: int = 0
    properties: int = 1
    description: str | None = None
    owner: str | None = None
    refunds: list[tuple[str, int, int]] = field(default_factory=list)
    by_others: list[str] = field(default_factory=list)
    loan_id: int = 0

    @property
    def terms(self) -> Terms:
        """The schedule: instalment 1 falls due in December."""
        payment = amortisation.level_payment(self.principal_cents, 60_000, 360)
        return Terms(self.principal_cents, 60_000, payment, date(2025, 12, self.due_day), 360, 360, 300_00)

    def interest(self, *instalments: int) -> int:
        """Interest of these instalments by the schedule."""
        return sum(amortisation.instalment(self.terms, n).interest_cents for n in instalments)

    def principal(self, *instalments: int) -> int:
        """Principal of these instalments by the schedule."""
        return sum(amortisation.instalment(self.terms, n).principal_cents for n in instalments)

    def payment_id(self, day: str) -> UUID:
        """The id of the payment of a day."""
        return UUID(bytes=sha256(f"{self.loan_id}|{day}".encode()).digest()[:16])


LONG = Identity(
    first="Wilhelmina-Alexandrina", middle="Q", last="van der Bergh-Österreich O'Shaughnessy", suffix="Jr.",
    tin="900555666",
)  # fmt: skip


def loans() -> dict[str, Loan]:
    """One loan a rule, by what it shows."""
    book = [
        Loan("ordinary", 5, [("2025-12-05", 0), ("2026-01-05", 0)]),
        Loan("first of January paid in December", 1, [("2025-12-01", 0), ("2025-12-28", 0)]),
        Loan("twentieth of January paid in December", 20, [("2025-12-20", 0), ("2025-12-28", 0)]),
        Loan("tenth of January paid in December", 10, [("2025-12-10", 0), ("2025-12-28", 0)]),
        Loan(
            "half in December and half in January",
            1,
            [("2025-12-01", 0), ("2025-12-28", -900_00), ("2026-01-05", -500_00)],
        ),
        Loan("December paid late in January", 5, [("2026-01-25", 200_00)]),
        Loan(
            "returned for lack of funds and paid again",
            5,
            [("2025-12-05", 0), ("2025-12-29", 150_00)],
            returned={"2025-12-05": ("2025-12-08", True)},
        ),
        Loan("returned in January", 5, [("2025-12-05", 0)], returned={"2025-12-05": ("2026-01-06", False)}),
        Loan(
            "a corporation",
            5,
            [("2025-12-05", 0)],
            payer_kind="corporation",
            identity=Identity(business="Elm Holdings Inc.", tin="071234567"),
        ),
        Loan("small", 5, [("2025-12-05", 0)], principal_cents=30_000_00),
        Loan("refunded", 5, [("2025-12-05", 0)], refunds=[("2025-12-20", 2025, 50_00), ("2025-12-21", 2024, 700_00)]),
        Loan("bought a home", 5, [("2025-12-05", 0)], originated_on=date(2025, 10, 15), points_cents=3_000_00),
        Loan(
            "refinanced",
            5,
            [("2025-12-05", 0)],
            originated_on=date(2025, 10, 15),
            points_cents=3_000_00,
            is_purchase=False,
        ),
        Loan("acquired", 5, [("2025-12-05", 0)], acquired_on=BOARDED),
        Loan("subsidised", 5, [("2025-12-05", 0), ("2025-12-15", 0)], by_others=["2025-12-05"]),
        Loan("of an unknown payer", 5, [("2025-12-05", 0)], payer_kind=None),
        Loan(
            "of someone abroad with a long name",
            5,
            [("2025-12-05", 0)],
            identity=LONG,
            country="DE",
            lives_there=False,
            properties=3,
            description="LOT 7 BLOCK 12 CEDAR RIDGE",
            owner="Fannie Mae",
        ),
        Loan("insured", 5, [("2025-12-05", 0), ("2026-01-05", 0)], monthly_premium_cents=80_00),
        Loan(
            "without a number", 5, [("2025-12-05", 0)], identity=Identity(first="John", last="Roe"), lives_there=False
        ),
        Loan("not paid at all", 5, []),
    ]
    for number, loan in enumerate(book, start=1):
        loan.loan_id = number
    return {loan.what: loan for loan in book}


def keep(database: Database, book: dict[str, Loan]) -> None:
    """Insert the book and post every day of it."""
    with database.connect("owner") as owner:
        for loan in book.values():
            _insert(owner, loan)
        follow_the_book(owner)
        board(owner)
    news = _words(book.values())
    # only the days on which something happens: deliveries, due dates, and the ends of their days of grace
    due = {date(year, month, loan.due_day) for loan in book.values() for year, month in ((2025, 12), (2026, 1))}
    days = {LAST, *news, *due, *(day + timedelta(days=15) for day in due)}
    with database.connect() as connection:
        for day in sorted(day for day in days if FIRST <= day <= LAST):
            deliver(connection, news.get(day, []), day)
            post_day(connection, day)
            connection.commit()


def _words(book: Iterable[Loan]) -> dict[date, list[Word]]:
    news: dict[date, list[Word]] = {}
    for loan in book:
        due = loan.terms.payment_cents + loan.terms.escrow_cents
        for day, over in loan.paid:
            on = date.fromisoformat(day)
            returned, is_nsf = loan.returned.get(day, (None, False))
            back = date.fromisoformat(returned) if returned else None
            receipt = Receipt(str(loan.payment_id(day)), on, 1, due + over, back, is_nsf)
            news.setdefault(on, []).append(Word(loan.loan_id, receipt, "ach", False))
            if back:
                news.setdefault(back, []).append(Word(loan.loan_id, receipt, "ach", True))
    return news


def _insert(connection: psycopg.Connection[Any], loan: Loan) -> None:
    terms, number = loan.terms, loan.loan_id
    home = Address(f"{number} Elm Street", "Salem", "OR", "97301")
    connection.execute(
        "insert into servicing.loans (loan_id, loan_number, cif, borrower_id, property_id, product, originated_on, "
        "original_principal_cents, boarded_on, principal_cents, rate_ppm, payment_cents, escrow_cents, "
        "escrow_shortage_cents, first_due_on, term_instalments, last_instalment, grace_days) "
        "values (%s, %s, 'CIF', %s, %s, 'fixed30', %s, %s, %s, %s, %s, %s, %s, 0, %s, 360, 360, 15)",
        (
            number, f"LN{number:010}", number, number, loan.originated_on, loan.principal_cents + 1_000_00, BOARDED,
            terms.principal_cents, terms.rate_ppm, terms.payment_cents, terms.escrow_cents, terms.first_due_on,
        ),
    )  # fmt: skip
    connection.execute("insert into servicing.escrow values (%s, 0, 0, 0)", (number,))
    connection.execute("insert into ledger.balances (loan_id) values (%s)", (number,))
    connection.execute(
        "insert into servicing.properties values (%s, %s, 'Salem', 'OR', '97301', '41047', 'single_family', 1, %s)",
        (number, home.street, PERSONAL_DATA.index(home.place, "address")),
    )
    connection.execute(
        "insert into servicing.borrowers values (%s, %s)",
        (number, PERSONAL_DATA.encrypt('{"full_name":"Name"}', contact_place(number))),
    )
    connection.execute(
        "insert into servicing.loan_tax_terms values (%s, %s, %s, %s, %s, %s, %s, 0, %s, %s, %s, %s)",
        (
            number, loan.acquired_on, loan.is_purchase, loan.is_residence, loan.points_cents,
            loan.originated_on if loan.points_cents else None, loan.monthly_premium_cents,
            loan.originated_on if loan.monthly_premium_cents else None, loan.properties, loan.description, loan.owner,
        ),
    )  # fmt: skip
    if loan.payer_kind:
        identify(connection, loan, 1, loan.identity)
    for day, year, cents in loan.refunds:
        connection.execute(
            "insert into servicing.interest_refunds values (%s, operations.content_id(%s), %s, %s, %s, 'rate adjusted')",
            (number, f"{number}|{day}", day, year, cents),
        )
    for day in loan.by_others:
        connection.execute(
            "insert into servicing.payments_by_others values (%s, %s, 'subsidy')", (number, loan.payment_id(day))
        )
    connection.execute(
        "insert into servicing.co_borrowers values (%s, 1, %s)",
        (number, PERSONAL_DATA.encrypt(Identity(first="Sam", last="Doe").to_text(), co_borrower_place(number, 1))),
    )


def identify(
    connection: psycopg.Connection[Any], loan: Loan, version: int, identity: Identity, address: Address | None = None
) -> None:
    """A version of who the borrower is, and where mail goes."""
    text, address = identity.to_text(), address or mailing_address(loan)
    connection.execute(
        "insert into servicing.tax_identities values (%s, %s, %s, %s, false, %s, %s, %s, %s, %s, %s)",
        (
            loan.loan_id, version, loan.payer_kind,
            "unknown" if not identity.tin else "ein" if identity.business else "ssn",
            PERSONAL_DATA.encrypt(text, identity_place(loan.loan_id, version)),
            PERSONAL_DATA.index(identity.tin, "tin") if identity.tin else None,
            PERSONAL_DATA.index(text, "identity"),
            PERSONAL_DATA.encrypt(address.to_text(), address_place(loan.loan_id, version)),
            PERSONAL_DATA.index(address.place, "address"),
            address.country,
        ),
    )  # fmt: skip


def mailing_address(loan: Loan) -> Address:
    """Where the borrower gets mail."""
    if loan.country != "US":
        return Address("Große Elbstraße 45", "Hamburg", "", "22767", loan.country)
    return Address(f"{loan.loan_id} ELM street" if loan.lives_there else "99 Harbor Road", "Salem", "OR", "97301-1234")
