-- Messages that could not be read are kept byte for byte, and a person is asked to look at each. What they hold stays
-- out of the case: it may be personal.
with unreadable as (
    select u.request_id, q.endpoint, q.received_at, q.body, u.fault
    from unnest(%(request_ids)s::uuid[], %(faults)s::text[]) as u (request_id, fault)
    inner join ingestion.webhook_queue as q on u.request_id = q.request_id
),

kept as (
    insert into ingestion.unreadable_messages (request_id, endpoint, received_at, body, fault)
    select u.request_id, u.endpoint, u.received_at, u.body, u.fault
    from unreadable as u
    on conflict (request_id) do nothing
)

insert into operations.exception_cases (
    case_id, category, subcategory, severity, state, business_date, summary, next_step, details
)
select
    operations.content_id('webhook|' || u.request_id), 'webhook', u.endpoint, 'high', 'open',
    (u.received_at at time zone 'America/New_York')::date,
    'A signed message to the endpoint ' || u.endpoint || ' could not be read: ' || u.fault,
    'Look at its bytes in ingestion.unreadable_messages; if it tells of a payment, ask its sender for it in order.',
    jsonb_build_object('request_id', u.request_id, 'size_bytes', length(u.body))
from unreadable as u
on conflict (case_id) do nothing
