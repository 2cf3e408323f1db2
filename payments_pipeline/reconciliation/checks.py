"""The laws that a comparison with the bank must keep: a variance may stand, but none without its explanation."""

from typing import Final

from payments_pipeline.guards import Guard

GUARDS: Final = (
    Guard("variance_is_bank_minus_ours", "reconciliation.days"),
    Guard("variance_is_explained_line_by_line", "reconciliation.items"),
    Guard("the_bridge_leads_to_the_bank", "reconciliation.days"),
)
