-- Law 1. What a payment's receipt was allocated to, all corrections included, is the payment's amount: no cent more
-- or less.
with allocated as (
    -- the posting and its corrections, summed
    select
        a.effective_on, a.loan_id, a.subject_id,
        sum(
            a.fees_cents + a.interest_cents + a.principal_cents + a.escrow_cents + a.suspense_cents + a.returned_cents
        ) as cents,
        sum(a.cash_cents) as cash
    from ledger.allocations as a
    where a.kind = 'receipt' and a.effective_on between %(first)s and %(last)s
    group by a.effective_on, a.loan_id, a.subject_id
),

broken as materialized (
    select
        a.effective_on as business_date,
        format('loan %%s, payment %%s', a.loan_id, a.subject_id) as keys,
        format('%%s cents allocated of %%s cents of cash', a.cents, a.cash) as found,
        case
            when p.payment_id is null then 'a payment of this loan and day'
            else format('%%s cents of the payment', p.amount_cents)
        end as expected
    from allocated as a
    left join payments.payments as p
        on
            a.effective_on = p.effective_on and a.loan_id = p.loan_id and a.subject_id = p.payment_id
            and p.effective_on between %(first)s and %(last)s
    where a.cents is distinct from p.amount_cents or a.cash is distinct from p.amount_cents
)

select b.*, count(*) over () as violations
from broken as b
order by b.business_date, b.keys
limit %(most)s
