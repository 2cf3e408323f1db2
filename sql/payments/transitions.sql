-- The steps that payments took: those of payments with value date :day, and returns that happened on :day whatever
-- the value date of what they return.
insert into payments.transitions (
    effective_on, loan_id, payment_id, status, occurred_at, happened_on, code, booked_on, batch_id, line
)
with words as (
    select i.* from ingestion.payment_ingestions as i
    where i.effective_on = %(day)s
    union all
    select i.* from ingestion.payment_ingestions as i
    where i.happened_on = %(day)s and i.signal in ('returned', 'recalled') and i.effective_on <> %(day)s
),

steps as (
    select
        w.effective_on,
        w.loan_id,
        w.payment_id,
        w.occurred_at,
        w.happened_on,
        w.return_code,
        w.booked_on,
        w.batch_id,
        w.line,
        case
            when w.signal in ('returned', 'recalled') then 'reversed'
            when w.signal = 'canceled' then 'canceled'
            when w.signal = any(string_to_array(r.ready_signals, '|')) then 'completed'
            else 'pending'
        end as status
    from words as w
    inner join settlement.rules as r on w.channel = r.channel
)

select distinct on (s.effective_on, s.loan_id, s.payment_id, s.status)
    s.effective_on,
    s.loan_id,
    s.payment_id,
    s.status,
    s.occurred_at,
    s.happened_on,
    s.return_code,
    s.booked_on,
    s.batch_id,
    s.line
from steps as s
where
    not exists (
        select from payments.transitions as known
        where
            known.effective_on = s.effective_on and known.loan_id = s.loan_id and known.payment_id = s.payment_id
            and known.status = s.status
    )
order by s.effective_on, s.loan_id, s.payment_id, s.status, s.occurred_at, s.booked_on, s.batch_id, s.line
