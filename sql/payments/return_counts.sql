-- How many debits of ours settled on :day, and how many were returned on it, by code, from `debits` and
-- `returned_debits`.
delete from operations.return_counts
where business_date = %(day)s;

insert into operations.return_counts (business_date, outcome, entries)
select %(day)s, 'debits', count(*) from debits
union all
select %(day)s, coalesce(d.code, 'none'), count(*)
from returned_debits as d
where d.returned_on = %(day)s
group by coalesce(d.code, 'none')
