-- The steps that payments took: those of payments with value date :day, and returns that happened on :day whatever
-- the value date of what they return; :value_dates are those of all that went back on :day.
insert into work.transitions
with words as (
    select
        i.effective_on, i.loan_id, i.payment_id, i.channel, i.signal, i.occurred_at, i.happened_on, i.return_code,
        i.booked_on, i.batch_id, i.line
    from ingestion.payment_ingestions as i
    where i.effective_on = %(day)s and i.loan_id between %(first_loan)s and %(last_loan)s

    union all

    select
        i.effective_on, i.loan_id, i.payment_id, i.channel, i.signal, i.occurred_at, i.happened_on, i.return_code,
        i.booked_on, i.batch_id, i.line
    from ingestion.payment_ingestions as i
    where
        i.effective_on = any(%(value_dates)s::date[]) and i.effective_on <> %(day)s
        and i.loan_id between %(first_loan)s and %(last_loan)s
        and i.happened_on = %(day)s and i.signal in ('returned', 'recalled')

    union all

    -- a return may turn out to have happened on another day than first told
    select
        e.effective_on, e.loan_id, e.payment_id, e.channel, e.signal, e.occurred_at, e.happened_on, e.return_code,
        e.booked_on, e.batch_id, e.line
    from ingestion.earlier_words as e
    where
        e.effective_on = any(%(value_dates)s::date[]) and (e.effective_on = %(day)s or e.happened_on = %(day)s)
        and e.loan_id between %(first_loan)s and %(last_loan)s
        and e.signal in ('returned', 'recalled')
),

steps as (
    select
        w.*,
        case
            when w.signal in ('returned', 'recalled') then 'reversed'
            when w.signal = 'canceled' then 'canceled'
            when w.signal = r.ready_signal then 'completed'
            else 'pending'
        end as status
    from words as w
    inner join settlement.rules as r on w.channel = r.channel
)

-- of two words that say the same of a payment, the one that happened first is the step
select distinct on (s.loan_id, s.payment_id, s.effective_on, s.status)
    s.effective_on, s.loan_id, s.payment_id, s.status, s.occurred_at, s.happened_on,
    s.return_code as code, s.booked_on, s.batch_id, s.line
from steps as s
where
    not exists (
        select from payments.transitions as known
        where
            known.effective_on = s.effective_on and known.loan_id = s.loan_id and known.payment_id = s.payment_id
            and known.status = s.status and known.effective_on = any(%(value_dates)s::date[])
    )
order by s.loan_id, s.payment_id, s.effective_on, s.status, s.occurred_at, s.booked_on, s.batch_id, s.line
