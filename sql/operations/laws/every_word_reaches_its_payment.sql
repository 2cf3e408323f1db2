-- Law 4. On days that have been posted since, every word that was delivered has its effect: the payment exists, and
-- has taken the step that the word tells. What still waits for its day to be run is pending, not lost.
with words as (
    -- each word, with the step it stands for and the day whose run makes that step
    select
        i.effective_on, i.loan_id, i.payment_id, i.signal, i.batch_id, i.line,
        case
            when i.signal in ('returned', 'recalled') then 'reversed'
            when i.signal = 'canceled' then 'canceled'
            when i.signal = r.ready_signal then 'completed'
            else 'pending'
        end as status
    from ingestion.payment_ingestions as i
    inner join settlement.rules as r on i.channel = r.channel
    where
        i.effective_on between %(first)s and %(last)s
        and i.effective_on in (select d.business_date from operations.posted_days as d)
        -- a return may also wait for the day on which it happened
        and (
            i.signal not in ('returned', 'recalled')
            or i.happened_on in (select d.business_date from operations.posted_days as d)
        )
),

broken as materialized (
    select
        w.effective_on as business_date,
        format('loan %%s, payment %%s, batch %%s, row %%s', w.loan_id, w.payment_id, w.batch_id, w.line) as keys,
        case
            when t.payment_id is null then format('the word %%s without effect', w.signal)
            else format('the word %%s, and no payment', w.signal)
        end as found,
        case when t.payment_id is null then 'the step ' || w.status else 'a payment' end as expected
    from words as w
    left join payments.transitions as t
        on
            w.effective_on = t.effective_on
            and w.loan_id = t.loan_id
            and w.payment_id = t.payment_id
            and w.status = t.status
            and t.effective_on between %(first)s and %(last)s
    left join payments.payments as p
        on
            w.effective_on = p.effective_on and w.loan_id = p.loan_id and w.payment_id = p.payment_id
            and p.effective_on between %(first)s and %(last)s
    where
        t.payment_id is null
        -- a return alone makes no payment: it waits as an orphan
        or p.payment_id is null and w.status not in ('reversed', 'canceled')
)

select b.*, count(*) over () as violations
from broken as b
order by b.business_date, b.keys
limit %(most)s
