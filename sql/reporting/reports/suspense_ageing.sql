-- What waits in suspense at the end of a day.
select
    whose,
    days_held,
    cents,
    loans,
    oldest_days
from reporting.suspense_ageing
where business_date = %(day)s
order by whose, oldest_days;
