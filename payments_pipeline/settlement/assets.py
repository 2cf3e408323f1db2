"""What each rail should deliver to the bank, and what the bank says it did."""

from datetime import date, timedelta
from typing import BinaryIO, Final, cast

import dagster as dg

from payments_pipeline.bank import Bank
from payments_pipeline.daily import Done, Turn, daily_step, table
from payments_pipeline.settlement.bank_lines import load_bank_lines
from payments_pipeline.settlement.batches import settle_day
from payments_pipeline.settlement.statement_files import load_statements_in
from payments_pipeline.settlement.statements import Loaded, ask_for_days, load_column_report

# A statement usually comes on the next morning; after a long weekend, on the fourth.
_MAY_BE_LATE: Final = timedelta(days=4)


@daily_step(
    "bank_lines",
    [
        table(
            "settlement.bank_lines",
            "The bank's own record of the day: every credit and debit on our accounts.",
            owner="treasury",
            nature="facts",
            kinds=frozenset({"csv", "postgres"}),
            look_next="reconciliation.matches",
        )
    ],
)
def bank_lines(turn: Turn) -> Done:
    """Takes in what the bank says of each day, and of the days before it where a file was late.

    Statements in the banks' own formats are taken from where banks leave them (PAYMENTS_STATEMENTS_URL), whatever days
    they tell of: one that cannot be proven opens a case and holds nothing up. A day that was reconciled without its
    lines, or with lines that a correction took back, asks to be run again.
    """
    since = turn.day - _MAY_BE_LATE
    read = load_bank_lines(turn.connection, turn.platform.inbox, turn.day, since=since)
    files = load_statements_in(turn.connection, turn.platform.statements)
    if turn.platform.bank is not None:
        # what the bank moved late in the evening before came after that day was closed
        files = [*files, *(_report_of(turn.platform.bank, turn, turn.day - timedelta(days=back)) for back in (1, 0))]
    # the turn's own day too: where more than the lines is run, what follows takes the request up
    ask_for_days(turn.connection, {*read.days, *(day for file in files for day in file.days)})
    return {
        "settlement.bank_lines": {
            "added": read.added + sum(file.added for file in files),
            "statements": sum(len(file.statements) for file in files),
            "refused": sum(file.is_refused for file in files),
        }
    }


def _report_of(bank: Bank, turn: Turn, day: date) -> Loaded:
    """The bank's own report of a day, as far as the day has gone."""
    turn.connection.commit()  # the bank takes its time, and nobody should wait for us meanwhile
    with bank.client() as client, client.report("bank_account_transaction", day, day) as report:
        source = f"column:bank_account_transaction:{day}"
        return load_column_report(turn.connection, day, cast(BinaryIO, report), source)


@daily_step(
    "batches",
    [
        table(
            "settlement.batches",
            "What each rail should have paid into our account on this day, and what the bank shows.",
            # The books come first: what is expected of the bank is not asked before their laws are found to hold.
            deps=["payments.transitions", "ledger.entries", "settlement.bank_lines"],
            owner="treasury",
            nature="view",
            look_next="reconciliation.days",
        )
    ],
)
def batches(turn: Turn) -> None:
    """Adds up what each rail should deliver on each day, and what it did."""
    settle_day(turn.connection, turn.day)


ASSETS: Final[tuple[dg.AssetSpec | dg.AssetsDefinition, ...]] = (bank_lines, batches)
