"""Bank against books: which line is which payment, what is left over, and whether the day balances."""

from typing import Final

import dagster as dg

from payments_pipeline.charts import as_markdown, bridge, bridge_in_words
from payments_pipeline.daily import Done, Turn, daily_step, table
from payments_pipeline.partitions import read_every_morning
from payments_pipeline.reconciliation.bridge import bridge_of
from payments_pipeline.reconciliation.checks import GUARDS
from payments_pipeline.reconciliation.days import reconcile_day


@daily_step(
    "reconciliation",
    [
        table(
            "reconciliation.matches",
            "Which line of the bank is which movement of ours; each is used at most once.",
            deps=["settlement.bank_lines", "settlement.batches"],
            owner="finance",
            nature="view",
            look_next="reconciliation.items",
        ),
        table(
            "reconciliation.items",
            "The very items that explain the day's variance, one by one.",
            deps=["reconciliation.matches"],
            owner="finance",
            nature="view",
            look_next="operations.exception_cases",
        ),
        table(
            "reconciliation.bridge",
            "The way from our total to the bank's, each cent of it under a named cause.",
            deps=["reconciliation.items"],
            owner="finance",
            nature="view",
            look_next="reconciliation.items",
        ),
        table(
            "reconciliation.days",
            "Bank total, our total and variance of the day, channel by channel.",
            deps=["reconciliation.matches", "reconciliation.items", "reconciliation.bridge"],
            owner="finance",
            nature="view",
            look_next="reconciliation.items",
            freshness=read_every_morning,
        ),
    ],
    guards=GUARDS,
)
def reconciliation(turn: Turn) -> Done:
    """Matches the bank's lines of each day with ours, and explains what is left over."""
    found = reconcile_day(turn.connection, turn.day)
    cases = {"cases_opened": found.cases_opened, "cases_resolved": found.cases_resolved}
    way = bridge_of(turn.connection, turn.day)
    charts = {
        "bridge": dg.MetadataValue.md(bridge_in_words(*way)),
        "chart": dg.MetadataValue.md(as_markdown(bridge(*way))),
    }
    return {
        "reconciliation.days": {**charts, **cases},
        "reconciliation.bridge": charts,
        "reconciliation.items": cases,
    }


ASSETS: Final[tuple[dg.AssetSpec | dg.AssetsDefinition, ...]] = (reconciliation,)
