-- Running totals of the loans to which this run added anything, and how many of their instalments are now wholly paid.
insert into work.totals
with changes as (
    select
        n.loan_id, operations.total(n.fees) as fees, operations.total(n.interest) as interest,
        operations.total(n.principal) as principal, operations.total(n.escrow) as escrow,
        operations.total(n.suspense) as suspense, max(n.effective_on) as effective_on
    from pg_temp.new_allocations as n
    group by n.loan_id
),

charges as (
    select f.loan_id, operations.total(f.amount) as assessed, max(f.effective_on) as effective_on
    from pg_temp.new_fees as f
    group by f.loan_id
),

totals as (
    select
        f.loan_id,
        f.fees_assessed_cents + coalesce(c.assessed, 0) as assessed, f.fees_paid_cents + coalesce(a.fees, 0) as fees,
        f.interest_paid_cents + coalesce(a.interest, 0) as interest,
        f.principal_paid_cents + coalesce(a.principal, 0) as principal,
        f.escrow_paid_cents + coalesce(a.escrow, 0) as escrow, f.suspense_cents + coalesce(a.suspense, 0) as suspense,
        greatest(a.effective_on, c.effective_on) as effective_on,
        f.rate_ppm, f.principal_cents, f.payment_cents, f.term_instalments, f.escrow_cents, f.instalments_before,
        servicing.instalments_due(f.first_due_month, f.due_day, f.last_instalment, %(horizon)s) as n
    from pg_temp.fold as f
    left join changes as a on f.loan_id = a.loan_id
    left join charges as c on f.loan_id = c.loan_id
    where a.loan_id is not null or c.loan_id is not null
),

paid_up as (
    select
        t.*,
        servicing.is_paid_through(
            t.principal_cents, t.payment_cents, t.term_instalments, t.escrow_cents, t.n, s.growth, s.annuity,
            t.interest, t.principal, t.escrow
        ) as is_paid_up
    from totals as t
    inner join servicing.amortisation_factors as s on t.rate_ppm = s.rate_ppm and t.n = s.n
)

select
    p.loan_id, p.assessed, p.fees, p.interest, p.principal, p.escrow, p.suspense, p.effective_on,
    -- the search is only for those who are behind
    case when p.is_paid_up then p.n else p.instalments_before + (
        select count(*)
        from servicing.amortisation_factors as s
        where
            s.rate_ppm = p.rate_ppm and s.n between p.instalments_before + 1 and p.n
            and servicing.is_paid_through(
                p.principal_cents, p.payment_cents, p.term_instalments, p.escrow_cents, s.n, s.growth, s.annuity,
                p.interest, p.principal, p.escrow
            )
    ) end as instalments
from paid_up as p
