"""The trial balance holds what the entries hold, at any date, and its totals are zero."""

import json
from collections import defaultdict
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner

from payments_pipeline.cli import payments
from payments_pipeline.errors import PaymentsError
from payments_pipeline.ledger.trial_balance import TrialBalance, trial_balance
from payments_pipeline.postgres.connect import Database
from tests.operations.books import DAYS


def _balances(found: TrialBalance) -> dict[int, int]:
    return {account.account: account.balance_cents for account in found.accounts if account.balance_cents}


def _added_up(connection: psycopg.Connection[Any], column: str, first: date, last: date) -> dict[int, int]:
    """The entries added up one by one, here and not in SQL."""
    sums: dict[int, int] = defaultdict(int)
    for account, amount, day in connection.execute(
        f"select account, amount_cents, {column} from ledger.entries".encode()
    ):
        if first <= day <= last:
            sums[account] += amount
    return {account: cents for account, cents in sums.items() if cents}


def test_every_account_of_the_chart_is_there_and_the_totals_are_zero(connection: psycopg.Connection[Any]) -> None:
    found = trial_balance(connection)
    assert len(found.accounts) == 23
    assert found.is_balanced
    assert found.total("debit_cents") == found.total("credit_cents") > 0
    assert found.total("balance_cents") == 0


@pytest.mark.parametrize("as_of", [DAYS[0] - timedelta(days=1), DAYS[0], DAYS[4], DAYS[-1]])
def test_balances_are_those_of_the_entries_effective_by_then(connection: psycopg.Connection[Any], as_of: date) -> None:
    expected = _added_up(connection, "effective_on", date.min, as_of)
    assert _balances(trial_balance(connection, as_of=as_of)) == expected


def test_by_booking_late_arrivals_count_when_they_were_learned(connection: psycopg.Connection[Any]) -> None:
    effective, booked = (
        trial_balance(connection, as_of=DAYS[3]),
        trial_balance(connection, as_of=DAYS[3], by_booking=True),
    )
    assert _balances(booked) == _added_up(connection, "booked_on", date.min, DAYS[3]) != _balances(effective)
    assert booked.is_balanced


def test_opening_balances_and_movements_add_up_to_the_balances(connection: psycopg.Connection[Any]) -> None:
    opening = trial_balance(connection, as_of=DAYS[2])
    found = trial_balance(connection, since=DAYS[3], as_of=DAYS[5])
    assert {a.account: a.opening_cents for a in found.accounts if a.opening_cents} == _balances(opening)
    assert all(a.opening_cents + a.debit_cents - a.credit_cents == a.balance_cents for a in found.accounts)
    assert _balances(found) == _balances(trial_balance(connection, as_of=DAYS[5]))
    assert found.is_balanced


def test_turnover_that_balances_nothing_shows_in_the_totals(connection: psycopg.Connection[Any]) -> None:
    connection.execute("delete from ledger.turnover where account = 1220 and effective_on = '2026-01-05'")
    assert not trial_balance(connection).is_balanced


def test_an_account_that_is_not_in_the_chart_is_shown_all_the_same(connection: psycopg.Connection[Any]) -> None:
    connection.execute("delete from ledger.accounts where account = 4020")
    found = {account.account: account for account in trial_balance(connection).accounts}
    assert found[4020].name == "not in the chart of accounts"
    assert found[4020].balance_cents < 0


def test_the_command_prints_a_table_for_people_and_json_for_machines(
    books: Database, monkeypatch: pytest.MonkeyPatch, connection: psycopg.Connection[Any]
) -> None:
    monkeypatch.setenv("PAYMENTS_DATABASE_URL", books.url)
    shown = CliRunner().invoke(payments, ["trial-balance", "--as-of", "2026-01-05"])
    assert shown.exit_code == 0, shown.output
    assert "liabilities:suspense" in shown.output
    assert "as of 2026-01-05" in shown.output
    told = CliRunner().invoke(payments, ["trial-balance", "--as-of", "2026-01-05", "--booked", "--json"])
    document = json.loads(told.output)
    expected = _added_up(connection, "booked_on", date.min, date(2026, 1, 5))
    assert {a["account"]: a["balance_cents"] for a in document["accounts"] if a["balance_cents"]} == expected
    assert document["is_balanced"] is True
    assert document["dates"] == "booked"


def test_days_that_end_before_they_begin_are_refused(books: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAYMENTS_DATABASE_URL", books.url)
    for command, until in (("trial-balance", "--as-of"), ("export journal --format csv", "--to")):
        refused = CliRunner().invoke(payments, [*command.split(), "--from", "2026-01-05", until, "2026-01-04"])
        assert isinstance(refused.exception, PaymentsError)
        assert f"--from 2026-01-05 is later than {until} 2026-01-04" in refused.exception.message
        one_day = CliRunner().invoke(payments, [*command.split(), "--from", "2026-01-05", until, "2026-01-05"])
        assert one_day.exit_code == 0, one_day.output
