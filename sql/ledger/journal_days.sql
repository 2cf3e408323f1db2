-- The days that the journal has a partition for, within :first and :last.
select d.day
from pg_inherits as i
inner join pg_class as c on i.inhrelid = c.oid
cross join lateral (select to_date(right(c.relname, 8), 'YYYYMMDD') as day) as d
where i.inhparent = 'ledger.entries'::regclass and d.day between %(first)s and %(last)s
order by d.day
