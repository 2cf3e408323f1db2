-- What has been received and not taken up: messages in the queue, and batches that are staged.
select
    q.messages, q.oldest_received_at, b.batches, b.failed,
    (select max(l.completed_at) from ingestion.staging_process_log as l) as last_taken_up_at
from (
    select count(*) as messages, min(w.received_at) as oldest_received_at from ingestion.webhook_queue as w
) as q
cross join (
    select count(*) as batches, count(*) filter (where l.status = 'failed') as failed
    from ingestion.staging_process_log as l
    where l.status <> 'completed'
) as b
