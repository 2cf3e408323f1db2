"""What people must look at."""

from typing import Final

import dagster as dg

from payments_pipeline.daily import Done, Turn, daily_step, table
from payments_pipeline.operations.cases import open_cases
from payments_pipeline.partitions import business_days


@daily_step(
    "cases",
    [
        table(
            "operations.exception_cases",
            "The day's troubles, one case each, with what to do next; those that healed by themselves are closed.",
            deps=["payments.transitions", "payments.representments", "reconciliation.items"],
            owner="payments-operations",
            nature="view",
            look_next="reconciliation.days",
        )
    ],
)
def cases(turn: Turn) -> Done:
    """Opens a case for each trouble of a day, and closes those that are over."""
    found = open_cases(turn.connection, turn.day, business_days.start.date())
    return {"operations.exception_cases": {"opened": found.opened, "resolved": found.resolved}}


ASSETS: Final[tuple[dg.AssetSpec | dg.AssetsDefinition, ...]] = (cases,)
