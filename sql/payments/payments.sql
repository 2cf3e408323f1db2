-- Payments with value date :day that somebody has announced or delivered and that we do not have yet.
-- A return alone makes no payment: it waits as an orphan until the payment turns up.
insert into payments.payments (
    effective_on, loan_id, payment_id, channel, provider, reference, loan_number, amount_cents, occurred_at, settles_on,
    transfer_id, booked_on, batch_id, line
)
with first_word as (
    -- what brought a payment first tells its particulars; ties are broken by what the rows are, not by arrival
    select distinct on (i.loan_id, i.payment_id)
        i.loan_id, i.payment_id, i.channel, i.source_reference, i.booked_on, i.batch_id, i.line
    from ingestion.payment_ingestions as i
    where
        i.effective_on = %(day)s
        and i.signal not in ('returned', 'recalled', 'canceled')
        and not exists (
            select from payments.payments as known
            where known.effective_on = %(day)s and known.loan_id = i.loan_id and known.payment_id = i.payment_id
        )
    order by i.loan_id, i.payment_id, i.booked_on, i.batch_id, i.line
)

select
    %(day)s::date, w.loan_id, w.payment_id, w.channel, s.provider, w.source_reference, s.loan_number, s.amount_cents,
    s.occurred_at, c.settles_on, s.transfer_id, w.booked_on, w.batch_id, w.line
from first_word as w
inner join ingestion.staged as s on w.booked_on = s.booked_on and w.batch_id = s.batch_id and w.line = s.line
inner join settlement.calendar as c on w.channel = c.channel and c.business_date = %(day)s
