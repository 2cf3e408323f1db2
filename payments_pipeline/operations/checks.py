"""The audit: laws that only the whole book can show to be kept."""

from collections.abc import Iterator
from typing import Final

import dagster as dg

from payments_pipeline.daily import remedies_shown
from payments_pipeline.guards import Guard, evaluate
from payments_pipeline.resources import Platform

AUDIT: Final = (
    Guard("accounts_equal_the_loans", "ledger.entries", is_blocking=False),
    Guard("balances_equal_the_ledger", "ledger.allocations", is_blocking=False),
    Guard("entries_follow_from_conversions", "ledger.entries", is_blocking=False),
    Guard("conversions_lead_to_the_boarding", "ledger.entries", is_blocking=False),
    Guard("the_conversion_is_what_was_sealed", "ledger.events", is_blocking=False),
    Guard("the_terms_are_what_was_boarded", "ledger.events", is_blocking=False),
    Guard("every_seal_recomputes", "ledger.seals", is_blocking=False),
    Guard("no_fact_can_be_rewritten", "ledger.entries", is_blocking=False),
    Guard("decisions_follow_one_another", "reconciliation.matches", is_blocking=False),
    Guard("nothing_is_matched_twice", "reconciliation.matches", is_blocking=False),
)


@dg.multi_asset_check(
    name="audit",
    description="Holds the laws of the whole book against all of its history.",
    specs=[guard.spec for guard in AUDIT],
    can_subset=True,
)
def audit(
    context: dg.AssetCheckExecutionContext, platform: dg.ResourceParam[Platform]
) -> Iterator[dg.AssetCheckResult]:
    """Each law asked for, over everything there is."""
    asked = {key.name for key in context.selected_asset_check_keys}
    with remedies_shown():
        yield from evaluate([guard for guard in AUDIT if guard.law in asked], platform, days=[])
