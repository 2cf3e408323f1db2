-- These batches are being taken up, for the first time or again after a failure.
update ingestion.staging_process_log as l
set
    status = 'processing', processed_records = 0, duplicate_records = 0, error_records = 0, noted_records = 0,
    error_details = null, started_at = now(), completed_at = null
where l.batch_id = any(%(batches)s::uuid[]) and l.status <> 'completed'
