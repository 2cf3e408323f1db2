from dataclasses import replace
from datetime import date
from pathlib import Path

import orjson
import pandas as pd
import psycopg
import pytest

from payments_pipeline.formats.tax_identity import contact_place
from payments_pipeline.pii import PersonalData
from payments_pipeline.postgres.connect import Database
from payments_pipeline.rules.amortisation import balance, factors
from payments_pipeline.world import World, generate
from payments_pipeline.world.load import load_portfolio
from payments_pipeline.world.portfolio import TABLES
from tests.conftest import WorldOf

WORLD = World(loans=3_000, seed=4, first_day=date(2026, 6, 29), days=10)
KEY = PersonalData(bytes(range(32)))


@pytest.fixture(scope="module")
def world_dir(world_of: WorldOf) -> Path:
    return world_of(WORLD)


def test_the_tables_hold_the_portfolio_to_the_last_value(database: Database, world_dir: Path) -> None:
    with database.connect() as connection:
        loaded = load_portfolio(connection, world_dir)
    with database.connect("compliance") as connection:
        for name in set(TABLES) - {"borrowers"}:
            expected = pd.read_parquet(world_dir / "portfolio" / f"{name}.parquet")
            found = connection.execute(f"select {', '.join(expected.columns)} from servicing.{name}").fetchall()
            assert set(expected.itertuples(index=False, name=None)) <= set(found), name
            assert loaded[name] == len(expected)
    assert loaded["borrowers"] == WORLD.loans // 2


def test_how_to_reach_the_borrowers_is_nowhere_in_the_clear_and_reads_back(
    database: Database, world_of: WorldOf
) -> None:
    world_dir = world_of(replace(WORLD, loans=400))  # each word is looked for in every row
    borrowers = pd.read_parquet(world_dir / "portfolio" / "borrowers.parquet").set_index("borrower_id")
    with database.connect() as connection:
        load_portfolio(connection, world_dir, personal_data=KEY)
    with database.connect("compliance") as connection:
        rows = connection.execute("select borrower_id, contact_encrypted, b::text from servicing.borrowers as b")
        stored = {borrower: (bytes(contact), row) for borrower, contact, row in rows}
    assert set(stored) == set(borrowers.index)
    kept, shown = b"\n".join(contact for contact, _ in stored.values()), "\n".join(row for _, row in stored.values())
    for column in ("full_name", "email", "phone", "street"):
        for clear in borrowers[column].unique():
            assert clear.encode() not in kept
            assert clear not in shown
            assert clear.encode().hex() not in shown
    for borrower, (contact, _) in stored.items():
        assert orjson.loads(KEY.decrypt(contact, contact_place(borrower))) == borrowers.loc[borrower].to_dict()


@pytest.mark.parametrize(
    "statement",
    [
        "select contact_encrypted from servicing.borrowers",
        "select * from servicing.borrowers",
        "select street from servicing.properties",
        "select details from compliance.compliance_audit_log",
    ],
)
def test_the_pipeline_reads_back_nothing_that_is_personal(database: Database, statement: str) -> None:
    with database.connect() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())


def test_the_pipeline_reads_what_it_needs_of_borrowers_and_properties(database: Database, world_dir: Path) -> None:
    with database.connect() as connection:
        load_portfolio(connection, world_dir, personal_data=KEY)
        found = connection.execute(
            "select count(distinct l.borrower_id), count(distinct p.county_fips) > 1 from servicing.loans as l "
            "inner join servicing.borrowers as b on l.borrower_id = b.borrower_id "
            "inner join servicing.properties as p on l.property_id = p.property_id"
        ).fetchone()
    assert found == (WORLD.loans // 2, True)


def test_the_database_computes_the_schedule_to_the_same_cent(database: Database, world_dir: Path) -> None:
    loans = pd.read_parquet(world_dir / "portfolio" / "loans.parquet").head(500)
    terms = loans[["principal_cents", "payment_cents", "rate_ppm", "term_instalments"]].to_numpy().tolist()
    rows = [
        (principal, payment, growth, annuity)
        for principal, payment, rate_ppm, term in terms
        for _, growth, annuity in factors(rate_ppm, term)[::37]
    ]
    with database.connect() as connection:
        theirs = connection.execute(
            "select servicing.scheduled_balance(p, m, g, a)"
            " from unnest(%s::bigint[], %s::bigint[], %s::float8[], %s::float8[])"
            " with ordinality as r (p, m, g, a, n) order by n",
            [list(column) for column in zip(*rows, strict=True)],
        ).fetchall()
    assert [value for (value,) in theirs] == [balance(*row) for row in rows]


def test_a_portfolio_is_loaded_whole_or_not_at_all(database: Database, world_dir: Path, tmp_path: Path) -> None:
    generate(replace(WORLD, seed=5, loans=40), tmp_path / "other")
    with database.connect() as connection:
        load_portfolio(connection, world_dir)
        connection.commit()
        with pytest.raises(psycopg.errors.UniqueViolation):
            load_portfolio(connection, tmp_path / "other")
        connection.rollback()
        counted = connection.execute("select count(*) from servicing.borrowers").fetchone()
    assert counted == (WORLD.loans // 2,)
