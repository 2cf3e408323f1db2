-- Batches that are staged and not taken up, in the order in which they came.
select b.batch_id, b.rows_received
from ingestion.staging_process_log as l
inner join ingestion.batches as b on l.batch_id = b.batch_id
where l.status <> 'completed'
order by b.received_at, b.batch_id
