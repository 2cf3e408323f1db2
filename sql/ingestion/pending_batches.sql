-- Batches that are staged and not taken up, in the order in which they came.
select b.batch_id, b.rows_received
from ingestion.batches as b
left join ingestion.staging_process_log as l on b.batch_id = l.batch_id
where l.status is distinct from 'completed'
order by b.received_at, b.batch_id
