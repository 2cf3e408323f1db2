"""Whoever alters any column of what money depends on is found by some law; what no law looks at is named here, with why."""

from typing import Any, Final

import psycopg
import pytest

from payments_pipeline.operations.laws import LAWS, check
from tests.operations.test_facts import FACTS, OTHER, forget_constraints

# What no figure of the books depends on.
UNSEEN: Final = {
    "ingestion.payment_ingestions": set(),
    "ingestion.duplicates": set(),
    "ingestion.earlier_words": set(),
    "ingestion.staged": {"metadata"},
    "ledger.allocations": set(),
    "ledger.conversions": set(),
    "ledger.entries": set(),
    "ledger.events": set(),
    "ledger.fees": set(),
    "ledger.seals": {"sealed_at"},
    "ledger.suspense": set(),
    "ledger.turnover": set(),
    "payments.payments": set(),
    "payments.reversals": set(),
    "payments.transitions": set(),
    "reconciliation.decisions": {"decided_at"},
    "servicing.converted_loans": set(),
    "servicing.escrow": set(),
    "servicing.loan_statuses": {"learned_at"},
    "servicing.loans": set(),
}


def _properties_for(table: str) -> list[str]:
    """All properties, those over the table first: most of what is altered is found by one of them."""
    known = [found for law in LAWS for found in law.properties]
    return [found.name for found in sorted(known, key=lambda found: found.over != table)]


def _unseen(intruder: psycopg.Connection[Any], table: str, row: str) -> set[str]:
    """The columns of a row that can be altered and no law finds it."""
    forget_constraints(intruder, table)
    columns = intruder.execute(
        "select attname, format_type(atttypid, null) from pg_attribute "
        "where attrelid = %s::regclass and attnum > 0 and not attisdropped and attgenerated = ''",
        (table,),
    ).fetchall()
    unseen = set()
    for column, type_ in columns:
        with intruder.transaction(force_rollback=True):
            altered = intruder.execute(
                f"update {table} set {column} = {OTHER[type_].format(column)} where (tableoid, ctid) in "
                f"(select q.tableoid, q.ctid from {table} as q {row})".encode()
            )
            assert altered.rowcount == 1
            if not any(check(intruder, name, most=1) for name in _properties_for(table)):
                unseen.add(column)
    return unseen


@pytest.mark.parametrize("table", UNSEEN)
def test_whoever_alters_a_column_is_found(intruder: psycopg.Connection[Any], table: str) -> None:
    assert _unseen(intruder, table, "order by md5(q::text) limit 1") == UNSEEN[table]


@pytest.mark.parametrize("table", ["servicing.loans", "servicing.loan_statuses"])
def test_whoever_alters_the_loan_that_stands_for_unknown_ones_is_found(
    intruder: psycopg.Connection[Any], table: str
) -> None:
    assert _unseen(intruder, table, "where q.loan_id = 0") == UNSEEN[table]


def test_every_table_that_is_tried_holds_facts() -> None:
    assert set(UNSEEN) <= set(FACTS)
