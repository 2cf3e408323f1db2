-- Events whose type was not known when they came, and is known now, with their texts; at most :most. They leave the
-- queue in the transaction that stages them, and the case of their type closes.
with known as (
    -- types that have rules now, by their own name or by that of a family
    select t.type
    from (select distinct u.type from ingestion.unknown_events as u) as t
    where
        exists (
            select from ingestion.event_types as e
            where e.type = t.type or (right(e.type, 2) = '.*' and starts_with(t.type, left(e.type, -1)))
        )
),

released as (
    delete from ingestion.unknown_events as u
    where
        u.event_id in (
            select q.event_id
            from ingestion.unknown_events as q
            inner join known as k on q.type = k.type
            order by q.event_id
            limit %(most)s
        )
    returning u.type, u.booked_on, u.batch_id, u.line
),

closed as (
    update operations.exception_cases as c
    set
        state = 'resolved', resolved_at = now(),
        resolution = 'What the type means is known now; its events were read again.'
    from (select distinct r.type from released as r) as r
    where c.case_id = operations.content_id('unknown_event|' || left(r.type, 255)) and c.state in ('open', 'pending')
)

select s.raw
from released as r
inner join ingestion.staged as s on r.booked_on = s.booked_on and r.batch_id = s.batch_id and r.line = s.line
