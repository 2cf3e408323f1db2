-- Law 5. Each step of a payment is what the word tells that it names: which step, its instant and day, its code, and
-- when we learned it.
with told as (
    select
        w.*,
        case
            when w.signal in ('returned', 'recalled') then 'reversed'
            when w.signal = 'canceled' then 'canceled'
            when w.signal = r.ready_signal then 'completed'
            else 'pending'
        end as status
    from ingestion.words as w
    inner join settlement.rules as r on w.channel = r.channel
    where w.effective_on between %(first)s and %(last)s
),

broken as materialized (
    select
        t.effective_on as business_date,
        format('loan %%s, payment %%s, %%s', t.loan_id, t.payment_id, t.status) as keys,
        format(
            'at %%s, on %%s, code %%s, booked on %%s, by batch %%s, row %%s',
            t.occurred_at, t.happened_on, coalesce(t.code, 'none'), t.booked_on, t.batch_id, t.line
        ) as found,
        case
            when w.line is null then 'a step that this row tells'
            else format(
                'at %%s, on %%s, code %%s, booked on %%s',
                w.occurred_at, w.happened_on, coalesce(w.return_code, 'none'), w.booked_on
            )
        end as expected
    from payments.transitions as t
    left join told as w
        on
            t.effective_on = w.effective_on and t.loan_id = w.loan_id and t.payment_id = w.payment_id
            and t.status = w.status and t.batch_id = w.batch_id and t.line = w.line
    where
        t.effective_on between %(first)s and %(last)s
        and (
            w.line is null
            or (t.occurred_at, t.happened_on, t.booked_on) <> (w.occurred_at, w.happened_on, w.booked_on)
            or t.code is distinct from w.return_code
        )
)

select b.*, count(*) over () as violations
from broken as b
order by b.business_date, b.keys
limit %(most)s
