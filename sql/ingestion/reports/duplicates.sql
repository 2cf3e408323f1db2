-- Repeats that arrived on a day.
select
    signal,
    count(*) as rows,
    count(distinct payment_id) as payments
from ingestion.duplicates
where booked_on = %(day)s
group by signal
order by signal;
