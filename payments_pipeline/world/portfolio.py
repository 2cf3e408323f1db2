"""The book as tables: borrowers, properties, loans, their account numbers, escrow and statuses, a chunk at a time."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from payments_pipeline.world.book import ACTIVE, ENDED_REASON, PRODUCTS, STATUSES, Book
from payments_pipeline.world.days import day_number
from payments_pipeline.world.draws import Bytes, Flags, Int64s, Stream, pick, stream
from payments_pipeline.world.identifiers import account_number_ids
from payments_pipeline.world.parameters import World
from payments_pipeline.world.text import chosen, dates, digits, integers, joined, prefixed
from payments_pipeline.world.vocabulary import (
    FIRST_NAMES,
    LAST_NAMES,
    PLACES,
    PROPERTY_TYPES,
    STREET_KINDS,
    STREET_NAMES,
)

TABLES: Final = ("borrowers", "properties", "loans", "account_numbers", "escrow", "loan_statuses")
_ADDRESS: Final = ["street", "city", "state", "zip"]
_LIVES_ELSEWHERE: Final = 0.2
_FICTITIOUS_NUMBERS: Final = 100  # 555-0100 to 555-0199 are set aside for invention


def loan_numbers(loan_ids: Int64s) -> pa.StringArray:
    """The numbers that borrowers and banks quote."""
    return prefixed("LN", digits(loan_ids, 10))


def cifs(borrower_ids: Int64s) -> pa.StringArray:
    """The customer numbers of borrowers."""
    return prefixed("CIF", digits(borrower_ids, 9))


def borrower_of(loan_ids: Int64s) -> Int64s:
    """Who owes a loan: two loans each, numbered in step."""
    return (loan_ids + 1) // 2


def tables_of(world: World, book: Book) -> dict[str, pa.Table]:
    """The tables of a chunk, by name."""
    rng = stream(world.seed, book.chunk.number, Stream.PEOPLE)
    properties = _properties(rng, book)
    return {
        "borrowers": _borrowers(rng, book, properties),
        "properties": properties,
        "loans": _loans(world, book),
        "account_numbers": _account_numbers(world, book),
        "escrow": _escrow(book),
        "loan_statuses": _loan_statuses(world, book),
    }


def _properties(rng: np.random.Generator, book: Book) -> pa.Table:
    """One property for each loan, with the number of its loan."""
    addresses = _addresses(rng, book.chunk.loans)
    kinds = pick(rng, list(PROPERTY_TYPES.values()), book.chunk.loans)
    return pa.table(
        {
            "property_id": book.loan_id,
            **{name: addresses[name] for name in [*_ADDRESS, "county_fips"]},
            "property_type": chosen(list(PROPERTY_TYPES), kinds),
            "value_cents": book.property_value_cents,
        }
    )


def _borrowers(rng: np.random.Generator, book: Book, properties: pa.Table) -> pa.Table:
    """Most borrowers live in the property of the first of their two loans."""
    n = book.chunk.borrowers
    borrower_id = np.arange(book.chunk.first_borrower, book.chunk.first_borrower + n, dtype=np.int64)
    first, last = rng.integers(0, len(FIRST_NAMES), n), rng.integers(0, len(LAST_NAMES), n)
    first_name, last_name = chosen(FIRST_NAMES, first), chosen(LAST_NAMES, last)
    home = properties.select(_ADDRESS).take(pa.array(np.arange(n) * 2))
    elsewhere = _addresses(rng, n)
    is_elsewhere = pa.array(rng.random(n) < _LIVES_ELSEWHERE)
    return pa.table(
        {
            "borrower_id": borrower_id,
            "full_name": joined(first_name, last_name, by=" "),
            "email": joined(
                joined(pc.ascii_lower(first_name), pc.ascii_lower(last_name), integers(borrower_id), by="."),
                "@example.com",
            ),
            "phone": joined(
                prefixed("+1-", digits(rng.integers(201, 990, n), 3)),
                prefixed("-555-01", digits(rng.integers(0, _FICTITIOUS_NUMBERS, n), 2)),
            ),
            **{name: pc.if_else(is_elsewhere, elsewhere[name], home[name].combine_chunks()) for name in _ADDRESS},
        }
    )


def _addresses(rng: np.random.Generator, n: int) -> dict[str, pa.StringArray]:
    place = rng.integers(0, len(PLACES), n)
    zip3 = np.frombuffer("".join(place.zip3 for place in PLACES).encode(), dtype=np.uint8).reshape(-1, 3)
    zips: Bytes = np.hstack([zip3[place], digits(rng.integers(1, 100, n), 2)])
    return {
        "street": joined(
            integers(rng.integers(1, 9_900, n)),
            chosen(STREET_NAMES, rng.integers(0, len(STREET_NAMES), n)),
            chosen(STREET_KINDS, rng.integers(0, len(STREET_KINDS), n)),
            by=" ",
        ),
        "city": chosen([place.city for place in PLACES], place),
        "state": chosen([place.state for place in PLACES], place),
        "zip": prefixed("", zips),
        "county_fips": chosen([place.county_fips for place in PLACES], place),
    }


def _loans(world: World, book: Book) -> pa.Table:
    borrower_id = borrower_of(book.loan_id)
    return pa.table(
        {
            "loan_id": book.loan_id,
            "loan_number": loan_numbers(book.loan_id),
            "cif": cifs(borrower_id),
            "borrower_id": borrower_id,
            "property_id": book.loan_id,
            "product": chosen([product.name for product in PRODUCTS], book.product),
            "originated_on": dates(book.originated_on),
            "original_principal_cents": book.original_principal_cents,
            "boarded_on": _eve(world, book),
            "principal_cents": book.principal_cents,
            "rate_ppm": book.rate_ppm.astype(np.int32),
            "payment_cents": book.payment_cents,
            "escrow_cents": book.escrow_cents,
            "escrow_shortage_cents": book.escrow_shortage_cents,
            "first_due_on": dates(book.first_due_on),
            "term_instalments": book.term_instalments.astype(np.int16),
            "last_instalment": book.last_instalment.astype(np.int16),
            "grace_days": book.grace_days.astype(np.int16),
        }
    )


def _account_numbers(world: World, book: Book) -> pa.Table:
    """Each loan has an account number of its own at the bank, opened when it was boarded."""
    return pa.table(
        {
            "account_number_id": account_number_ids(book.loan_id),
            "loan_id": book.loan_id,
            "opened_on": _eve(world, book),
        }
    )


def _eve(world: World, book: Book) -> pa.Date32Array:
    """The day on which the loans were boarded, the same for all."""
    return dates(np.full(book.chunk.loans, day_number(world.boarded_on)))


def _escrow(book: Book) -> pa.Table:
    """Only the loans whose taxes and insurance go through us."""
    escrowed = book.is_escrowed
    return pa.table(
        {
            "loan_id": book.loan_id[escrowed],
            "annual_tax_cents": book.annual_tax_cents[escrowed],
            "annual_insurance_cents": book.annual_insurance_cents[escrowed],
            "opening_balance_cents": book.opening_escrow_cents[escrowed],
        }
    )


def _loan_statuses(world: World, book: Book) -> pa.Table:
    """What was set, and where it ended in time the return to active; ordered by loan and day."""
    is_set = book.status != ACTIVE
    is_ended = is_set & (book.status_until <= day_number(world.last_day))
    names = ["active", *(status.name for status in STATUSES)]
    reasons = [ENDED_REASON, *(status.reason for status in STATUSES)]

    def rows(which: Flags, effective_on: Int64s, status: Bytes) -> pa.Table:
        return pa.table(
            {
                "loan_id": book.loan_id[which],
                "status": chosen(names, status[which]),
                "effective_on": dates(effective_on[which]),
                "reason": chosen(reasons, status[which]),
                "booked_on": dates(effective_on[which]),
            }
        )

    begun = rows(is_set, book.status_from, book.status)
    ended = rows(is_ended, book.status_until, np.zeros_like(book.status))
    return pa.concat_tables([begun, ended]).sort_by([("loan_id", "ascending"), ("effective_on", "ascending")])
