"""What the origination system of a world holds: applications of all outcomes, from 2024 to the day the book was boarded.

The loans of the book that were made in those years each have the application they came from, with the same amount, rate,
term, lien and property; loans that were bought have their purchase. Beside them stand applications of which no loan is
in the book: denied, withdrawn, never completed, not accepted, or made and sold with their servicing. A few of the book's
loans were keyed differently at origination (`noise` multiplies them): what a cross-check is there to find.

Identifiers are of institutions that do not exist; counties are real, and the tracts in them are invented, which is why a
world brings its own census list along.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from payments_pipeline.hmda.applicants import NOT_APPLICABLE, PURCHASED
from payments_pipeline.rules.uli import make_ulis
from payments_pipeline.world.book import LOWEST_RATE_PPM, ORIGINAL_HUNDREDS, PRODUCTS, RATE_STEP_PPM, Book
from payments_pipeline.world.days import day_number
from payments_pipeline.world.draws import Bytes, Flags, Int64s, Stream, between, pick, stream
from payments_pipeline.world.parameters import World
from payments_pipeline.world.portfolio import _addresses
from payments_pipeline.world.text import chosen, dates, digits, integers, joined, prefixed
from payments_pipeline.world.vocabulary import PLACES, PROPERTY_TYPES

FOLDER: Final = "originations"
TABLES: Final = (
    "applications", "applicants", "application_denials", "aus_results", "application_terms", "application_costs",
    "application_properties", "loan_sales", "subordinate_liens",
)  # fmt: skip
CENSUS_FILE: Final = "census.txt"

LEI: Final = "0000NORTHWINDMSI0017"
"""Ours, as data/institution.toml has it."""
ORIGINATORS: Final = ("0000CASCADELENDG0083", "0000TIDEWATERBNK0004", "0000PRAIRIECRUNI0014")
"""Of whom loans were bought: a purchased loan keeps the identifier that they gave it."""
FIRST_DAY: Final = date(2024, 1, 1)
LAST_DAY: Final = date(2026, 12, 31)

ORIGINATED, NOT_ACCEPTED, DENIED, WITHDRAWN, INCOMPLETE = range(1, 6)
PREAPPROVAL_DENIED, PREAPPROVED = 7, 8
_ACTIONS: Final = (
    ORIGINATED, NOT_ACCEPTED, DENIED, WITHDRAWN, INCOMPLETE, PURCHASED, PREAPPROVAL_DENIED, PREAPPROVED,
)  # fmt: skip
_WITHOUT_LOAN: Final = 0.75
"""Applications of which no loan is in the book, for each loan that was made in those years."""
_OUTCOMES: Final = (0.16, 0.05, 0.27, 0.28, 0.07, 0.11, 0.03, 0.03)
"""What became of those, in the order of `_ACTIONS`."""
_KEYED_DIFFERENTLY: Final = 0.01
_NEVER_KEYED: Final = 0.001
_JUNIOR: Final = 0.12
"""Of short small loans, those behind another lien."""
_JUNIOR_MOST_CENTS: Final = 150_000_00
_LINE_BEHIND_MOST_CENTS: Final = 250_000_00
_TRACTS: Final = 24
_UNIDENTIFIED: Final = 0.1
_APPLICATIONS_IN_CHUNK: Final = 10_000_000
_AGENCY_MOST_CENTS: Final = 1_225_000_00
_VA_MOST_CENTS: Final = 1_050_000_00
_FHA_MOST_CENTS: Final = 637_000_00
_USDA_MOST_CENTS: Final = 400_000_00
_PRIVATE_SECURITIZER: Final = 5
_PURCHASERS: Final = {"Fannie Mae": 1, "Ginnie Mae Pool": 2, "Freddie Mac": 3}
_RATES: Final = (67_500, 66_250, 62_500)
"""What a loan cost in 2024, 2025 and 2026, in parts per million."""


class _Answer(NamedTuple):
    """How somebody answers, and in how many cases."""

    share: float
    ethnicities: str
    races: str
    ethnicity_other: str | None = None
    native: str | None = None
    asian: str | None = None
    islander: str | None = None
    observed: int = 2


_ANSWERS: Final = (
    _Answer(0.440, "2", "5"),
    _Answer(0.120, "2", "3"),
    _Answer(0.080, "1 11", "5"),
    _Answer(0.020, "12", "5"),
    _Answer(0.010, "13", "5"),
    _Answer(0.010, "1 14", "5", ethnicity_other="Dominican"),
    _Answer(0.030, "2", "2 21"),
    _Answer(0.030, "2", "2 22"),
    _Answer(0.015, "2", "2 26"),
    _Answer(0.005, "2", "2 27", asian="Hmong"),
    _Answer(0.008, "2", "1", native="Navajo Nation"),
    _Answer(0.004, "2", "4 41"),
    _Answer(0.003, "2", "44", islander="Fijian"),
    _Answer(0.020, "2", "5 3"),
    _Answer(0.035, "2", "5", observed=1),
    _Answer(0.010, "1", "5", observed=1),
    _Answer(0.160, "3", "6"),
)
_SEXES: Final = {1: 0.47, 2: 0.42, 3: 0.10, 6: 0.01}
_NOT_TOLD: Final = "3"
_MODELS: Final = (1, 2, 3, 11, 12, 15)
_REASONS: Final = (1, 2, 3, 4, 5, 6, 7, 8)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Applications by columns: first those of loans made, then of loans bought, then those without a loan of ours."""

    made: int
    bought: int
    others: int
    loan_at: Int64s
    """Place of the loan in the chunk; -1 for none."""
    action: Int64s
    day: Int64s
    amount_cents: Int64s
    rate_ppm: Int64s
    term: Int64s
    value_cents: Int64s
    is_company: Flags
    is_business: Flags
    is_purchase: Flags
    occupancy: Int64s
    is_junior: Flags
    property_type: Bytes
    owner: list[str | None]
    points_cents: Int64s
    has_co_applicant: Flags

    def __len__(self) -> int:
        return len(self.action)


