"""What each rail should deliver to the bank, and what the bank says it did."""

from datetime import timedelta
from typing import Final

import dagster as dg

from payments_pipeline.daily import Done, Turn, daily_step, table
from payments_pipeline.postgres.run import run
from payments_pipeline.settlement.bank_lines import load_bank_lines
from payments_pipeline.settlement.batches import settle_day

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

    A day that was reconciled without its lines asks to be run again.
    """
    since = turn.day - _MAY_BE_LATE
    read = load_bank_lines(turn.connection, turn.platform.world, turn.day, since=since)
    for other in set(read.days) - {turn.day}:
        run(turn.connection, "operations/request_day", day=other, reason="reposted", subject=f"bank lines of {other}")
    return {"settlement.bank_lines": {"added": read.added}}


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
