-- Batch :batch_id could not be taken up: none of its rows was, until it is tried again.
update ingestion.staging_process_log as l
set
    status = 'failed', processed_records = 0, duplicate_records = 0, error_records = l.total_records,
    noted_records = 0,
    error_details = %(details)s::jsonb, completed_at = clock_timestamp()
where l.batch_id = %(batch_id)s and l.status <> 'completed'
