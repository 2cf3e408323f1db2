"""What must hold of returns: their share of our debits stays within the limits of the network."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import dagster as dg

from payments_pipeline.daily import asset_key, days_of, markdown_table, remedies_shown
from payments_pipeline.postgres.run import query
from payments_pipeline.resources import Platform


@dg.asset_check(
    asset=asset_key("operations.return_rates"),
    description=(
        "Returns as not authorized, for administrative reasons, and in all are each within the limit of the network. "
        "Warns where one comes near its limit, fails where it is above; stops nothing."
    ),
)
def return_rates_are_within_their_limits(
    context: dg.AssetCheckExecutionContext, platform: dg.ResourceParam[Platform]
) -> dg.AssetCheckResult:
    """The rates of the last day of the run, each over its window, in which the days before it lie."""
    with remedies_shown(), platform.connect("return rates") as connection:
        return judge(query(connection, "operations/reports/return_rates", day=days_of(context)[-1]))


def judge(rates: Sequence[Mapping[str, Any]]) -> dg.AssetCheckResult:
    """Green only where every rate is well within its limit (or too few debits to tell)."""
    found = {wanted: [rate["monitor"] for rate in rates if rate["status"] == wanted] for wanted in _SAID}
    said = [f"{words}: {', '.join(found[status])}." for status, words in _SAID.items() if found[status]]
    return dg.AssetCheckResult(
        passed=not said,
        severity=dg.AssetCheckSeverity.ERROR if found["over"] else dg.AssetCheckSeverity.WARN,
        description=" ".join(said) or None,
        metadata={"rates": dg.MetadataValue.md(markdown_table(rates))} if rates else {},
    )


_SAID: Final = {"over": "Above the limit", "near": "Near the limit"}

ASSET_CHECKS: Final = (return_rates_are_within_their_limits,)
