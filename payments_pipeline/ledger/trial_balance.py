"""The trial balance: what every account holds on a date. Its totals are the first thing an auditor adds up."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg

from payments_pipeline.postgres.run import query


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """One account. Debits are positive, so that liabilities, equity and income show balances below zero."""

    account: int
    name: str
    type: str
    opening_cents: int
    debit_cents: int
    credit_cents: int
    balance_cents: int


@dataclass(frozen=True)
class TrialBalance:
    """All accounts of the chart, used or not, and any that is used and not in it."""

    accounts: tuple[AccountBalance, ...]

    def total(self, column: str) -> int:
        """The sum of one of the four columns of cents, over all accounts."""
        return sum(getattr(account, column) for account in self.accounts)

    @property
    def is_balanced(self) -> bool:
        """Whether debits equal credits, and what was there before and is there now sums to nothing."""
        return (
            self.total("debit_cents") == self.total("credit_cents")
            and self.total("opening_cents") == self.total("balance_cents") == 0
        )


def trial_balance(
    connection: psycopg.Connection[Any],
    *,
    since: date | None = None,
    as_of: date | None = None,
    by_booking: bool = False,
) -> TrialBalance:
    """Opening balances before `since`, debits and credits from then up to `as_of`, and the balances at its end.

    Without dates: from the beginning, to the end. Days are those from which money counts; `by_booking`, those on which
    it entered the books.
    """
    lines = query(
        connection, "ledger/trial_balance", since=since or date.min, as_of=as_of or date.max, by_booking=by_booking
    )
    return TrialBalance(tuple(AccountBalance(**line) for line in lines))
