-- Step 2 of a day, and again after each turn of receipts: while suspense is at least what remains unpaid of the oldest
-- unpaid instalment, that much is applied to it. "While" in closed form: the furthest instalment such that suspense
-- covers all that is unpaid up to it.
with candidates as (
    select
        t.loan_id, t.policy, t.suspense, t.instalments_paid, t.n, f.booked_on, f.rate_ppm, f.principal_cents,
        f.payment_cents, f.term_instalments, f.escrow_cents,
        servicing.interest_through(f.principal_cents, f.payment_cents, t.n, s.growth, s.annuity)
        - t.interest as interest_paid,
        servicing.principal_through(f.principal_cents, f.payment_cents, f.term_instalments, t.n, s.growth, s.annuity)
        - t.principal
            as principal_paid,
        t.n * f.escrow_cents - t.escrow as escrow_paid
    from pg_temp.today as t
    inner join pg_temp.fold as f on t.loan_id = f.loan_id
    inner join servicing.amortisation_factors as s on f.rate_ppm = s.rate_ppm and t.n = s.n
    where t.releases_suspense and t.suspense > 0 and t.interest + t.principal + t.escrow > 0
),

unpaid_through as (
    select
        c.loan_id, c.policy, c.booked_on, c.suspense, s.n,
        greatest(
            0,
            servicing.interest_through(c.principal_cents, c.payment_cents, s.n, s.growth, s.annuity) - c.interest_paid
        ) as interest,
        greatest(
            0,
            servicing.principal_through(
                c.principal_cents, c.payment_cents, c.term_instalments, s.n, s.growth, s.annuity
            )
            - c.principal_paid
        ) as principal,
        greatest(0, s.n * c.escrow_cents - c.escrow_paid) as escrow
    from candidates as c
    inner join servicing.amortisation_factors as s
        on c.rate_ppm = s.rate_ppm and s.n between c.instalments_paid + 1 and c.n
),

furthest as (
    select distinct on (u.loan_id) u.loan_id, u.policy, u.booked_on, u.interest, u.principal, u.escrow
    from unpaid_through as u
    where u.interest + u.principal + u.escrow <= u.suspense
    order by u.loan_id asc, u.n desc
),

noted as (
    insert into pg_temp.released
    select u.loan_id, %(day)s, u.policy, u.booked_on, u.interest, u.principal, u.escrow
    from furthest as u
    where u.interest + u.principal + u.escrow > 0
)

update pg_temp.today as t
set
    interest = t.interest - u.interest,
    principal = t.principal - u.principal,
    escrow = t.escrow - u.escrow,
    suspense = t.suspense - u.interest - u.principal - u.escrow
from furthest as u
where t.loan_id = u.loan_id
