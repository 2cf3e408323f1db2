-- What has been received and not taken up: messages in the queue, and batches that are staged.
select
    q.messages, q.oldest_received_at, b.batches, b.failed, b.last_taken_up_at
from (
    select count(*) as messages, min(w.received_at) as oldest_received_at from ingestion.webhook_queue as w
) as q
cross join (
    select
        count(*) filter (where l.status is distinct from 'completed') as batches,
        count(*) filter (where l.status = 'failed') as failed,
        max(l.completed_at) as last_taken_up_at
    from ingestion.batches as a
    left join ingestion.staging_process_log as l on a.batch_id = l.batch_id
) as b
