-- The payments that count from a day, by rail.
select
    channel,
    count(*) as rows,
    sum(amount_cents)::bigint as cents,
    count(*) filter (where loan_id = 0) as loan_unknown,
    count(*) filter (where booked_on > effective_on) as learned_later
from payments.payments
where effective_on = %(day)s
group by channel
order by channel;
