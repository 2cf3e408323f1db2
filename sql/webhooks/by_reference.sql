-- Payments of this reference, as first told, with all words about each; and those that wait to be staged. Day by day,
-- by an index on the hash of the reference.
with told as (
    select i.*
    from ingestion.payment_ingestions as i
    where
        i.effective_on between %(since)s and %(until)s
        and hashtext(lower(btrim(i.source_reference, E' \t\n\r\f\x0b') collate "C")) = hashtext(%(reference)s)
        and lower(btrim(i.source_reference, E' \t\n\r\f\x0b') collate "C") = %(reference)s
),

waiting as (
    select q.payment_id, q.reference, q.channel, q.received_at
    from ingestion.webhook_queue as q
    where
        q.reference = %(reference)s
        and not exists (
            select from told as t
            where t.payment_id = q.payment_id
        )
)

select
    t.payment_id, t.loan_id, t.loan_number,
    (array_agg(t.source_reference order by t.received_at, t.signal))[1] as reference,
    t.channel, t.amount_cents, t.effective_on as value_date, min(t.occurred_at) as payment_date,
    min(t.received_at) as received_at, array_agg(t.signal order by t.occurred_at, t.signal) as events
from told as t
group by t.payment_id, t.loan_id, t.loan_number, t.channel, t.amount_cents, t.effective_on
union all
select
    w.payment_id, null, null, w.reference, w.channel, null, null, null, min(w.received_at), null
from waiting as w
group by w.payment_id, w.reference, w.channel
order by received_at, payment_id
limit 100
