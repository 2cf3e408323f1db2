"""What comes after a payment went back. Payments and their steps are filled by posting, with the ledger."""

from typing import Final

import dagster as dg

from payments_pipeline.daily import Done, Turn, daily_step, table
from payments_pipeline.payments.returns import follow_up_returns


@daily_step(
    "returns",
    [
        table(
            "payments.representments",
            "Debits that came back for want of funds, and the day on which each is collected once more.",
            deps=["payments.transitions"],
            owner="payments-operations",
            nature="facts",
            look_next="operations.exception_cases",
        ),
        table(
            "servicing.external_accounts",
            "The accounts at other banks from which we collect, with every correction that their banks asked for.",
            deps=["payments.payments"],
            owner="servicing",
            nature="facts",
            look_next="operations.exception_cases",
        ),
        table(
            "operations.return_rates",
            "How many of our debits come back, measured against the three limits of the ACH network.",
            deps=["payments.transitions"],
            owner="payments-operations",
            nature="view",
            look_next="payments.representments",
        ),
    ],
)
def returns(turn: Turn) -> Done:
    """Follows up the returns of each day: what is presented again, which accounts are corrected, and the return rates.

    Nothing is sent to the bank here; `payments represent` does that.
    """
    added = follow_up_returns(turn.connection, turn.day)
    return {
        "payments.representments": {"added": added.representments},
        "servicing.external_accounts": {"first_used": added.accounts, "notices_of_change": added.notices},
        "operations.return_rates": {"cases_opened": added.cases_opened, "cases_resolved": added.cases_resolved},
    }


ASSETS: Final[tuple[dg.AssetSpec | dg.AssetsDefinition, ...]] = (returns,)
