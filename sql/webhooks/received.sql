-- What came by webhook since :since, by source, and what became of it.
select
    b.source, count(*) as batches, sum(b.rows_received)::bigint as received,
    sum(l.processed_records)::bigint as accepted, sum(l.duplicate_records)::bigint as duplicates,
    sum(l.error_records)::bigint as rejected, max(b.received_at) as last_received_at
from ingestion.batches as b
inner join ingestion.staging_process_log as l on b.batch_id = l.batch_id
where b.booked_on >= %(since)s and b.uri like 'webhook:%%'
group by b.source
order by b.source
