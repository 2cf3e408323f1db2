-- What the bank lists as an event and nobody can read is kept word for word, and a person is asked to look at it: once,
-- however often the page is read. What it holds stays out of the case: it may be personal.
with unreadable as (
    select
        u.body, u.fault, u.place, operations.content_id('column:events|' || u.body) as request_id
    from unnest(%(bodies)s::text[], %(faults)s::text[], %(places)s::text[]) as u (body, fault, place)
    order by request_id
),

kept as (
    insert into ingestion.unreadable_messages (request_id, endpoint, received_at, body, fault)
    select u.request_id, 'column:events', %(received_at)s, convert_to(u.body, 'UTF8'), u.fault
    from unreadable as u
    on conflict (request_id) do nothing
)

insert into operations.exception_cases (
    case_id, category, subcategory, severity, state, business_date, summary, next_step, details
)
select
    operations.content_id('unreadable_event|' || u.request_id), 'unreadable_event', 'column', 'high', 'open',
    (%(received_at)s::timestamptz at time zone 'America/New_York')::date,
    'The bank''s list of events holds something, ' || u.place || ', that cannot be read: ' || u.fault,
    'Look at it in ingestion.unreadable_messages, and have the bank tell the event in order: then it is read like any '
    || 'other. What it may say of a payment is in our books only from then on.',
    jsonb_build_object('request_id', u.request_id, 'place', u.place, 'size_bytes', length(convert_to(u.body, 'UTF8')))
from unreadable as u
on conflict (case_id) do nothing
