-- Payments of value date :day that went back, and payments that went back on :day whatever their value date: the first
-- word of it, or one that tells of an earlier reversal than the one that counts so far.
insert into work.reversals
with words as (
    select w.*
    from ingestion.words as w
    where
        w.effective_on = %(day)s
        and w.loan_id between %(first_loan)s and %(last_loan)s
        and w.signal in ('returned', 'recalled')

    union all

    select w.*
    from ingestion.words as w
    where
        w.effective_on = any(%(value_dates)s::date[]) and w.effective_on <> %(day)s
        and w.loan_id between %(first_loan)s and %(last_loan)s
        and w.happened_on = %(day)s and w.signal in ('returned', 'recalled')
),

earliest as (
    -- of two words the one that happened first, and of two at one instant always the same, never the first to arrive
    -- nor one that says less
    select distinct on (w.loan_id, w.payment_id) w.*
    from words as w
    order by
        w.loan_id, w.payment_id, w.occurred_at, w.signal, ingestion.rank_of_code(w.return_code), w.batch_id, w.line
)

select
    e.loan_id, e.payment_id, coalesce(known.seq, 0) + 1, e.effective_on, e.signal, e.occurred_at, e.happened_on,
    e.return_code, e.transfer_id, e.booked_on, e.batch_id, e.line
from earliest as e
left join payments.reversals_in_force as known on e.loan_id = known.loan_id and e.payment_id = known.payment_id
where
    known.payment_id is null
    or (e.occurred_at, e.signal, ingestion.rank_of_code(e.return_code))
    < (known.occurred_at, known.signal, ingestion.rank_of_code(known.code))
