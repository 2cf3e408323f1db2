-- Law 2. Each loan's running balances are the sums of all that was ever allocated and charged to it.
with allocated as (
    select
        a.loan_id,
        sum(a.fees_cents) as fees, sum(a.interest_cents) as interest, sum(a.principal_cents) as principal,
        sum(a.escrow_cents) as escrow, sum(a.suspense_cents) as suspense
    from ledger.allocations as a
    group by a.loan_id
),

charged as (
    select f.loan_id, sum(f.amount_cents) as fees
    from ledger.fees as f
    group by f.loan_id
),

posted as (
    select
        coalesce(a.loan_id, c.loan_id) as loan_id,
        coalesce(c.fees, 0) as assessed, coalesce(a.fees, 0) as fees, coalesce(a.interest, 0) as interest,
        coalesce(a.principal, 0) as principal, coalesce(a.escrow, 0) as escrow, coalesce(a.suspense, 0) as suspense
    from allocated as a
    full join charged as c on a.loan_id = c.loan_id
),

broken as materialized (
    select
        nullif(b.last_effective_on, '-infinity') as business_date,
        format('loan %%s', coalesce(b.loan_id, p.loan_id)) as keys,
        case
            when b.loan_id is null then 'no running balance'
            else format(
                'fees charged %%s, fees %%s, interest %%s, principal %%s, escrow %%s, suspense %%s',
                b.fees_assessed_cents, b.fees_paid_cents, b.interest_paid_cents, b.principal_paid_cents,
                b.escrow_paid_cents, b.suspense_cents
            )
        end as found,
        format(
            'fees charged %%s, fees %%s, interest %%s, principal %%s, escrow %%s, suspense %%s',
            coalesce(p.assessed, 0),
            coalesce(p.fees, 0),
            coalesce(p.interest, 0),
            coalesce(p.principal, 0),
            coalesce(p.escrow, 0),
            coalesce(p.suspense, 0)
        ) as expected
    from ledger.balances as b
    full join posted as p on b.loan_id = p.loan_id
    where
        b.loan_id is null
        or b.fees_assessed_cents <> coalesce(p.assessed, 0)
        or b.fees_paid_cents <> coalesce(p.fees, 0)
        or b.interest_paid_cents <> coalesce(p.interest, 0)
        or b.principal_paid_cents <> coalesce(p.principal, 0)
        or b.escrow_paid_cents <> coalesce(p.escrow, 0)
        or b.suspense_cents <> coalesce(p.suspense, 0)
)

select b.*, count(*) over () as violations
from broken as b
order by b.business_date, b.keys
limit %(most)s
