-- Which events are known from now on. A return that waited is one that was known before, and is not in `arriving`.
insert into ingestion.bank_events (created_on, event_id, type, object_id, created_at, booked_on, batch_id, line)
select a.created_on, a.event_id, a.type, a.object_id, a.created_at, %(booked_on)s, %(batch_id)s, a.line
from arriving as a;

-- Those of a type that we do not know wait until we do.
insert into ingestion.unknown_events (event_id, type, booked_on, batch_id, line)
select a.event_id, a.type, %(booked_on)s, %(batch_id)s, a.line
from arriving as a
where a.listed_as is null
on conflict (event_id) do nothing
