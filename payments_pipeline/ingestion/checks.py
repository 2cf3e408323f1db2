"""The laws that what was delivered must keep: nothing vanishes between the file and the payment."""

from typing import Final

from payments_pipeline.guards import Guard

GUARDS: Final = (
    Guard("every_row_received_is_accounted_for", "ingestion.staged"),
    Guard("every_batch_adds_up", "ingestion.staging_process_log"),
    Guard("every_duplicate_names_its_original", "ingestion.duplicates"),
)
