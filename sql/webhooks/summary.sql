-- The payments of a loan by what became of them, from what was received: those that went back are apart.
with payments as (
    select
        i.payment_id, i.channel, i.amount_cents, i.effective_on,
        bool_or(i.signal in ('returned', 'recalled', 'canceled')) as went_back
    from ingestion.payment_ingestions as i
    where i.loan_id = %(loan_id)s and i.effective_on between %(since)s and %(until)s
    group by i.payment_id, i.channel, i.amount_cents, i.effective_on
)

select
    p.channel, p.went_back, count(*) as payments, sum(p.amount_cents)::bigint as amount_cents,
    min(p.effective_on) as first_value_date, max(p.effective_on) as last_value_date
from payments as p
group by p.channel, p.went_back
order by p.channel, p.went_back
