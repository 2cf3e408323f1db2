-- The days that the journal has a partition for, within :first and :last; a span that holds many days has each of them.
select d.day
from pg_inherits as i
inner join pg_class as c on i.inhrelid = c.oid
cross join lateral (select to_date(right(c.relname, 8), 'YYYYMMDD') as day) as d
where
    i.inhparent = 'ledger.entries'::regclass
    and d.day between %(first)s and %(last)s
    and not exists (
        select from operations.spans as s
        where s.partition_name::regclass = c.oid
    )
union all
select d.day::date
from operations.spans as s
cross join
    generate_series(
        greatest(s.first_day, %(first)s)::timestamp, least(s.next_day - 1, %(last)s)::timestamp, interval '1 day'
    ) as d (day)
where s.table_name = 'ledger.entries'
order by day
