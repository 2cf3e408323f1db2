-- Messages that have been staged, or kept as unreadable, leave the queue in the same transaction.
delete from ingestion.webhook_queue as q
where q.request_id = any(%(request_ids)s::uuid[])
