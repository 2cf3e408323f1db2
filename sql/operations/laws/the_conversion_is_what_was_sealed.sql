-- Law 5. What came along from the former system is, to the last posting, what the sealed event of its conversion tells;
-- and all that came along has such an event.
with boarded as (
    -- boarding dates of loans of which anything came along
    select distinct l.boarded_on
    from servicing.loans as l
    where
        exists (
            select from servicing.converted_loans as c
            where c.loan_id = l.loan_id
        )
        or exists (
            select from ledger.conversions as p
            where p.loan_id = l.loan_id
        )
),

told as (
    select e.effective_on, e.data::text as data
    from ledger.events as e
    where e.type = 'book.conversion'
),

compared as (
    select
        coalesce(b.boarded_on, t.effective_on) as business_date, t.data as told,
        ledger.conversion_event(coalesce(b.boarded_on, t.effective_on)) as recomputed
    from boarded as b
    full join told as t on b.boarded_on = t.effective_on
),

broken as materialized (
    select
        c.business_date, 'conversion' as keys,
        coalesce(c.told, 'no event') as found, coalesce(c.recomputed, 'no event: nothing came along') as expected
    from compared as c
    where c.told is distinct from c.recomputed
)

select b.*, count(*) over () as violations
from broken as b
order by b.business_date, b.keys
limit %(most)s
