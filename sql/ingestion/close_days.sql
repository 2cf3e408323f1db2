-- Indexes for the days of staged rows and of ingestions that were filled and have none yet.
select pg_advisory_xact_lock(hashtext('ingestion.payment_ingestions'));

with filled as (
    -- a day without a primary key is one that was opened and not closed, by this run or by one that was killed
    select i.inhparent::regclass::text as parent, to_date(right(c.relname, 8), 'YYYYMMDD') as day
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
)

select operations.close_day(f.parent, f.day) from filled as f
order by f.parent, f.day
