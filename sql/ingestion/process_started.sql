-- These batches are being taken up, for the first time or again after a failure.
insert into ingestion.staging_process_log (batch_id, status, total_records)
select b.batch_id, 'processing', b.rows_received
from ingestion.batches as b
where b.batch_id = any(%(batches)s::uuid[])
order by b.batch_id
on conflict (batch_id) do update set
    status = 'processing',
    processed_records = 0,
    duplicate_records = 0,
    error_records = 0,
    noted_records = 0,
    error_details = null,
    started_at = now(),
    completed_at = null
where staging_process_log.status <> 'completed'
