-- How many instalments were wholly paid before the fold begins, for the loans that had moved on since.
update pg_temp.fold as f
set instalments_paid = counted.instalments, instalments_before = counted.instalments
from (
    select
        w.loan_id,
        count(s.n) filter (
            where
            servicing.interest_through(w.principal_cents, w.payment_cents, s.n, s.growth, s.annuity) <= w.interest_paid
            and servicing.principal_through(
                w.principal_cents, w.payment_cents, w.term_instalments, s.n, s.growth, s.annuity
            )
            <= w.principal_paid
            and s.n * w.escrow_cents <= w.escrow_paid
        )::smallint as instalments
    from pg_temp.fold as w
    left join servicing.amortisation_factors as s on w.rate_ppm = s.rate_ppm and s.n between 1 and w.instalments_paid
    where w.is_wound_back
    group by w.loan_id
) as counted
where f.loan_id = counted.loan_id
