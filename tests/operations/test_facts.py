"""Nobody who runs the pipeline can rewrite what happened, and the digests notice whoever else does."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from psycopg import sql

from payments_pipeline.operations.digest import digest, digests
from payments_pipeline.postgres.connect import Database
from payments_pipeline.postgres.server import Server
from tests.operations.books import books_on

FACTS = (
    "ingestion.bank_events",
    "ingestion.batches",
    "ingestion.duplicates",
    "ingestion.earlier_words",
    "ingestion.payment_artifacts",
    "ingestion.payment_ingestions",
    "ingestion.rejects",
    "ingestion.staged",
    "ingestion.transfers",
    "ingestion.unreadable_messages",
    "ledger.allocations",
    "ledger.conversions",
    "ledger.entries",
    "ledger.events",
    "ledger.fees",
    "ledger.seals",
    "ledger.suspense",
    "ledger.turnover",
    "payments.payments",
    "payments.representment_outcomes",
    "payments.representment_requests",
    "payments.representments",
    "payments.reversals",
    "payments.transitions",
    "reconciliation.decisions",
    "servicing.account_numbers",
    "servicing.borrowers",
    "servicing.converted_loans",
    "servicing.escrow",
    "servicing.external_accounts",
    "servicing.interest_refunds",
    "servicing.loan_statuses",
    "servicing.loans",
    "servicing.payments_by_others",
    "servicing.properties",
    "settlement.bank_lines",
    "settlement.line_corrections",
    "settlement.statements",
)

# The pipeline may only add to these too. How publication went is no part of the books, factors are worked out from the
# rates, tax terms are corrected by compliance, and the same identity is encrypted to other bytes each time.
ADDED_TO_AND_NO_FACTS = {
    "ledger.publications",
    "servicing.amortisation_factors",
    "servicing.applicants",
    "servicing.application_costs",
    "servicing.application_denials",
    "servicing.application_properties",
    "servicing.application_terms",
    "servicing.applications",
    "servicing.aus_results",
    "servicing.co_borrowers",
    "servicing.loan_sales",
    "servicing.loan_tax_terms",
    "servicing.subordinate_liens",
    "servicing.tax_identities",
}

# Clocks of ours, places of files, and what the pipeline may not read: all else that a fact table holds is part of the
# facts.
NOT_FACTS = {
    "ingestion.batches.uri",
    "ingestion.payment_artifacts.artifact_id",
    "ingestion.payment_artifacts.uri",
    "ledger.seals.sealed_at",
    "reconciliation.decisions.decided_at",
    "servicing.borrowers.contact_encrypted",
    "servicing.loan_statuses.learned_at",
    "servicing.properties.address_index",
    "servicing.properties.street",
    "settlement.bank_lines.source",
    "settlement.statements.received_at",
    "settlement.statements.source",
}

# Something else of the same type; a date stays among the days that have a partition.
OTHER = {
    "bigint": "coalesce({0}, 0) + 1",
    "integer": "coalesce({0}, 0) + 1",
    "smallint": "coalesce({0}, 0) + 1",
    "boolean": "not {0}",
    "text": "coalesce({0}, '') || 'x'",
    "text[]": "array_append({0}, 'x')",
    "uuid[]": "array_append({0}, operations.content_id('x'))",
    "date": "case {0} when '2026-01-05' then date '2026-01-06' else '2026-01-05' end",
    "timestamp with time zone": "coalesce({0}, '2026-01-01') + interval '1 microsecond'",
    "uuid": "operations.content_id(coalesce({0}::text, ''))",
    "bytea": "sha256(coalesce({0}, ''))",
    "json": "'{{}}'",
    "jsonb": "'{{\"other\": 1}}'",
}


def test_the_facts_are_the_tables_that_the_pipeline_may_only_add_to(intruder: psycopg.Connection[Any]) -> None:
    found = intruder.execute(
        "select n.nspname || '.' || c.relname from pg_class as c inner join pg_namespace as n on c.relnamespace = n.oid "
        "where c.relkind in ('r', 'p') and not c.relispartition and n.nspname not in ('public', 'pg_catalog', 'information_schema') "
        "and has_table_privilege('payments_pipeline', c.oid, 'insert') "
        "and not has_any_column_privilege('payments_pipeline', c.oid, 'update') "
        "and not has_table_privilege('payments_pipeline', c.oid, 'delete')"
    ).fetchall()
    assert {name for (name,) in found} - ADDED_TO_AND_NO_FACTS == set(FACTS)


@pytest.mark.parametrize("table", FACTS)
def test_the_pipeline_cannot_rewrite_a_fact_nor_any_day_of_them(books: Database, table: str) -> None:
    with books.connect() as connection:
        connection.autocommit = True
        rows = connection.execute(
            "select %(table)s union select inhrelid::regclass::text from pg_inherits where inhparent = %(table)s::regclass",
            {"table": table},
        ).fetchall()
        for (name,) in rows:
            first = connection.execute(
                "select attname from pg_attribute where attrelid = %s::regclass and attnum = 1", (name,)
            ).fetchone()
            assert first is not None
            where = sql.Identifier(*name.split("."))
            for statement in (
                sql.SQL("update {} set {} = {}").format(where, *[sql.Identifier(first[0])] * 2),
                sql.SQL("delete from {}").format(where),
                sql.SQL("truncate {}").format(where),
                sql.SQL("drop table {}").format(where),
                sql.SQL("alter table {} disable trigger all").format(where),
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement)


def test_every_table_of_facts_is_in_the_digest(intruder: psycopg.Connection[Any]) -> None:
    assert {part.table for part in digest(intruder, "facts").parts} == set(FACTS)


@pytest.mark.parametrize("table", FACTS)
def test_every_column_of_the_facts_is_in_the_digest(intruder: psycopg.Connection[Any], table: str) -> None:
    forget_constraints(intruder, table)
    before = digest(intruder, "facts").hex
    columns = intruder.execute(
        "select attname, format_type(atttypid, null) from pg_attribute "
        "where attrelid = %s::regclass and attnum > 0 and not attisdropped and attgenerated = ''",
        (table,),
    ).fetchall()
    unnoticed = set()
    for column, type_ in columns:
        with intruder.transaction(force_rollback=True):
            changed = OTHER[type_].format(column)
            intruder.execute(f"update {table} set {column} = {changed}".encode())
            if digest(intruder, "facts").hex == before:
                unnoticed.add(f"{table}.{column}")
    assert unnoticed == {name for name in NOT_FACTS if name.startswith(f"{table}.")}


def test_where_a_document_lies_that_a_row_named_is_a_fact(intruder: psycopg.Connection[Any]) -> None:
    intruder.execute(
        "insert into ingestion.payment_artifacts select operations.content_id('check'), batch_id, 1, 'check_image_front', 's3://a', "
        "sha256('image'), 1, 'image/png' from ingestion.batches limit 1"
    )
    before = digest(intruder, "facts").hex
    intruder.execute("update ingestion.payment_artifacts set uri = 's3://b' where line = 1")
    assert digest(intruder, "facts").hex != before


def test_a_dropped_row_changes_the_digest_of_its_table_and_day_only(intruder: psycopg.Connection[Any]) -> None:
    before = digest(intruder, "facts").parts
    intruder.execute("delete from ledger.events where effective_on = '2026-01-05' and event_no = 2")
    differing = set(before) ^ set(digest(intruder, "facts").parts)
    assert {(part.table, str(part.day)) for part in differing} == {("ledger.events", "2026-01-05")}


@pytest.mark.parametrize(
    "way",
    [
        "update ledger.allocations set run_no = run_no + 7, booked_on = booked_on + 1, policy = 'other'",
        "update ledger.entries set run_no = run_no + 7, booked_on = booked_on + 1, seq = seq + 50",
        "update ledger.fees set run_no = run_no + 7, seq = seq + 50, reason = 'other'",
        "delete from ledger.events",
        # what one run posted at once, another posts and corrects
        (
            "insert into ledger.allocations select effective_on, loan_id, subject_id, kind, 50::smallint, channel, policy, booked_on, "
            "run_no, 0, 0, 0, 0, -1, 1, 0, 'folded again' from ledger.allocations where kind = 'receipt' and seq = 1; "
            "insert into ledger.allocations select effective_on, loan_id, subject_id, kind, 51::smallint, channel, policy, booked_on, "
            "run_no, 0, 0, 0, 0, 1, -1, 0, 'and again' from ledger.allocations where kind = 'receipt' and seq = 1"
        ),
    ],
)
def test_the_state_does_not_ask_how_it_came_about(intruder: psycopg.Connection[Any], way: str) -> None:
    forget_constraints(intruder, "ledger.fees")
    facts, state = digest(intruder, "facts").hex, digest(intruder, "state").hex
    intruder.execute(way.encode())
    assert digest(intruder, "state").hex == state
    assert digest(intruder, "facts").hex != facts


@pytest.mark.parametrize(
    "change",
    [
        (
            "update ledger.allocations set interest_cents = interest_cents - 1, escrow_cents = escrow_cents + 1 where seq = 1 and subject_id "
            "= (select min(subject_id::text)::uuid from ledger.allocations where kind = 'receipt')"
        ),
        (
            "delete from ledger.allocations where kind = 'release' and loan_id = (select min(loan_id) from ledger.allocations "
            "where kind = 'release')"
        ),
        "update ledger.fees set amount_cents = amount_cents + 1 where loan_id = (select min(loan_id) from ledger.fees)",
        "update ledger.entries set account = 1101 where account = 1102 and effective_on = '2026-01-05'",
        "update ledger.allocations set effective_on = '2026-01-06' where effective_on = '2026-01-05' and kind = 'receipt'",
    ],
)
def test_the_state_tells_where_each_cent_is(intruder: psycopg.Connection[Any], change: str) -> None:
    before = digest(intruder, "state").hex
    intruder.execute(change.encode())
    assert digest(intruder, "state").hex != before


def test_the_settings_of_a_connection_have_no_say_in_the_digests(books: Database) -> None:
    with books.connect() as connection:
        plain = {kind: found.hex for kind, found in digests(connection).items()}
        connection.execute("set timezone = 'Asia/Kolkata'; set datestyle = 'German'; set bytea_output = 'escape'")
        connection.commit()
        assert {kind: found.hex for kind, found in digests(connection).items()} == plain


def test_the_same_books_have_the_same_digests_on_another_version_with_another_locale(
    books: Database, start_server: Callable[..., Server]
) -> None:
    elsewhere = books_on(
        start_server("debian"),
        "template template0 encoding 'UTF8' locale 'C.UTF-8' locale_provider icu icu_locale 'en-US'",
    )
    with books.connect() as here, elsewhere.connect() as there:
        assert here.info.server_version // 10_000 != there.info.server_version // 10_000
        ours, theirs = digests(here), digests(there)
    assert set(ours["facts"].parts) ^ set(theirs["facts"].parts) == set()
    assert [found.hex for found in ours.values()] == [found.hex for found in theirs.values()]


def forget_constraints(connection: psycopg.Connection[Any], table: str) -> None:
    """Let every value in: what is tested is what the digest sees, not what the tables refuse."""
    rows = connection.execute(
        "select conrelid::regclass::text, conname from pg_constraint where contype in ('c', 'p', 'u') and (conrelid = %(table)s::regclass "
        "or conrelid in (select inhrelid from pg_inherits where inhparent = %(table)s::regclass)) and coninhcount = 0",
        {"table": table},
    ).fetchall()
    for name, constraint in rows:
        connection.execute(f"alter table {name} drop constraint {constraint} cascade".encode())
