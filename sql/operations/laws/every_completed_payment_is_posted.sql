-- Law 4. On days that have been posted since, every payment whose rail says that the money is there is in the ledger;
-- and no other is.
with completed as (
    select t.effective_on, t.loan_id, t.payment_id
    from payments.transitions as t
    where t.status = 'completed' and t.effective_on between %(first)s and %(last)s
),

posted as (
    select a.effective_on, a.loan_id, a.subject_id
    from ledger.allocations as a
    where a.kind = 'receipt' and a.seq = 1 and a.effective_on between %(first)s and %(last)s
),

broken as materialized (
    select
        coalesce(c.effective_on, p.effective_on) as business_date,
        format('loan %%s, payment %%s', coalesce(c.loan_id, p.loan_id), coalesce(c.payment_id, p.subject_id)) as keys,
        case when p.subject_id is null then 'completed and not posted' else 'posted and not completed' end as found,
        case when p.subject_id is null then 'a posting' else 'no posting before the money is there' end as expected
    from completed as c
    full join posted as p on c.effective_on = p.effective_on and c.loan_id = p.loan_id and c.payment_id = p.subject_id
    where
        c.payment_id is null
        or p.subject_id is null
        and c.effective_on in (select d.business_date from operations.posted_days as d)
)

select b.*, count(*) over () as violations
from broken as b
order by b.business_date, b.keys
limit %(most)s
