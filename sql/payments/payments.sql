-- Payments with value date :day that somebody has announced or delivered and that we do not have yet, each with the
-- word that brought it. A return alone makes no payment: it waits as an orphan until the payment turns up.
create temporary table new_payments as
with words as (
    select i.* from ingestion.payment_ingestions as i
    where
        i.effective_on = %(day)s
        and i.loan_id between %(first_loan)s and %(last_loan)s
        and i.signal not in ('returned', 'recalled', 'canceled')
        and not exists (
            select from payments.payments as known
            where known.effective_on = %(day)s and known.loan_id = i.loan_id and known.payment_id = i.payment_id
        )
),

first_word as (
    -- what brought a payment first tells its particulars; ties are broken by what the rows are, not by arrival
    select distinct on (w.loan_id, w.payment_id) w.*
    from words as w
    order by w.loan_id, w.payment_id, w.booked_on, w.batch_id, w.line
)

select
    w.effective_on, w.loan_id, w.payment_id, w.channel, w.provider, w.source_reference as reference, w.loan_number,
    w.amount_cents, w.occurred_at, c.settles_on, w.transfer_id, w.booked_on, w.batch_id, w.line, w.raw_payload_hash
from first_word as w
inner join settlement.calendar as c on w.channel = c.channel and w.effective_on = c.business_date;

analyze pg_temp.new_payments;

insert into work.payments
select
    p.effective_on, p.loan_id, p.payment_id, p.channel, p.provider, p.reference, p.loan_number, p.amount_cents,
    p.occurred_at, p.settles_on, p.transfer_id, p.booked_on, p.batch_id, p.line
from pg_temp.new_payments as p
