"""What the tax authority is told of the people of a world: who they are, where they get mail, what they paid at closing.

None of it could be anybody's: SSNs of the area 9xx with a group below 50 were never given out, nor were EINs that begin
with 07. The truth is written here as it is; it is encrypted when it is loaded, and never on the disk of the platform.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from payments_pipeline.world.book import Book
from payments_pipeline.world.days import day_number
from payments_pipeline.world.draws import Flags, Int64s, Stream, pick, stream
from payments_pipeline.world.parameters import World
from payments_pipeline.world.text import chosen, dates, digits, integers, joined, prefixed
from payments_pipeline.world.vocabulary import FIRST_NAMES, LAST_NAMES

FOLDER: Final = "taxpayers"
TABLES: Final = ("tax_identities", "co_borrowers", "loan_tax_terms", "interest_refunds")

PAYER_KINDS: Final = {
    "individual": 0.972, "corporation": 0.012, "partnership": 0.004, "trust": 0.008, "estate": 0.003,
    "association": 0.001,
}  # fmt: skip
_BUSINESS_NAMES: Final = {
    "corporation": "Holdings Inc.", "partnership": "& Partners LP", "trust": "Family Trust", "estate": "Estate",
    "association": "Homeowners Association",
}  # fmt: skip
_SUFFIXES: Final = {None: 0.965, "Jr.": 0.02, "Sr.": 0.007, "III": 0.008}
_DOUBLE_NAME: Final = 0.03
_NO_NUMBER: Final = 0.002
_ABROAD: Final = 0.004
_CO_BORROWER: Final = 0.45
_SEVERAL_PROPERTIES: Final = 0.004
_NO_ADDRESS: Final = 0.002
_ACQUIRED: Final = 0.15
_REFUND: Final = 0.002
_OWNED_BY_OTHERS: Final = 0.6
_OWNERS: Final = ("Fannie Mae", "Freddie Mac", "Ginnie Mae Pool")

_FOREIGN: Final = (
    ("20 Queen Street West Suite 2000", "Toronto", "ON", "M5H 3R3", "CA"),
    ("Flat 4, 17 Abercrombie Gardens", "London", None, "SW11 5QQ", "GB"),
    ("Große Elbstraße 45", "Hamburg", None, "22767", "DE"),
    ("Avenida Álvaro Obregón 151", "Ciudad de México", "CDMX", "06700", "MX"),
    ("3-2-1 Jingumae", "Shibuya-ku", "Tokyo", "150-0001", "JP"),
)

_NUMBERS: Final = 50_000_000  # 100 areas of 50 groups of 10,000
_STRIDE: Final = 27_644_437  # prime, so that multiples of it visit every number below once


def taxpayers_of(world: World, book: Book, portfolio: dict[str, pa.Table]) -> dict[str, pa.Table]:
    """The tables of a chunk, by name."""
    rng = stream(world.seed, book.chunk.number, Stream.TAXPAYERS)
    return {
        "tax_identities": _identities(rng, portfolio["borrowers"]),
        "co_borrowers": _co_borrowers(rng, book, portfolio["borrowers"]),
        "loan_tax_terms": _terms(rng, world, book),
        "interest_refunds": _refunds(rng, world, book),
    }


def _identities(rng: np.random.Generator, borrowers: pa.Table) -> pa.Table:
    n = borrowers.num_rows
    borrower_id: Int64s = borrowers["borrower_id"].to_numpy()
    kind = pick(rng, list(PAYER_KINDS.values()), n)
    is_person = kind == 0
    first, last = _names_of(borrowers)
    second = chosen(LAST_NAMES, rng.integers(0, len(LAST_NAMES), n))
    last = _where(rng.random(n) < _DOUBLE_NAME, joined(last, second, by="-"), last)
    middle = _where(
        rng.random(n) < 0.6, chosen([chr(65 + letter) for letter in range(26)], rng.integers(0, 26, n)), None
    )
    suffix = chosen(list(_SUFFIXES), pick(rng, list(_SUFFIXES.values()), n))
    of_business = chosen([_BUSINESS_NAMES.get(name) for name in PAYER_KINDS], kind)
    has_number = rng.random(n) >= _NO_NUMBER

    abroad = is_person & (rng.random(n) < _ABROAD)
    where = rng.integers(0, len(_FOREIGN), n)
    mail = {
        name: _where(abroad, chosen([place[column] for place in _FOREIGN], where), _whole(borrowers[name]))
        for column, name in enumerate(("street", "city", "state", "zip"))
    }
    return pa.table(
        {
            "borrower_id": borrower_id,
            "payer_kind": chosen(list(PAYER_KINDS), kind),
            "tin_type": _where(has_number, _where(is_person, pa.scalar("ssn"), pa.scalar("ein")), pa.scalar("unknown")),
            "is_nonresident_alien": abroad & (rng.random(n) < 0.3),
            "first_name": _where(is_person, first, None),
            "middle_name": _where(is_person, middle, None),
            "last_name": _where(is_person, last, None),
            "suffix": _where(is_person, suffix, None),
            "business_name": _where(is_person, None, joined(last, of_business, by=" ")),
            "tin": _where(has_number, _where(is_person, _ssns(borrower_id), _eins(borrower_id)), None),
            **mail,
            "country": _where(abroad, chosen([place[4] for place in _FOREIGN], where), pa.scalar("US")),
        }
    )


def _names_of(borrowers: pa.Table) -> tuple[Any, Any]:
    """The book's names are a first and a last name with a space between."""
    parts = pc.split_pattern(_whole(borrowers["full_name"]), " ", max_splits=1)
    return pc.list_element(parts, 0), pc.list_element(parts, 1)


