-- The events in `arriving` that are not known, in their order. Tells how many they are, what their batch is (the hash
-- of their texts), and whether we know what events mean at all.
create temporary table new_events on commit drop as
select
    row_number() over (order by a.place)::integer as line, a.place, a.event_id, a.type, a.object_id, a.created_at,
    a.created_on
from arriving as a
where
    -- looked up one by one: joining would read all that is known of these days for each few thousand events
    (
        select e.line
        from ingestion.bank_events as e
        where e.created_on = any(%(days)s::date[]) and e.created_on = a.created_on and e.event_id = a.event_id
    ) is null;

analyze new_events;

select
    count(*)::integer as events,
    coalesce(sum(octet_length(a.raw)), 0)::bigint as size_bytes,
    sha256(string_agg(sha256(convert_to(a.raw, 'UTF8')), ''::bytea order by n.line)) as sha256,
    (select count(*) from ingestion.event_types) > 0 as has_types
from new_events as n
inner join arriving as a on n.place = a.place
