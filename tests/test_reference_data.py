import csv
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from payments_pipeline import reference_data
from payments_pipeline.paths import DATA_DIR
from payments_pipeline.postgres.connect import Database
from payments_pipeline.reference_data import ReferenceDataError, load_reference_data
from payments_pipeline.rules import amortisation
from payments_pipeline.rules.settlement import settles_on
from tests.ingestion.files import add_loan, fetch


@pytest.fixture
def connection(furnished: Database) -> Iterator[psycopg.Connection[Any]]:
    with furnished.connect("owner") as owner:
        add_loan(owner, 1)
    with furnished.connect() as connection:
        load_reference_data(connection)
        yield connection


@pytest.fixture
def own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of data/ that a test may change."""
    for file in DATA_DIR.glob("*.csv"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr(reference_data, "DATA_DIR", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("file", "table"),
    [
        ("chart_of_accounts.csv", "ledger.accounts"),
        ("policies.csv", "payments.policies"),
        ("return_codes.csv", "payments.return_codes"),
        ("notice_of_change_codes.csv", "payments.notice_of_change_codes"),
        ("representment_rules.csv", "payments.representment_rules"),
        ("return_rate_limits.csv", "payments.return_rate_limits"),
        ("settlement_rules.csv", "settlement.rules"),
        ("match_methods.csv", "reconciliation.methods"),
        ("reconciliation_limits.csv", "reconciliation.limits"),
    ],
)
def test_a_table_holds_its_file_value_by_value(connection: psycopg.Connection[Any], file: str, table: str) -> None:
    with (DATA_DIR / file).open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    shown = ", ".join(f"coalesce({column}::text, '')" for column in rows[0])
    assert sorted(fetch(connection, f"select {shown} from {table}")) == sorted(tuple(row.values()) for row in rows)


def test_the_calendar_says_what_the_rules_say(connection: psycopg.Connection[Any]) -> None:
    for channel, day in (
        ("ach", date(2026, 7, 3)),
        ("card", date(2027, 12, 23)),
        ("realtime", date(2026, 7, 4)),
        ("check", date(2035, 12, 31)),
    ):
        assert fetch(
            connection,
            "select settles_on from settlement.calendar where channel = %s and business_date = %s",
            channel,
            day,
        ) == [(settles_on(channel, day),)]
    assert fetch(connection, "select min(business_date), max(business_date), count(*) from settlement.calendar") == [
        (date(2015, 1, 1), date(2035, 12, 31), 8 * 7670)
    ]


def test_a_rail_slower_than_payments_are_looked_for_is_refused(connection: psycopg.Connection[Any]) -> None:
    monday = date(2036, 1, 7)
    settle = "insert into settlement.calendar values ('card', %s, %s::date + settlement.most_days_to_settle() + %s)"
    connection.execute(settle, (monday, monday, 0))
    with pytest.raises(psycopg.errors.CheckViolation, match="no_rail_takes_longer"):
        connection.execute(settle, (monday + timedelta(days=1), monday + timedelta(days=1), 1))


def test_factors_are_those_of_the_rules_to_the_last_bit(connection: psycopg.Connection[Any]) -> None:
    stored = fetch(
        connection, "select n, growth, annuity from servicing.amortisation_factors where rate_ppm = 60000 order by n"
    )
    assert stored == amortisation.factors(60000, 300)


def test_a_longer_term_brings_the_factors_it_needs(connection: psycopg.Connection[Any], furnished: Database) -> None:
    connection.commit()
    with furnished.connect("owner") as owner:
        owner.execute("update servicing.loans set term_instalments = 360, payment_cents = 113915 where loan_id = 1")
    assert load_reference_data(connection)["amortisation_factors"] == 60


def test_every_loan_has_a_balance(connection: psycopg.Connection[Any]) -> None:
    assert fetch(connection, "select loan_id, suspense_cents from ledger.balances order by 1") == [(0, 0), (1, 0)]


def test_loading_again_changes_nothing(connection: psycopg.Connection[Any]) -> None:
    assert set(load_reference_data(connection).values()) == {0}


def test_what_a_file_no_longer_has_is_gone_and_what_it_changed_is_changed(
    connection: psycopg.Connection[Any], own_data: Path
) -> None:
    file = own_data / "return_codes.csv"
    lines = [line for line in file.read_text().splitlines() if not line.startswith("R02,")]
    file.write_text("\n".join(line.replace("Insufficient funds,medium", "Insufficient funds,low") for line in lines))
    assert load_reference_data(connection)["return_codes"] == 1
    assert fetch(connection, "select code, severity from payments.return_codes where code in ('R01', 'R02')") == [
        ("R01", "low")
    ]


def test_an_account_that_the_file_no_longer_has_stays(connection: psycopg.Connection[Any], own_data: Path) -> None:
    file = own_data / "chart_of_accounts.csv"
    file.write_text("\n".join(file.read_text().splitlines()[:-1]))
    before = fetch(connection, "select count(*) from ledger.accounts")
    load_reference_data(connection)
    assert fetch(connection, "select count(*) from ledger.accounts") == before


def test_a_file_with_a_wrong_value_is_named_and_changes_nothing(
    connection: psycopg.Connection[Any], own_data: Path
) -> None:
    file = own_data / "return_codes.csv"
    file.write_text(file.read_text().replace("R01,Insufficient funds,medium", "R01,Insufficient funds,severe"))
    with pytest.raises(ReferenceDataError, match=r"return_codes\.csv"):
        load_reference_data(connection)
    assert fetch(connection, "select severity from payments.return_codes where code = 'R01'") == [("medium",)]


def test_every_code_of_a_return_for_want_of_funds_may_bear_a_fee(connection: psycopg.Connection[Any]) -> None:
    assert fetch(connection, "select code from payments.return_codes where is_nsf order by 1") == [
        ("A",),
        ("B",),
        ("R01",),
        ("R09",),
    ]


def test_every_return_that_the_payer_did_not_authorize_is_a_dispute(connection: psycopg.Connection[Any]) -> None:
    unauthorized = ["Q", "R05", "R07", "R10", "R11", "R29"]
    assert fetch(
        connection,
        "select code from payments.return_codes where code = any(%s) and action = 'dispute' and severity = 'high' order by 1",
        unauthorized,
    ) == [(code,) for code in unauthorized]
