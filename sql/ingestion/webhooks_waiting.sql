-- The messages that have waited longest: at most :most of them, and of :most_bytes together unless one alone is larger.
-- One run at a time takes them from the queue; another that comes meanwhile waits and finds what is left.
select pg_advisory_xact_lock(hashtext('ingestion.webhook_queue'));

with longest as (
    select q.request_id, q.endpoint, q.channel, q.received_at, q.body
    from ingestion.webhook_queue as q
    order by q.received_at, q.request_id
    limit %(most)s
),

measured as (
    -- how much comes before each
    select
        l.*,
        sum(octet_length(l.body)) over (order by l.received_at, l.request_id) - octet_length(l.body) as bytes_before
    from longest as l
)

select m.request_id, m.endpoint, m.channel, m.received_at, m.body
from measured as m
where m.bytes_before < %(most_bytes)s
order by m.received_at, m.request_id
