"""What a former system posted becomes double entry, and boarding opens the very balances to which it leads."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest

from payments_pipeline.ledger.conversion import convert
from payments_pipeline.ledger.posting import board
from payments_pipeline.ledger.trial_balance import trial_balance
from payments_pipeline.operations.digest import digests
from payments_pipeline.operations.laws import check_all
from payments_pipeline.pii import PersonalData
from payments_pipeline.postgres.connect import Database
from payments_pipeline.postgres.server import Server
from payments_pipeline.reference_data import follow_the_book
from payments_pipeline.reporting.form_1098 import bridge, draft
from payments_pipeline.rules.form_1098 import Policy
from payments_pipeline.world import World, generate
from payments_pipeline.world.load import load_portfolio
from tests.conftest import WorldOf, furnished_template, new_database

WORLD = World(loans=400, seed=4, first_day=date(2026, 6, 29), days=1, noise=0, history_years=1)
CASH = 1020


@pytest.fixture(scope="module")
def world_dir(world_of: WorldOf) -> Path:
    return world_of(WORLD)


@pytest.fixture(scope="module")
def converted(start_server: Callable[..., Server], world_dir: Path) -> Iterator[Database]:
    """A database with the world's book and its past. Tests leave it as they found it."""
    server = start_server("embedded")
    with new_database(server, furnished_template(server)) as database:
        _keep(database, world_dir)
        yield database


def _keep(database: Database, world_dir: Path) -> None:
    with database.connect() as connection:
        load_portfolio(connection, world_dir, personal_data=PersonalData(bytes(range(32))))
        follow_the_book(connection)
        (posting,) = convert(connection)
        assert posting.is_sealed
        board(connection)


def _balances(connection: psycopg.Connection[Any], as_of: date) -> dict[int, int]:
    found = trial_balance(connection, as_of=as_of)
    return {account.account: account.balance_cents for account in found.accounts}


def test_all_laws_hold_over_a_book_with_a_past(converted: Database) -> None:
    with converted.connect() as connection:
        results = check_all(connection)
    assert [str(violation) for result in results for violation in result.violations] == []


def test_a_second_conversion_adds_nothing(converted: Database) -> None:
    with converted.connect() as connection:
        before = {kind: found.hex for kind, found in digests(connection).items()}
        connection.rollback()
        assert convert(connection) == []
        assert not any(posting.is_sealed for posting in board(connection))
        connection.commit()
        assert {kind: found.hex for kind, found in digests(connection).items()} == before


def test_boarding_opens_what_it_opens_without_a_past(converted: Database, database: Database, tmp_path: Path) -> None:
    bare = World(loans=WORLD.loans, seed=WORLD.seed, first_day=WORLD.first_day, days=1, noise=0)
    generate(bare, tmp_path / "bare")
    with database.connect() as connection:
        load_portfolio(connection, tmp_path / "bare", personal_data=PersonalData(bytes(range(32))))
        follow_the_book(connection)
        assert convert(connection) == []
        board(connection)
        plain = _balances(connection, WORLD.boarded_on)
    with converted.connect() as connection:
        found = _balances(connection, WORLD.boarded_on)
    held = {account for account in plain if account < 3000}
    assert {account: found[account] for account in held} == {account: plain[account] for account in held}
    income = {account for account in plain if 4000 <= account < 5000}
    # what was earned before is the only difference, and its counterpart is what was boarded
    assert found[3010] - plain[3010] == -sum(found[account] for account in income) > 0


def test_the_balances_of_a_day_of_the_past_are_those_of_its_loans(converted: Database) -> None:
    on = date(2025, 9, 30)
    with converted.connect() as connection:
        found = _balances(connection, on)
        (principal, cash), = connection.execute(
            "select sum(c.principal_cents - coalesce(p.principal, 0))::bigint, sum(p.cash)::bigint "
            "from servicing.converted_loans as c left join (select loan_id, sum(principal_cents) as principal, sum(cash_cents) as cash "
            "from ledger.conversions where effective_on <= %(on)s group by loan_id) as p using (loan_id) where c.books_from <= %(on)s",
            {"on": on},
        ).fetchall()  # fmt: skip
    assert found[1210] == principal > 0
    assert found[CASH] == cash > 0


def test_the_past_is_one_partition_and_the_days_after_it_have_their_own(converted: Database) -> None:
    with converted.connect() as connection:
        names = connection.execute(
            "select inhrelid::regclass::text from pg_inherits where inhparent = 'ledger.entries'::regclass"
        ).fetchall()
        asked = connection.execute(
            "select operations.day_partition('ledger.entries', '2025-03-01'), "
            "operations.day_partition('ledger.entries', '2026-06-29'), operations.day_partition('ledger.events', '2025-03-01')"
        ).fetchone()
    assert names == [("ledger.entries_before_20260629",)]
    assert asked == ("ledger.entries_before_20260629", "ledger.entries_20260629", "ledger.events_20250301")


def test_form_1098_of_the_past_year_agrees_with_the_ledger_and_with_the_postings_themselves(
    converted: Database,
) -> None:
    with converted.connect("compliance") as connection:
        report = draft(connection, 2025, Policy(), "Pat")
        assert report.preview_because is None
        lines = bridge(connection, 2025, report.version)
        side = {name: sum(line["cents"] for line in lines if line["side"] == name) for name in ("ledger", "forms")}
        assert side["ledger"] == side["forms"] > 0
        # a loan without anything special, added up from what came along: interest and late charges of the year
        wrong = connection.execute(
            """
            select f.loan_id
            from compliance.forms_1098 as f
            inner join (
                select loan_id, sum(interest_cents + late_charges_cents) as cents
                from ledger.conversions
                where effective_on between '2025-01-01' and '2025-12-31'
                group by loan_id
                having count(*) filter (where suspense_cents <> 0) = 0
            ) as p on f.loan_id = p.loan_id
            where f.tax_year = 2025 and f.box_1_cents <> p.cents
            """
        ).fetchall()
        assert wrong == []
        missing = connection.execute(
            "select b.loan_id from compliance.forms_1098 as b left join (select loan_id, box, sum(amount_cents) as cents "
            "from compliance.form_1098_evidence where tax_year = 2025 group by loan_id, box) as e on b.loan_id = e.loan_id "
            "and e.box = 1 where b.tax_year = 2025 and b.box_1_cents <> coalesce(e.cents, 0)"
        ).fetchall()
        assert missing == []
        connection.rollback()


def test_box_2_is_the_principal_of_its_date_and_no_longer_as_boarded(converted: Database) -> None:
    with converted.connect("compliance") as connection:
        draft(connection, 2025, Policy(), "Pat")
        kinds = connection.execute(
            """
            select
                case
                    when f.box_11_on is not null then 'acquired'
                    when f.box_2_on = f.box_3_on then 'made'
                    else 'old'
                end as kind,
                count(*), count(*) filter (where f.box_2_is_as_boarded),
                count(*) filter (where f.box_2_cents <> case
                    when f.box_11_on is null and f.box_2_on = f.box_3_on then l.original_principal_cents
                    else c.principal_cents
                end)
            from compliance.forms_1098 as f
            inner join servicing.loans as l on f.loan_id = l.loan_id
            inner join servicing.converted_loans as c on f.loan_id = c.loan_id
            group by 1 order by 1
            """
        ).fetchall()
        connection.rollback()
    assert [(kind, as_boarded, wrong) for kind, _, as_boarded, wrong in kinds] == [
        ("acquired", 0, 0),
        ("made", 0, 0),
        ("old", 0, 0),
    ]
    assert all(count > 5 for _, count, *_ in kinds)
