-- Running totals of the loans to which this run added anything, and how many of their instalments are now wholly paid.
with added as (
    select
        q.loan_id,
        sum(q.assessed)::bigint as assessed,
        sum(q.fees)::bigint as fees,
        sum(q.interest)::bigint as interest,
        sum(q.principal)::bigint as principal,
        sum(q.escrow)::bigint as escrow, sum(q.suspense)::bigint as suspense, max(q.effective_on) as effective_on
    from (
        select n.loan_id, 0 as assessed, n.fees, n.interest, n.principal, n.escrow, n.suspense, n.effective_on
        from new_allocations as n
        union all
        select f.loan_id, f.amount, 0, 0, 0, 0, 0, f.effective_on from new_fees as f
    ) as q
    group by q.loan_id
),

totals as (
    select
        f.loan_id,
        f.fees_assessed_cents + a.assessed as assessed, f.fees_paid_cents + a.fees as fees,
        f.interest_paid_cents + a.interest as interest, f.principal_paid_cents + a.principal as principal,
        f.escrow_paid_cents + a.escrow as escrow, f.suspense_cents + a.suspense as suspense, a.effective_on,
        f.rate_ppm, f.principal_cents, f.payment_cents, f.term_instalments, f.escrow_cents, f.instalments_before,
        servicing.instalments_due(f.first_due_month, f.due_day, f.last_instalment, %(horizon)s) as n
    from added as a
    inner join fold as f on a.loan_id = f.loan_id
),

paid_up as (
    select
        t.*,
        t.interest >= servicing.interest_through(t.principal_cents, t.payment_cents, t.n, s.growth, s.annuity)
        and t.principal
        >= servicing.principal_through(t.principal_cents, t.payment_cents, t.term_instalments, t.n, s.growth, s.annuity)
        and t.escrow >= t.n * t.escrow_cents as is_paid_up
    from totals as t
    inner join servicing.amortisation_factors as s on t.rate_ppm = s.rate_ppm and t.n = s.n
),

counted as (
    -- the search is only for those who are behind
    select
        p.loan_id, p.instalments_before + count(s.n) filter (
            where
            servicing.interest_through(p.principal_cents, p.payment_cents, s.n, s.growth, s.annuity) <= p.interest
            and servicing.principal_through(
                p.principal_cents, p.payment_cents, p.term_instalments, s.n, s.growth, s.annuity
            )
            <= p.principal
            and s.n * p.escrow_cents <= p.escrow
        ) as instalments
    from paid_up as p
    inner join servicing.amortisation_factors as s
        on p.rate_ppm = s.rate_ppm and s.n between p.instalments_before + 1 and p.n
    where not p.is_paid_up
    group by p.loan_id, p.instalments_before
)

update ledger.balances as b
set
    fees_assessed_cents = p.assessed,
    fees_paid_cents = p.fees,
    interest_paid_cents = p.interest,
    principal_paid_cents = p.principal,
    escrow_paid_cents = p.escrow,
    suspense_cents = p.suspense,
    instalments_paid = case when p.is_paid_up then p.n else coalesce(c.instalments, p.instalments_before) end,
    last_effective_on = greatest(b.last_effective_on, p.effective_on)
from paid_up as p
left join counted as c on p.loan_id = c.loan_id
where b.loan_id = p.loan_id
