-- Law 5. The terms of all loans are, to the last one, those that the sealed event of their boarding tells.
with boarded as (
    select distinct l.boarded_on
    from servicing.loans as l
    where l.loan_id <> 0
),

told as (
    -- told anew whenever loans were added: the last one counts
    select distinct on (e.effective_on) e.effective_on, e.data::text as data
    from ledger.events as e
    where e.type = 'book.terms'
    order by e.effective_on asc, e.event_no desc
),

compared as (
    select
        coalesce(b.boarded_on, t.effective_on) as business_date, t.data as told,
        ledger.terms_event(coalesce(b.boarded_on, t.effective_on)) as recomputed
    from boarded as b
    full join told as t on b.boarded_on = t.effective_on
),

broken as materialized (
    select
        c.business_date, 'terms' as keys,
        coalesce(c.told, 'no event: no start of the platform has boarded them') as found,
        coalesce(c.recomputed, 'no event: there are no such loans') as expected
    from compared as c
    where c.told is distinct from c.recomputed
)

select b.*, count(*) over () as violations
from broken as b
order by b.business_date, b.keys
limit %(most)s
