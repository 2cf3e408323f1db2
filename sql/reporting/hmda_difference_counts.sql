-- In how many loans of a period origination and servicing differ, by what differs.
select f.field, count(*) as loans
from compliance.hmda_differences as f
where f.period = %(period)s
group by f.field
order by f.field
