-- What became of these batches, in the order in which they came.
select
    b.batch_id, b.source, regexp_replace(b.uri, '^.*/', '') as file, b.booked_on, l.total_records as received,
    l.processed_records as accepted, l.duplicate_records as duplicates, l.error_records as errors,
    l.noted_records as noted
from ingestion.batches as b
inner join ingestion.staging_process_log as l on b.batch_id = l.batch_id
where b.batch_id = any(%(batches)s::uuid[])
order by b.received_at, b.batch_id
