"""What must hold of what was delivered: nothing vanishes on the way to the payment, and the documents stay as they were."""

from typing import Final

import dagster as dg

from payments_pipeline.daily import asset_key, days_of, remedies_shown
from payments_pipeline.guards import SHOWN, Guard
from payments_pipeline.ingestion.artifacts import Verification, verify_artifacts
from payments_pipeline.resources import Platform

GUARDS: Final = (
    Guard("every_row_received_is_accounted_for", "ingestion.staged"),
    Guard("every_event_of_the_bank_is_staged", "ingestion.staged"),
    Guard("every_batch_adds_up", "ingestion.staging_process_log"),
    Guard("every_duplicate_names_its_original", "ingestion.duplicates"),
)


@dg.asset_check(
    asset=asset_key("ingestion.payment_artifacts"),
    description="Every document within reach is there, and has the hash that it had when it was delivered.",
)
def every_document_is_as_it_was(
    context: dg.AssetCheckExecutionContext, platform: dg.ResourceParam[Platform]
) -> dg.AssetCheckResult:
    """Hashes the documents of the days again; one that is gone or has changed opens a case."""
    with remedies_shown(), platform.connect("documents") as connection:
        found = [verify_artifacts(connection, day) for day in days_of(context)]
        connection.commit()
    return dg.AssetCheckResult(
        passed=all(verification.is_clean for verification in found),
        severity=dg.AssetCheckSeverity.ERROR,
        metadata=_counted(found),
    )


def _counted(found: list[Verification]) -> dict[str, dg.JsonMetadataValue | int]:
    broken = [str(artifact) for each in found for artifact in (*each.changed, *each.missing)]
    return {
        "intact": sum(len(each.intact) for each in found),
        "changed": sum(len(each.changed) for each in found),
        "missing": sum(len(each.missing) for each in found),
        "out_of_reach": sum(each.out_of_reach for each in found),
        "artifacts": dg.JsonMetadataValue(broken[:SHOWN]),
    }
