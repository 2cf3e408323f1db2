-- Law 2. What each run put into the suspense of a loan is what its allocations add up to; none of it is without them.
with allocated as (
    select a.effective_on, a.loan_id, a.run_no, sum(a.suspense_cents) as cents
    from ledger.allocations as a
    where a.effective_on between %(first)s and %(last)s and a.suspense_cents <> 0
    group by a.effective_on, a.loan_id, a.run_no
    having sum(a.suspense_cents) <> 0
),

summed as (
    select s.* from ledger.suspense as s
    where s.effective_on between %(first)s and %(last)s
),

broken as materialized (
    select
        coalesce(a.effective_on, s.effective_on) as business_date,
        format('loan %%s, run %%s', coalesce(a.loan_id, s.loan_id), coalesce(a.run_no, s.run_no)) as keys,
        format('%%s cents', coalesce(s.cents, 0)) as found,
        format('%%s cents', coalesce(a.cents, 0)) as expected
    from allocated as a
    full join summed as s on a.effective_on = s.effective_on and a.loan_id = s.loan_id and a.run_no = s.run_no
    where a.cents is distinct from s.cents
)

select b.*, count(*) over () as violations
from broken as b
order by b.business_date, b.keys
limit %(most)s
