-- Repeats that tell an earlier instant of a day's payments than was told first.
select
    signal,
    count(*) as rows,
    count(distinct payment_id) as payments
from ingestion.earlier_words
where effective_on = %(day)s
group by signal
order by signal;
