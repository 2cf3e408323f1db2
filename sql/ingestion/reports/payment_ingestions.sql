-- What is known so far of the payments that count from a day.
select
    channel,
    signal,
    count(*) as rows,
    count(*) filter (where booked_on > effective_on) as learned_later,
    count(*) filter (where loan_id = 0) as loan_unknown
from ingestion.payment_ingestions
where effective_on = %(day)s
group by channel, signal
order by channel, signal;