def originations_of(
    world: World, book: Book, portfolio: dict[str, pa.Table], taxpayers: dict[str, pa.Table]
) -> dict[str, pa.Table]:
    """The tables of a chunk, by name."""
    rng = stream(world.seed, book.chunk.number, Stream.ORIGINATIONS)
    is_junior = _juniors(rng, book)
    rows = _rows(rng, world, book, portfolio, taxpayers, is_junior)
    n = len(rows)
    application_id = book.chunk.number * _APPLICATIONS_IN_CHUNK + np.arange(1, n + 1, dtype=np.int64)
    is_open_end, is_reverse = _products(rng, rows)
    loan_type = _loan_types(rng, rows, is_open_end | is_reverse)
    is_kept = np.ones(n, dtype=bool)
    is_kept[: rows.made] = rng.random(rows.made) >= _NEVER_KEYED * world.noise
    keyed = _keyed(rng, world, rows)
    tables = {
        "applications": _applications(rng, rows, book, application_id, loan_type, is_open_end, is_reverse, keyed),
        "application_terms": _terms(rng, rows, application_id, is_open_end, is_reverse, keyed),
        "application_costs": _costs(rng, rows, application_id, is_open_end | is_reverse),
        "application_properties": _properties(rng, rows, portfolio, application_id, keyed, _first_tract(world)),
        "loan_sales": _sales(rng, rows, application_id, loan_type, _horizon(world)),
        "application_denials": _denials(rng, rows, application_id),
        "aus_results": _systems(rng, rows, application_id, loan_type),
        "applicants": _applicants(rng, rows, application_id, is_reverse),
    }
    kept = pa.array(application_id[is_kept])
    found = {name: table.filter(pc.is_in(table["application_id"], kept)) for name, table in tables.items()}
    found["subordinate_liens"] = pa.table(
        {"loan_id": book.loan_id[is_junior], "lien_position": np.full(int(is_junior.sum()), 2, dtype=np.int16)}
    )
    return found


def write_census(world: World, path: Path) -> int:
    """The world's own census list, in the platform's form: its counties, with the tracts invented for them; returns how many."""
    first = _first_tract(world)
    header = "collectionYear|msaMd|state|county|tract|smallCounty"
    counties = dict.fromkeys(place.county_fips for place in PLACES)
    lines = [
        f"2026|0|{county[:2]}|{county[2:]}|{tract:04}00|"
        for county in counties
        for tract in range(first, first + _TRACTS)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *lines]) + "\n", encoding="ascii")
    return len(lines)


def _first_tract(world: World) -> int:
    return 1 + world.seed * 37 % 9_900


def _horizon(world: World) -> int:
    """The last day on which anything was decided."""
    return min(day_number(world.boarded_on), day_number(LAST_DAY))


