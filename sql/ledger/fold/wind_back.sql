-- How many instalments were wholly paid before the fold begins, for the loans that had moved on since.
update pg_temp.fold as f
set instalments_paid = counted.instalments, instalments_before = counted.instalments
from (
    select
        w.loan_id,
        (
            select count(*)
            from servicing.amortisation_factors as s
            where
                s.rate_ppm = w.rate_ppm and s.n between 1 and w.instalments_paid
                and servicing.is_paid_through(
                    w.principal_cents, w.payment_cents, w.term_instalments, w.escrow_cents, s.n, s.growth, s.annuity,
                    w.interest_paid, w.principal_paid, w.escrow_paid
                )
        )::smallint as instalments
    from pg_temp.fold as w
    where w.is_wound_back
) as counted
where f.loan_id = counted.loan_id
