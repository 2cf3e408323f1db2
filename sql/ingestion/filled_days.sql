-- Days of staged rows, of ingestions and of the bank's events that were filled and have no keys yet: opened and not
-- closed, by this run or by one that was killed.
select i.inhparent::regclass::text as table_name, to_date(right(c.relname, 8), 'YYYYMMDD') as day
from pg_inherits as i
inner join pg_class as c on i.inhrelid = c.oid
where
    i.inhparent in (
        'ingestion.staged'::regclass, 'ingestion.payment_ingestions'::regclass, 'ingestion.bank_events'::regclass
    )
    and not exists (
        select from pg_constraint as k
        where k.conrelid = c.oid and k.contype = 'p'
    )
order by table_name, day
