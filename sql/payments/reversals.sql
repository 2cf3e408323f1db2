-- Payments of value date :day that went back, and payments that went back on :day whatever their value date: the first
-- word of it, or one that tells of an earlier reversal than the one that counts so far.
insert into work.reversals
with told as not materialized (
    select
        i.loan_id, i.payment_id, i.effective_on, i.signal, i.occurred_at, i.happened_on, i.return_code, i.transfer_id,
        i.booked_on, i.batch_id, i.line
    from ingestion.payment_ingestions as i
    union all
    select
        e.loan_id, e.payment_id, e.effective_on, e.signal, e.occurred_at, e.happened_on, e.return_code, e.transfer_id,
        e.booked_on, e.batch_id, e.line
    from ingestion.earlier_words as e
),

words as (
    select t.*
    from told as t
    where
        t.effective_on = %(day)s
        and t.loan_id between %(first_loan)s and %(last_loan)s
        and t.signal in ('returned', 'recalled')

    union all

    select t.*
    from told as t
    where
        t.effective_on = any(%(value_dates)s::date[]) and t.effective_on <> %(day)s
        and t.loan_id between %(first_loan)s and %(last_loan)s
        and t.happened_on = %(day)s and t.signal in ('returned', 'recalled')
),

earliest as (
    -- of two words the one that happened first, and of two at one instant always the same, never the first to arrive
    -- nor one that says less: a word without a code comes after all that have one (no text has the byte ff)
    select distinct on (w.loan_id, w.payment_id) w.*
    from words as w
    order by
        w.loan_id, w.payment_id, w.occurred_at, w.signal, coalesce(convert_to(w.return_code, 'UTF8'), '\xff'),
        w.batch_id, w.line
)

select
    e.loan_id, e.payment_id, coalesce(known.seq, 0) + 1, e.effective_on, e.signal, e.occurred_at, e.happened_on,
    e.return_code, e.transfer_id, e.booked_on, e.batch_id, e.line
from earliest as e
left join payments.reversals_in_force as known on e.loan_id = known.loan_id and e.payment_id = known.payment_id
where
    known.payment_id is null
    or (e.occurred_at, e.signal, coalesce(convert_to(e.return_code, 'UTF8'), '\xff'))
    < (known.occurred_at, known.signal, coalesce(convert_to(known.code, 'UTF8'), '\xff'))
