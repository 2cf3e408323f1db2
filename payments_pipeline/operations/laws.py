"""The laws of the house, checked over the whole database or one day of it.

Each law is one or several properties. A property is a sentence, `every_payment_conserves_its_cents`, and a statement of
that name in `sql/operations/laws/` that finds what breaks it: the day, the keys, what was found and what was expected.
The statements work from the facts alone and share nothing with the statements that wrote them.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from time import perf_counter
from typing import Any, Final

import psycopg
from psycopg.pq import TransactionStatus

from payments_pipeline.errors import PaymentsError
from payments_pipeline.postgres.run import query, read_whole_days

ROWS_AT_ONCE: Final = 4_000_000
"""Days are checked together up to about so many rows: each statement's hash tables stay within the server's memory."""


@dataclass(frozen=True)
class Property:
    """One thing that must hold."""

    name: str
    over: str
    """The table whose rows it goes through."""
    is_daily: bool = True
    """Whether it can be checked for one day; if not, it only makes sense for all of the database."""


@dataclass(frozen=True)
class Law:
    """A law, by its number in the design, and the properties that make it up."""

    number: int
    title: str
    properties: tuple[Property, ...]


LAWS: Final = (
    Law(
        1,
        "Conservation",
        (
            Property("every_payment_conserves_its_cents", "ledger.allocations"),
            Property("no_part_is_negative", "ledger.allocations"),
            Property("what_was_reversed_is_given_back", "payments.transitions"),
        ),
    ),
    Law(
        2,
        "Balance",
        (
            Property("every_transaction_sums_to_zero", "ledger.entries"),
            Property("turnover_adds_up_the_entries", "ledger.entries"),
            Property("suspense_adds_up_the_allocations", "ledger.allocations"),
            Property("entries_follow_from_allocations", "ledger.allocations"),
            Property("entries_follow_from_fees", "ledger.fees"),
            Property("entries_follow_from_what_fell_due", "ledger.entries"),
            Property("entries_follow_from_conversions", "ledger.conversions", is_daily=False),
            Property("conversions_lead_to_the_boarding", "ledger.conversions", is_daily=False),
            Property("balances_equal_the_ledger", "ledger.balances", is_daily=False),
            Property("accounts_equal_the_loans", "ledger.balances", is_daily=False),
        ),
    ),
    Law(
        3,
        "Once",
        (
            Property("one_payment_per_key", "payments.payments"),
            Property("one_posting_per_payment", "ledger.allocations"),
            Property("one_reversal_per_payment", "payments.transitions"),
        ),
    ),
    Law(
        4,
        "Nothing vanishes",
        (
            Property("every_batch_adds_up", "ingestion.batches"),
            Property("every_row_received_is_accounted_for", "ingestion.staged"),
            Property("every_duplicate_names_its_original", "ingestion.duplicates"),
            Property("every_event_of_the_bank_is_staged", "ingestion.bank_events"),
            Property("every_payment_is_what_was_delivered", "ingestion.payment_ingestions"),
            Property("every_word_reaches_its_payment", "ingestion.payment_ingestions"),
            Property("every_completed_payment_is_posted", "payments.payments"),
        ),
    ),
    Law(
        5,
        "History",
        (
            Property("every_chain_recomputes", "ledger.events"),
            Property("every_seal_recomputes", "ledger.seals", is_daily=False),
            Property("every_step_is_what_was_told", "payments.transitions"),
            Property("the_earliest_reversal_counts", "ingestion.payment_ingestions"),
            Property("events_tell_what_was_ingested", "payments.payments"),
            Property("events_tell_what_was_allocated", "ledger.allocations"),
            Property("events_tell_what_went_back", "payments.transitions"),
            Property("events_tell_what_was_charged", "ledger.fees"),
            Property("events_tell_what_the_book_booked", "ledger.entries"),
            Property("events_tell_which_statuses_were_set", "servicing.loan_statuses"),
            Property("the_terms_are_what_was_boarded", "servicing.loans", is_daily=False),
            Property("the_conversion_is_what_was_sealed", "ledger.conversions", is_daily=False),
            Property("decisions_follow_one_another", "reconciliation.decisions", is_daily=False),
            Property("no_fact_can_be_rewritten", "pg_class", is_daily=False),
        ),
    ),
    Law(6, "Replay", (Property("every_id_is_its_content", "payments.payments"),)),
    Law(
        7,
        "Reconciliation",
        (
            Property("variance_is_bank_minus_ours", "reconciliation.days"),
            Property("variance_is_explained_line_by_line", "settlement.bank_lines"),
            Property("the_bridge_leads_to_the_bank", "reconciliation.days"),
            Property("nothing_is_matched_twice", "reconciliation.matches", is_daily=False),
        ),
    ),
    Law(
        8,
        "Publication",
        (
            Property("what_leaves_has_happened", "ledger.publications"),
            Property("events_leave_in_order", "ledger.events"),
        ),
    ),
)

PROPERTIES: Final = {found.name: found for law in LAWS for found in law.properties}


@dataclass(frozen=True)
class Violation:
    """One place where a property does not hold."""

    business_date: date | None
    keys: str
    found: str
    expected: str

    def __str__(self) -> str:
        day = f"{self.business_date}, " if self.business_date else ""
        return f"{day}{self.keys}: found {self.found}; expected {self.expected}"


@dataclass(frozen=True)
class Result:
    """What checking one property gave. `violations` are the first ones, `violated` is how many there are."""

    law: Law
    checked: Property
    rows: int
    violated: int
    violations: tuple[Violation, ...]
    seconds: float

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        return self.violated == 0


Progress = Callable[[Result], None]
_Range = tuple[date, date]
_EVER: Final[_Range] = (date.min, date.max)


def check(connection: psycopg.Connection[Any], name: str, day: date | None = None, most: int = 10) -> list[Violation]:
    """The first violations of a property, on one day or on all; none if it holds.

    Reads what the connection sees, its own uncommitted rows included, so that a run can be checked before it commits.
    A property that is not of one day is checked for all of them.
    """
    wanted = _known(name)
    span = _EVER if day is None or not wanted.is_daily else (day, day)
    return _violations(connection, wanted, span, most)[0]


def check_all(
    connection: psycopg.Connection[Any], day: date | None = None, most: int = 10, progress: Progress | None = None
) -> list[Result]:
    """Every property of every law, over one snapshot of the database; with a day, those that can be told of a day.

    `progress` is told each result as it comes.
    """
    with _snapshot(connection):
        counts = _counts(connection, _EVER if day is None else (day, day))
        results = []
        for law in LAWS:
            for wanted in law.properties:
                if day is None or wanted.is_daily:
                    result = _examine(connection, law, wanted, counts.get(wanted.over, {}), day, most)
                    results.append(result)
                    if progress is not None:
                        progress(result)
        return results


def _known(name: str) -> Property:
    if name not in PROPERTIES:
        raise PaymentsError(f"there is no property {name!r}", f"the properties are: {', '.join(PROPERTIES)}")
    return PROPERTIES[name]


@contextmanager
def _snapshot(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """One transaction that sees one moment of the database and writes nothing."""
    if connection.info.transaction_status != TransactionStatus.IDLE:
        raise ValueError("all laws are checked in a transaction of their own: commit or roll back what is open first")
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read, read only")
        read_whole_days(connection)
        yield


def _counts(connection: psycopg.Connection[Any], span: _Range) -> dict[str, dict[date | None, int]]:
    """Rows by table and day."""
    counts: dict[str, dict[date | None, int]] = {}
    for line in query(connection, "operations/fact_counts", first=span[0], last=span[1]):
        counts.setdefault(line["table_name"], {})[line["day"]] = line["rows"]
    return counts


def _examine(
    connection: psycopg.Connection[Any],
    law: Law,
    wanted: Property,
    counts: dict[date | None, int],
    day: date | None,
    most: int,
) -> Result:
    started = perf_counter()
    first: list[Violation] = []
    violated = 0
    for span in _ranges(wanted, counts, day):
        found, times = _violations(connection, wanted, span, most)
        first += found[: most - len(first)]
        violated += times
    return Result(law, wanted, sum(counts.values()), violated, tuple(first), perf_counter() - started)


def _ranges(wanted: Property, counts: dict[date | None, int], day: date | None) -> list[_Range]:
    """Ranges of days that together are all there is, each of about as many rows as one statement should take on."""
    if day is not None:
        return [(day, day)]
    if not wanted.is_daily:
        return [_EVER]
    starts, rows = [date.min], 0
    for known in sorted(known for known in counts if known is not None):
        if rows and rows + counts[known] > ROWS_AT_ONCE:
            starts.append(known)
            rows = 0
        rows += counts[known]
    ends = [date.fromordinal(after.toordinal() - 1) for _, after in pairwise(starts)]
    return list(zip(starts, [*ends, date.max], strict=True))


def _violations(
    connection: psycopg.Connection[Any], wanted: Property, span: _Range, most: int
) -> tuple[list[Violation], int]:
    """The first violations within these days, and how many there are."""
    lines = query(connection, f"operations/laws/{wanted.name}", first=span[0], last=span[1], most=most)
    found = [Violation(line["business_date"], line["keys"], line["found"], line["expected"]) for line in lines]
    return found, lines[0]["violations"] if lines else 0
