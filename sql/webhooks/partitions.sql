-- Tables that are partitioned by the day: how many days each has, from when to when, and how much room they take. By
-- names of the catalogue: whoever asks may not enter every schema.
select
    t.table_name, count(c.oid) as partitions,
    to_date(right(min(c.relname), 8), 'YYYYMMDD') as first_day,
    to_date(right(max(c.relname), 8), 'YYYYMMDD') as last_day,
    coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint as size_bytes
from operations.day_tables as t
left join pg_namespace as n on split_part(t.table_name, '.', 1) = n.nspname
left join pg_class as p on n.oid = p.relnamespace and split_part(t.table_name, '.', 2) = p.relname
left join pg_inherits as i on p.oid = i.inhparent
left join pg_class as c on i.inhrelid = c.oid
group by t.table_name
order by t.table_name
