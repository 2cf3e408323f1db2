-- Events whose type we do not know yet: once data/column_events.csv says what it means, they are read again.

create table ingestion.unknown_events (
    event_id text primary key,
    type text not null,
    booked_on date not null,
    batch_id uuid not null,
    line integer not null
);
comment on table ingestion.unknown_events is
'Events of types that we do not know. A queue: once their type has a meaning, they are staged again by it.';
comment on column ingestion.unknown_events.event_id is 'Event.';
comment on column ingestion.unknown_events.type is 'Its type, which is in no row of ingestion.event_types.';
comment on column ingestion.unknown_events.booked_on is 'Business date on which we received it.';
comment on column ingestion.unknown_events.batch_id is 'Batch in which its text stands.';
comment on column ingestion.unknown_events.line is 'Row within that batch.';

-- Those that came before there was this queue. Where no type has a meaning, none was staged.
insert into ingestion.unknown_events (event_id, type, booked_on, batch_id, line)
select e.event_id, e.type, e.booked_on, e.batch_id, e.line
from ingestion.bank_events as e
where
    e.type in (
        select t.type
        from (select distinct k.type from ingestion.bank_events as k) as t
        where
            exists (select from ingestion.event_types)
            and not exists (
                select from ingestion.event_types as r
                where r.type = t.type or (right(r.type, 2) = '.*' and starts_with(t.type, left(r.type, -1)))
            )
    );

grant select, insert, delete on ingestion.unknown_events to payments_pipeline;
