-- Law 1. Net of its corrections, no receipt takes from anything, no release adds to suspense, and no fee is below
-- zero.
with net as (
    -- each receipt and release as it stands
    select
        a.effective_on, a.loan_id, a.subject_id, a.kind,
        sum(a.fees_cents) as fees, sum(a.interest_cents) as interest, sum(a.principal_cents) as principal,
        sum(a.escrow_cents) as escrow, sum(a.suspense_cents) as suspense, sum(a.returned_cents) as returned
    from ledger.allocations as a
    where a.kind in ('receipt', 'release') and a.effective_on between %(first)s and %(last)s
    group by a.effective_on, a.loan_id, a.subject_id, a.kind
),

charged as (
    -- each fee as it stands
    select f.effective_on, f.loan_id, f.fee_id, f.kind, sum(f.amount_cents) as cents
    from ledger.fees as f
    where f.effective_on between %(first)s and %(last)s
    group by f.effective_on, f.loan_id, f.fee_id, f.kind
),

negative as materialized (
    select
        n.effective_on as business_date,
        format('loan %%s, %%s %%s', n.loan_id, n.kind, n.subject_id) as keys,
        format(
            'fees %%s, interest %%s, principal %%s, escrow %%s, suspense %%s, returned %%s',
            n.fees, n.interest, n.principal, n.escrow, n.suspense, n.returned
        ) as found,
        case n.kind
            when 'release' then 'only suspense below zero, and nothing returned' else 'no part below zero'
        end as expected
    from net as n
    where
        least(n.fees, n.interest, n.principal, n.escrow) < 0
        or case n.kind
            when 'release' then n.suspense > 0 or n.returned <> 0 else n.suspense < 0 or n.returned < 0
        end

    union all

    select
        c.effective_on,
        format('loan %%s, %%s fee %%s', c.loan_id, c.kind, c.fee_id),
        format('a charge of %%s cents', c.cents),
        'a charge of zero or more'
    from charged as c
    where c.cents < 0
)

select n.*, count(*) over () as violations
from negative as n
order by n.business_date, n.keys
limit %(most)s
