-- Of the files in a place, listed as :sources with their :sizes and when each was :received, those that are not stored:
-- by their number in the list. What was stored and has changed since is another file.
with listed as (
    select f.source, f.size_bytes, f.received_at, f.number
    from
        unnest(%(sources)s::text[], %(sizes)s::bigint[], %(received)s::timestamptz[])
        with ordinality as f (source, size_bytes, received_at, number)
)

select l.number
from listed as l
left join settlement.statements as s
    on l.source = s.source and l.size_bytes = s.size_bytes and l.received_at = s.received_at
where s.statement_id is null
order by l.number;