def _juniors(rng: np.random.Generator, book: Book) -> Flags:
    shortest = min(range(len(PRODUCTS)), key=lambda number: PRODUCTS[number].term)
    is_small = (book.product == shortest) & (book.original_principal_cents <= _JUNIOR_MOST_CENTS)
    found: Flags = is_small & (rng.random(book.chunk.loans) < _JUNIOR)
    return found


def _rows(
    rng: np.random.Generator,
    world: World,
    book: Book,
    portfolio: dict[str, pa.Table],
    taxpayers: dict[str, pa.Table],
    is_junior: Flags,
) -> _Rows:
    terms = taxpayers["loan_tax_terms"]
    first, last = day_number(FIRST_DAY), _horizon(world)
    acquired_on = _whole(terms["acquired_on"])
    is_acquired = _flags(acquired_on.is_valid())
    acquired = _numbers(pc.fill_null(acquired_on.cast(pa.int32()), 0))
    owners = terms["owner_name"].to_pylist()
    is_ours = np.array([owner is None for owner in owners], dtype=bool)
    made = np.flatnonzero(~is_acquired & (book.originated_on >= first) & (book.originated_on <= last))
    # what we service for another was bought by that other
    bought = np.flatnonzero(is_acquired & is_ours & (acquired >= first) & (acquired <= last))
    loans = np.concatenate([made, bought])

    others = max(round(_WITHOUT_LOAN * len(made)), 3 * len(_ACTIONS)) if len(made) and last >= first else 0
    action, day = _outcomes(rng, others, first, last)
    borrowers = (book.loan_id + 1) // 2 - book.chunk.first_borrower
    kinds = taxpayers["tax_identities"]["payer_kind"].take(pa.array(borrowers[loans])).to_pylist()
    is_company = np.array([kind != "individual" for kind in kinds], dtype=bool)
    is_business = np.array([kind in ("corporation", "partnership", "association") for kind in kinds], dtype=bool)
    is_company_too = rng.random(others) < 0.03
    amount = between(rng, ORIGINAL_HUNDREDS, others) * 10_000
    is_residence = _flags(terms["is_principal_residence"])[loans]
    elsewhere = rng.integers(2, 4, len(loans) + others)
    is_home = np.concatenate([is_residence, rng.random(others) < 0.88])
    is_any_business = np.concatenate([is_business, is_company_too & (rng.random(others) < 0.6)])
    years = np.searchsorted([day_number(date(2025, 1, 1)), day_number(date(2026, 1, 1))], day, side="right")
    property_types = list(PROPERTY_TYPES)
    of_book = pc.index_in(
        _whole(portfolio["properties"]["property_type"]).take(pa.array(loans)), pa.array(property_types)
    )
    purchases = np.concatenate([_flags(terms["is_purchase"])[loans], rng.random(others) < 0.55])
    purchases |= np.concatenate([np.zeros(len(loans), dtype=bool), action >= PREAPPROVAL_DENIED])
    paired = set(taxpayers["co_borrowers"]["loan_id"].to_pylist())
    has_co = np.array([int(loan) in paired for loan in book.loan_id[loans]], dtype=bool)
    return _Rows(
        made=len(made),
        bought=len(bought),
        others=others,
        loan_at=np.concatenate([loans, np.full(others, -1, dtype=np.int64)]),
        action=np.concatenate(
            [np.full(len(made), ORIGINATED, dtype=np.int64), np.full(len(bought), PURCHASED, dtype=np.int64), action]
        ),
        day=np.concatenate([book.originated_on[made], acquired[bought], day]),
        # of a loan that is bought, what is still unpaid
        amount_cents=np.concatenate([book.original_principal_cents[made], book.principal_cents[bought], amount]),
        rate_ppm=np.concatenate(
            [
                book.rate_ppm[loans],
                np.maximum(np.array(_RATES)[years] + rng.integers(-6, 7, others) * RATE_STEP_PPM, LOWEST_RATE_PPM),
            ]
        ),
        term=np.concatenate(
            [
                np.array([product.term for product in PRODUCTS])[book.product[loans]],
                np.array([360, 360, 360, 240, 180])[rng.integers(0, 5, others)],
            ]
        ),
        value_cents=np.concatenate([book.property_value_cents[loans], amount * 100 // rng.integers(55, 97, others)]),
        is_company=np.concatenate([is_company, is_company_too]),
        is_business=is_any_business,
        is_purchase=purchases,
        occupancy=np.where(is_any_business, 3, np.where(is_home, 1, elsewhere)),
        is_junior=np.concatenate([is_junior[loans], np.zeros(others, dtype=bool)]),
        property_type=np.concatenate(
            [
                _numbers(of_book.cast(pa.int64())).astype(np.uint8),
                pick(rng, list(PROPERTY_TYPES.values()), others),
            ]
        ),
        owner=[*(owners[at] for at in loans), *[None] * others],
        points_cents=np.concatenate([_numbers(_whole(terms["points_cents"]))[loans], np.zeros(others, dtype=np.int64)]),
        has_co_applicant=np.concatenate([has_co, rng.random(others) < 0.45]),
    )


def _outcomes(rng: np.random.Generator, count: int, first: int, last: int) -> tuple[Int64s, Int64s]:
    """What became of the applications without a loan of ours, and when: of each outcome one a year at the least."""
    action: Int64s = np.array(_ACTIONS)[pick(rng, _OUTCOMES, count)].astype(np.int64)
    day = rng.integers(first, max(last, first) + 1, count)
    sure = min(count, 3 * len(_ACTIONS))
    action[:sure] = np.array(_ACTIONS * 3)[:sure]
    for number, year in enumerate((2024, 2025, 2026)):
        begins, ends = day_number(date(year, 1, 1)), min(day_number(date(year, 12, 31)), last)
        if begins <= ends:
            at = slice(min(number * len(_ACTIONS), sure), min((number + 1) * len(_ACTIONS), sure))
            day[at] = rng.integers(begins, ends + 1, len(day[at]))
    return action, day


def _products(rng: np.random.Generator, rows: _Rows) -> tuple[Flags, Flags]:
    """Lines of credit and reverse mortgages, of which the book has none: a few of the applications without a loan."""
    drawn = rng.random(len(rows))
    may_be = (rows.loan_at < 0) & (rows.action < PURCHASED) & ~rows.is_company & ~rows.is_purchase
    return may_be & (drawn < 0.12), may_be & (drawn >= 0.12) & (drawn < 0.16)


def _loan_types(rng: np.random.Generator, rows: _Rows, is_other_product: Flags) -> Int64s:
    """Who insures it: what went into a pool of Ginnie Mae is insured, what agencies bought is not."""
    owner = np.array([_PURCHASERS.get(name or "", 0) for name in rows.owner], dtype=np.int64)
    drawn = np.array([1, 2, 3, 4])[pick(rng, (0.84, 0.10, 0.045, 0.015), len(rows))]
    wanted = np.where(owner == 2, np.where(rng.random(len(rows)) < 0.6, 2, 3), np.where(owner > 0, 1, drawn))
    most = np.array([0, 2**62, _FHA_MOST_CENTS, _VA_MOST_CENTS, _USDA_MOST_CENTS])
    may_be = (rows.amount_cents <= most[wanted]) & ~rows.is_company & ~rows.is_junior & ~is_other_product
    kinds: Int64s = np.where(may_be & (rows.occupancy == 1), wanted, 1)
    return kinds


class _Keyed(NamedTuple):
    """Which loans of the book were keyed differently at origination, and in what."""

    amount: Flags
    rate: Flags
    term: Flags
    street: Flags
    zip: Flags
    day: Flags


def _keyed(rng: np.random.Generator, world: World, rows: _Rows) -> _Keyed:
    drawn = rng.random(len(rows)) / max(_KEYED_DIFFERENTLY * world.noise, 1e-12)
    drawn[rows.made :] = np.inf
    sixth = np.floor(drawn * len(_Keyed._fields))
    return _Keyed(*(sixth == number for number in range(len(_Keyed._fields))))


def _applications(
    rng: np.random.Generator,
    rows: _Rows,
    book: Book,
    application_id: Int64s,
    loan_type: Int64s,
    is_open_end: Flags,
    is_reverse: Flags,
    keyed: _Keyed,
) -> pa.Table:
    n = len(rows)
    is_decided = (rows.action != WITHDRAWN) & (rows.action != INCOMPLETE) & (rows.action != PURCHASED)
    is_preapproval = rows.action >= PREAPPROVAL_DENIED
    asked_before = (
        (rows.action <= NOT_ACCEPTED) & rows.is_purchase & ~is_open_end & ~is_reverse & (rng.random(n) < 0.06)
    )
    other_purpose = np.array([31, 32, 2, 4])[pick(rng, (0.5, 0.35, 0.08, 0.07), n)]
    other_purpose = np.where(rows.is_business & (other_purpose == 4), 31, other_purpose)
    amount = np.where(keyed.amount, rows.amount_cents - 1_000_00, rows.amount_cents)
    behind = np.where(rows.is_junior, rows.value_cents * rng.integers(5, 21, n) // 100, 0)
    # in thousandths of a percent, rounded half up
    ratio = (200_000 * (amount + behind) + rows.value_cents) // (2 * rows.value_cents)
    income = np.maximum(amount // 100_000 * 1_000 // rng.integers(2_200, 4_501, n), 12)
    has_income = ~rows.is_company & (rows.action != PURCHASED)
    loan_id = np.append(book.loan_id, -1)[rows.loan_at]
    day = np.where(keyed.day, rows.day - 1, rows.day)
    return pa.table(
        {
            "application_id": application_id,
            "uli": _ulis(rng, rows, application_id),
            "loan_id": _where(rows.loan_at >= 0, loan_id),
            "applied_on": _days_where(rows.action != PURCHASED, day - rng.integers(12, 90, n)),
            "action_taken": rows.action.astype(np.int16),
            "action_taken_on": dates(np.maximum(day, day_number(FIRST_DAY))),
            "loan_type": loan_type.astype(np.int16),
            "loan_purpose": np.where(rows.is_purchase, 1, other_purpose).astype(np.int16),
            "is_preapproval_requested": is_preapproval | asked_before,
            "occupancy_type": rows.occupancy.astype(np.int16),
            "amount_cents": amount,
            "income_thousands": _where(has_income, income.astype(np.int32)),
            "debt_to_income": _thousandths(is_decided & ~rows.is_company, rng.integers(1_800, 5_000, n) * 10),
            "combined_loan_to_value": _thousandths(is_decided & ~is_preapproval, ratio),
            "property_value_cents": _where(
                (is_decided & ~is_preapproval) | (rows.action == PURCHASED), rows.value_cents
            ),
            "hoepa_status": np.where(
                ((rows.action == ORIGINATED) | (rows.action == PURCHASED)) & ~rows.is_business & ~is_reverse, 2, 3
            ).astype(np.int16),
            "submission_channel": np.where(rows.action == PURCHASED, 3, np.where(rng.random(n) < 0.75, 1, 2)).astype(
                np.int16
            ),
            "initially_payable": np.where(rows.action == PURCHASED, 3, np.where(rng.random(n) < 0.97, 1, 2)).astype(
                np.int16
            ),
            "nmlsr_id": integers(100_003 + rng.integers(0, 400, n) * 6_997),
            "is_reverse": is_reverse,
            "is_open_end": is_open_end,
            "is_business_purpose": rows.is_business,
        }
    )


def _ulis(rng: np.random.Generator, rows: _Rows, application_id: Int64s) -> pa.StringArray:
    """Ours, and for what was bought the originator's; the loan's own part is the application's number."""
    numbers = prefixed("A", digits(application_id, 12)).to_pylist()
    whose = np.where(rows.action == PURCHASED, 1 + rng.integers(0, len(ORIGINATORS), len(rows)), 0)
    ulis = np.empty(len(rows), dtype=object)
    for number, lei in enumerate((LEI, *ORIGINATORS)):
        at = np.flatnonzero(whose == number)
        ulis[at] = make_ulis(lei, [numbers[place] for place in at])
    return pa.array(ulis, pa.string())


def _terms(
    rng: np.random.Generator,
    rows: _Rows,
    application_id: Int64s,
    is_open_end: Flags,
    is_reverse: Flags,
    keyed: _Keyed,
) -> pa.Table:
    n = len(rows)
    is_priced = np.isin(rows.action, (ORIGINATED, NOT_ACCEPTED, PURCHASED, PREAPPROVED))
    has_spread = is_priced & (rows.action != PURCHASED) & ~is_reverse & ~rows.is_business
    rate = np.where(keyed.rate, rows.rate_ppm + RATE_STEP_PPM, rows.rate_ppm)
    apr = rate + rng.integers(50, 3_500, n)
    is_behind = is_open_end & (rows.amount_cents <= _LINE_BEHIND_MOST_CENTS)
    steps = rng.integers(-5_000, 12_001, n) + np.where(rows.is_junior, 8_000, 0)
    is_adjustable = (rows.loan_at < 0) & ~is_reverse & (is_open_end | (rng.random(n) < 0.12))
    term = np.where(keyed.term, np.where(rows.term == 360, 240, 360), rows.term)
    return pa.table(
        {
            "application_id": application_id,
            "lien_status": np.where(rows.is_junior | is_behind, 2, 1).astype(np.int16),
            "note_rate_ppm": _where(is_priced, rate.astype(np.int32)),
            "term_months": _where(~is_reverse, term.astype(np.int16)),
            "introductory_months": _where(
                is_adjustable, np.where(is_open_end, 1, np.array([60, 84, 120])[rng.integers(0, 3, n)]).astype(np.int16)
            ),
            "prepayment_penalty_months": _where(
                (rows.action == ORIGINATED) & ~rows.is_business & ~is_reverse & (rng.random(n) < 0.01),
                np.full(n, 36, dtype=np.int16),
            ),
            "apr_ppm": _where(has_spread, apr.astype(np.int32)),
            "apor_ppm": _where(has_spread, (rate - steps).astype(np.int32)),
            "rate_set_on": _days_where(has_spread, rows.day - rng.integers(5, 30, n)),
        }
    )


def _costs(rng: np.random.Generator, rows: _Rows, application_id: Int64s, is_other_product: Flags) -> pa.Table:
    n = len(rows)
    is_closed = ((rows.action == ORIGINATED) | (rows.action == PURCHASED)) & ~is_other_product & ~rows.is_business
    points = rows.points_cents
    charges = points + rng.integers(500_00, 2_500_00, n)
    total = charges + rng.integers(1_000_00, 4_000_00, n)
    # a home without its land is no real property: there is no Closing Disclosure
    is_chattel = _is_chattel(rows) & (rows.action == ORIGINATED)
    has_none = _is_chattel(rows) & (rows.action == PURCHASED)
    whole = pa.table(
        {
            "application_id": application_id,
            "loan_costs_cents": _where(~is_chattel & ~has_none, total),
            "points_and_fees_cents": _where(is_chattel, total),
            "origination_charges_cents": charges,
            "discount_points_cents": points,
            "lender_credits_cents": np.where(rng.random(n) < 0.3, rng.integers(100_00, 500_00, n), 0),
        }
    )
    return whole.filter(pa.array(is_closed))


def _is_chattel(rows: _Rows) -> Flags:
    """Manufactured homes whose loan is not secured by land: a third of them, told by an amount that is not round."""
    is_manufactured = rows.property_type == list(PROPERTY_TYPES).index("manufactured")
    found: Flags = is_manufactured & (rows.value_cents % 3 == 0)
    return found


def _properties(
    rng: np.random.Generator,
    rows: _Rows,
    portfolio: dict[str, pa.Table],
    application_id: Int64s,
    keyed: _Keyed,
    first_tract: int,
) -> pa.Table:
    n = len(rows)
    loans = pa.array(rows.loan_at[: rows.made + rows.bought])
    elsewhere = _addresses(rng, rows.others)
    address = {
        name: pa.concat_arrays([_whole(portfolio["properties"][name]).take(loans), _whole(elsewhere[name])])
        for name in ("street", "city", "state", "zip", "county_fips")
    }
    is_nowhere = (rows.action >= PREAPPROVAL_DENIED) | (
        ((rows.action == WITHDRAWN) | (rows.action == INCOMPLETE)) & (rng.random(n) < _UNIDENTIFIED)
    )
    shown = pa.array(~is_nowhere)
    missing = pa.scalar(None, pa.string())
    other_zip = joined(pc.utf8_slice_codeunits(address["zip"], 0, 3), "99")
    address["street"] = pc.if_else(
        pa.array(keyed.street), joined(address["street"], "Unit 1", by=" "), address["street"]
    )
    address["zip"] = pc.if_else(pa.array(keyed.zip), other_zip, address["zip"])
    tract = joined(address["county_fips"], prefixed("", digits(first_tract + rng.integers(0, _TRACTS, n), 4)), "00")
    types = list(PROPERTY_TYPES)
    is_manufactured = rows.property_type == types.index("manufactured")
    is_small_multiple = rows.property_type == types.index("two_to_four_family")
    is_chattel = _is_chattel(rows)
    return pa.table(
        {
            "application_id": application_id,
            **{name: pc.if_else(shown, column, missing) for name, column in address.items()},
            "census_tract": pc.if_else(shown, tract, missing),
            "units": np.where(is_small_multiple, rng.integers(2, 5, n), 1).astype(np.int32),
            "is_manufactured": is_manufactured,
            "manufactured_secured_by": np.where(is_manufactured, np.where(is_chattel, 2, 1), 3).astype(np.int16),
            "manufactured_land_interest": np.where(is_manufactured, np.where(is_chattel, 3, 1), 5).astype(np.int16),
        }
    )


def _sales(rng: np.random.Generator, rows: _Rows, application_id: Int64s, loan_type: Int64s, horizon: int) -> pa.Table:
    """What was sold: loans of the book to whom they belong now, others with their servicing."""
    n = len(rows)
    owner = np.array([_PURCHASERS.get(name or "", 0) for name in rows.owner], dtype=np.int64)
    elsewhere = np.array([1, 3, 5, 6, 71])[rng.integers(0, 5, n)]
    purchaser = np.where(rows.loan_at >= 0, owner, np.where(loan_type > 1, 2, elsewhere))
    fits = (rows.amount_cents <= _AGENCY_MOST_CENTS) & ((purchaser == 2) == (loan_type > 1))
    purchaser = np.where((purchaser > 4) | fits, purchaser, _PRIVATE_SECURITIZER)
    is_sold = np.where(rows.loan_at >= 0, owner > 0, (rows.action == ORIGINATED) | (rows.action == PURCHASED))
    sold_on = np.minimum(rows.day + rng.integers(15, 76, n), horizon)
    whole = pa.table(
        {
            "application_id": application_id,
            "sold_on": dates(sold_on),
            "purchaser_type": purchaser.astype(np.int16),
        }
    )
    return whole.filter(pa.array(is_sold))


def _denials(rng: np.random.Generator, rows: _Rows, application_id: Int64s) -> pa.Table:
    is_denied = (rows.action == DENIED) | (rows.action == PREAPPROVAL_DENIED)
    denied = application_id[is_denied]
    n = len(denied)
    first = rng.integers(0, len(_REASONS), n)
    second = (first + rng.integers(1, len(_REASONS), n)) % len(_REASONS)
    has_second, is_other = rng.random(n) < 0.35, rng.random(n) < 0.06
    reasons = np.array(_REASONS)
    one = pa.table(
        {
            "application_id": denied,
            "seq": np.ones(n, dtype=np.int16),
            "reason": np.where(is_other, 9, reasons[first]).astype(np.int16),
            "reason_text": _text_where(is_other, pa.scalar("Length of residence")),
        }
    )
    two = pa.table(
        {
            "application_id": denied,
            "seq": np.full(n, 2, dtype=np.int16),
            "reason": reasons[second].astype(np.int16),
            "reason_text": pa.nulls(n, pa.string()),
        }
    ).filter(pa.array(has_second))
    return pa.concat_tables([one, two])


def _systems(rng: np.random.Generator, rows: _Rows, application_id: Int64s, loan_type: Int64s) -> pa.Table:
    """One system for most, and for some our own beside it; companies and purchases have none."""
    n = len(rows)
    is_run = (rows.action != PURCHASED) & ~rows.is_company & (rng.random(n) < 0.85)
    is_good = np.isin(rows.action, (ORIGINATED, NOT_ACCEPTED, PREAPPROVED)) | (rng.random(n) < 0.4)
    drawn = rng.random(n)
    system = np.where(loan_type == 2, 3, np.where(loan_type == 4, 4, np.where(drawn < 0.6, 1, 2)))
    system = np.where(drawn > 0.98, 5, system)
    good, bad = np.array([0, 1, 8, 18, 18, 16, 0, 1]), np.array([0, 3, 9, 13, 21, 13, 0, 3])
    is_second = is_run & (rng.random(n) < 0.08)

    def results(which: Flags, seq: int, system: Int64s) -> pa.Table:
        result = np.where(is_good, good[system], bad[system])
        whole = pa.table(
            {
                "application_id": application_id,
                "seq": np.full(n, seq, dtype=np.int16),
                "system": system.astype(np.int16),
                "system_text": _text_where(system == 5, pa.scalar("Portfolio Decision Engine")),
                "result": result.astype(np.int16),
                "result_text": _text_where(result == 16, pa.scalar("Approved with conditions")),
            }
        )
        return whole.filter(pa.array(which))

    return pa.concat_tables([results(is_run, 1, system), results(is_second, 2, np.full(n, 7, dtype=np.int64))])


def _applicants(rng: np.random.Generator, rows: _Rows, application_id: Int64s, is_reverse: Flags) -> pa.Table:
    """Of a purchased loan the register says nothing about the people, so the origination system keeps nothing."""
    is_applied = rows.action != PURCHASED
    first = _people(rng, rows, application_id, 1, ~rows.is_company, is_reverse)
    second = _people(rng, rows, application_id, 2, np.ones(len(rows), dtype=bool), is_reverse)
    has_second = is_applied & rows.has_co_applicant & ~rows.is_company
    return pa.concat_tables([first.filter(pa.array(is_applied)), second.filter(pa.array(has_second))])


def _people(
    rng: np.random.Generator, rows: _Rows, application_id: Int64s, seq: int, is_person: Flags, is_reverse: Flags
) -> pa.Table:
    n = len(rows)
    answer = pick(rng, [answer.share for answer in _ANSWERS], n)
    observed = np.array([answer.observed for answer in _ANSWERS])[answer]
    sex = np.array(list(_SEXES))[pick(rng, list(_SEXES.values()), n)]
    # who did not answer did not answer this either; what is seen is one or the other
    is_silent = np.array([answer.ethnicities == _NOT_TOLD for answer in _ANSWERS])[answer]
    sex = np.where(is_silent, 3, np.where((observed == 1) & (sex > 2), 1 + answer % 2, sex))
    youngest = np.where(is_reverse, 63, 21)
    years = youngest + rng.integers(0, 2**16, n) * (83 - youngest) // 2**16
    born = rows.day - years * 366 - rng.integers(0, 365, n)
    model = np.array(_MODELS)[rng.integers(0, len(_MODELS), n)]
    is_other_model = rng.random(n) < 0.01
    model = np.where(is_other_model, 8, model)
    score = rng.integers(560, 850, n)
    return pa.table(
        {
            "application_id": application_id,
            "seq": np.full(n, seq, dtype=np.int16),
            "is_person": is_person,
            "ethnicities": chosen([answer.ethnicities for answer in _ANSWERS], answer),
            "ethnicity_other": chosen([answer.ethnicity_other for answer in _ANSWERS], answer),
            "ethnicity_observed": observed.astype(np.int16),
            "races": chosen([answer.races for answer in _ANSWERS], answer),
            "race_native": chosen([answer.native for answer in _ANSWERS], answer),
            "race_asian": chosen([answer.asian for answer in _ANSWERS], answer),
            "race_islander": chosen([answer.islander for answer in _ANSWERS], answer),
            "race_observed": observed.astype(np.int16),
            "sex": sex.astype(np.int16),
            "sex_observed": np.where(is_silent, 2, observed).astype(np.int16),
            "born_on": dates(born),
            "credit_score": np.where(is_person, score, NOT_APPLICABLE).astype(np.int32),
            "scoring_model": np.where(is_person, model, 9).astype(np.int16),
            "scoring_model_other": _text_where(is_other_model & is_person, pa.scalar("Rent history score 2.1")),
        }
    )


def _where(condition: Flags, values: npt.NDArray[Any]) -> Any:
    """The values where the condition holds, nothing elsewhere."""
    return pa.array(values, mask=~condition)


def _text_where(condition: Flags, text: pa.Scalar) -> Any:
    return pc.if_else(pa.array(condition), text, pa.scalar(None, pa.string()))


def _days_where(condition: Flags, days: Int64s) -> Any:
    return pc.if_else(pa.array(condition), dates(days), pa.scalar(None, pa.date32()))


def _thousandths(condition: Flags, values: Int64s) -> Any:
    """Whole thousandths as decimals, where the condition holds."""
    whole, part = np.divmod(values, 1_000)
    text = joined(integers(whole), prefixed(".", digits(part, 3)))
    return pc.if_else(pa.array(condition), text, pa.scalar(None, pa.string()))


def _whole(column: Any) -> Any:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _flags(column: Any) -> Flags:
    found: Flags = _whole(column).to_numpy(zero_copy_only=False).astype(bool)
    return found


def _numbers(column: Any) -> Int64s:
    found: Int64s = _whole(column).to_numpy(zero_copy_only=False).astype(np.int64)
    return found