def _ssns(borrower_id: Int64s) -> pa.StringArray:
    number = borrower_id * _STRIDE % _NUMBERS
    area, rest = np.divmod(number, 500_000)
    return prefixed("9", digits(area * 1_000_000 + rest, 8))


def _eins(borrower_id: Int64s) -> pa.StringArray:
    return prefixed("07", digits(borrower_id * _STRIDE % 10_000_000, 7))


def _co_borrowers(rng: np.random.Generator, book: Book, borrowers: pa.Table) -> pa.Table:
    """Most share the surname of who they sign with."""
    n = book.chunk.loans
    has_one = rng.random(n) < _CO_BORROWER
    _, last = _names_of(borrowers)
    of_loan = last.take(pa.array((book.loan_id + 1) // 2 - book.chunk.first_borrower))
    own = chosen(LAST_NAMES, rng.integers(0, len(LAST_NAMES), n))
    surname = _where(rng.random(n) < 0.8, of_loan, own)
    whole = pa.table(
        {
            "loan_id": book.loan_id,
            "seq": np.ones(n, dtype=np.int16),
            "first_name": chosen(FIRST_NAMES, rng.integers(0, len(FIRST_NAMES), n)),
            "last_name": surname,
        }
    )
    return whole.filter(pa.array(has_one))


def _terms(rng: np.random.Generator, world: World, book: Book) -> pa.Table:
    n = book.chunk.loans
    boarded_on = day_number(world.boarded_on)
    is_acquired = rng.random(n) < _ACQUIRED
    is_purchase = rng.random(n) < 0.62
    is_residence = rng.random(n) < 0.88
    has_points = is_purchase & is_residence & ~is_acquired & (rng.random(n) < 0.35)
    points = np.where(has_points, book.original_principal_cents // 10_000 * rng.integers(25, 201, n), 0)
    points = points // 100 * 100
    # private insurance where less than a fifth was paid down, and the premium is part of the escrow
    is_insured = (
        book.is_escrowed
        & (book.original_principal_cents * 100 > book.property_value_cents * 80)
        & (rng.random(n) < 0.5)
    )
    premium = np.where(
        is_insured, np.minimum(book.original_principal_cents * rng.integers(30, 91, n) // 120_000, book.escrow_cents), 0
    )
    properties = np.where(rng.random(n) < _SEVERAL_PROPERTIES, rng.integers(2, 6, n), 1)
    no_address = rng.random(n) < _NO_ADDRESS
    lot = joined("Lot ", integers(rng.integers(1, 400, n)), ", Block ", integers(rng.integers(1, 60, n)), by="")
    is_owned = rng.random(n) < _OWNED_BY_OTHERS
    owner = chosen(_OWNERS, rng.integers(0, len(_OWNERS), n))
    return pa.table(
        {
            "loan_id": book.loan_id,
            "acquired_on": _days_where(is_acquired, np.full(n, boarded_on)),
            "is_purchase": is_purchase,
            "is_principal_residence": is_residence,
            "points_cents": points,
            "points_paid_on": _days_where(points > 0, book.originated_on),
            "monthly_premium_cents": premium,
            "upfront_premium_cents": np.zeros(n, dtype=np.int64),
            "premium_contract_on": _days_where(premium > 0, book.originated_on),
            "properties": properties.astype(np.int16),
            "property_description": _where(no_address, lot, None),
            "owner_name": _where(is_owned, owner, None),
        }
    )


def _refunds(rng: np.random.Generator, world: World, book: Book) -> pa.Table:
    """A few borrowers get interest back, of the year itself or the one before."""
    n = book.chunk.loans
    has_one = rng.random(n) < _REFUND
    on = day_number(world.first_day) + rng.integers(0, world.days, n)
    refunded_on = dates(on)
    year = pc.cast(pc.year(refunded_on), pa.int16())
    is_earlier = rng.random(n) < 0.6
    received = pc.subtract(year, pa.array(is_earlier.astype(np.int16)))
    whole = pa.table(
        {
            "loan_id": book.loan_id,
            "refund_id": joined("refund", integers(book.loan_id), by="|"),
            "refunded_on": refunded_on,
            "received_in_year": received,
            "amount_cents": rng.integers(1_00, 900_00, n),
            "reason": chosen(("interest rate adjusted late", "payoff was quoted too high"), rng.integers(0, 2, n)),
        }
    )
    return whole.filter(pa.array(has_one))


def _where(condition: Any, one: Any, other: Any) -> Any:
    missing = pa.scalar(None, pa.string())
    return pc.if_else(pa.array(condition), missing if one is None else one, missing if other is None else other)


def _days_where(condition: Flags, days: Int64s) -> Any:
    return pc.if_else(pa.array(condition), dates(days), pa.scalar(None, pa.date32()))


def _whole(column: Any) -> Any:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
