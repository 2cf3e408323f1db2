-- A page of what was told of the payments of a loan, the latest value date first.
select
    i.payment_id, i.loan_id, i.loan_number,
    (array_agg(i.source_reference order by i.received_at, i.signal))[1] as reference,
    i.channel, i.amount_cents, i.effective_on as value_date, min(i.occurred_at) as payment_date,
    min(i.received_at) as received_at, array_agg(i.signal order by i.occurred_at, i.signal) as events,
    count(*) over () as total
from ingestion.payment_ingestions as i
where i.loan_id = %(loan_id)s and i.effective_on between %(since)s and %(until)s
group by i.payment_id, i.loan_id, i.loan_number, i.channel, i.amount_cents, i.effective_on
order by i.effective_on desc, i.payment_id asc
limit %(page_size)s offset %(page_start)s
