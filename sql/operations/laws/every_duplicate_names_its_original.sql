-- Law 4. Each repeat names the row that said the same before, and that row is news of the very same payment.
with repeats as materialized (
    -- a repeat carries the value date of its original: that is part of the key
    select d.*, s.value_date
    from ingestion.duplicates as d
    left join ingestion.staged as s
        on
            d.booked_on = s.booked_on and d.batch_id = s.batch_id and d.line = s.line
            and s.booked_on between %(first)s and %(last)s
    where d.booked_on between %(first)s and %(last)s
),

broken as materialized (
    select
        r.booked_on as business_date,
        format('batch %%s, row %%s', r.batch_id, r.line) as keys,
        format(
            'a repeat of batch %%s, row %%s: %%s of payment %%s, loan %%s',
            r.original_batch_id, r.original_line, r.signal, r.payment_id, r.loan_id
        ) as found,
        'news in that row of that payment' as expected
    from repeats as r
    left join ingestion.payment_ingestions as i
        on
            r.value_date = i.effective_on and r.loan_id = i.loan_id and r.payment_id = i.payment_id
            and r.signal = i.signal and r.original_batch_id = i.batch_id and r.original_line = i.line
            and i.effective_on between (select min(q.value_date) from repeats as q) and (
                select max(q.value_date) from repeats as q
            )
    where i.line is null
)

select b.*, count(*) over () as violations
from broken as b
order by b.business_date, b.keys
limit %(most)s
