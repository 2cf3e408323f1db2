"""Loans and what is due on them: the book as it was boarded, what falls due each day, and who is behind."""

from typing import Final

import dagster as dg

from payments_pipeline.daily import Done, Turn, daily_step, table
from payments_pipeline.servicing.due import fill_delinquency, fill_instalments

# The book comes from outside, as a portfolio that is boarded: nothing in the graph makes it.
BOOK: Final = (
    table(
        "servicing.loans",
        "The loans we service, with the terms from which everything that falls due is worked out.",
        owner="servicing",
        nature="reference",
        look_next="servicing.instalments",
    ),
    table(
        "servicing.loan_statuses",
        "Bankruptcies, legal holds, charge-offs and other statuses, with the date from which each is in force.",
        owner="servicing",
        nature="reference",
        look_next="ledger.allocations",
    ),
)


@daily_step(
    "instalments",
    [
        table(
            "servicing.instalments",
            "What borrowers owe from this day on: the interest, principal and escrow that fell due.",
            deps=["servicing.loans"],
            owner="servicing",
            nature="view",
            look_next="ledger.allocations",
        )
    ],
)
def instalments(turn: Turn) -> None:
    """What falls due on each day, worked out from the terms of the loans."""
    fill_instalments(turn.connection, turn.day)


@daily_step(
    "delinquency",
    [
        table(
            "servicing.delinquency",
            "Every loan that was behind at the end of the day: since when, with how much, and in which ageing bucket.",
            deps=["servicing.instalments", "ledger.allocations"],
            owner="servicing",
            nature="view",
            look_next="reporting.delinquency_by_bucket",
        )
    ],
)
def delinquency(turn: Turn) -> Done:
    """Who is behind at the end of each day, from what fell due and what was applied by then."""
    filled = fill_delinquency(turn.connection, turn.day)
    return {"servicing.delinquency": {"revised_on_other_days": filled.revised}}


ASSETS: Final[tuple[dg.AssetSpec | dg.AssetsDefinition, ...]] = (*BOOK, instalments, delinquency)
