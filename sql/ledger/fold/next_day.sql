-- The loans that go on: how they stand at the end of :day.
update pg_temp.fold as f
set
    fees_assessed = f.fees_assessed + coalesce(c.fees, 0),
    fees_paid = f.fees_paid + coalesce(w.fees, 0),
    interest_paid = f.interest_paid + coalesce(w.interest, 0),
    principal_paid = f.principal_paid + coalesce(w.principal, 0),
    escrow_paid = f.escrow_paid + coalesce(w.escrow, 0),
    suspense = f.suspense + coalesce(w.suspense, 0),
    instalments_paid = f.instalments_paid + (
        select count(*)
        from servicing.amortisation_factors as s
        where
            s.rate_ppm = f.rate_ppm and s.n between f.instalments_paid + 1 and t.n
            and servicing.is_paid_through(
                f.principal_cents, f.payment_cents, f.term_instalments, f.escrow_cents, s.n, s.growth, s.annuity,
                f.interest_paid + coalesce(w.interest, 0), f.principal_paid + coalesce(w.principal, 0),
                f.escrow_paid + coalesce(w.escrow, 0)
            )
    )
from pg_temp.today as t
left join (
    select
        q.loan_id,
        sum(q.fees)::bigint as fees,
        sum(q.interest)::bigint as interest,
        sum(q.principal)::bigint as principal,
        sum(q.escrow)::bigint as escrow,
        sum(q.suspense)::bigint as suspense
    from pg_temp.wanted as q
    where q.effective_on = %(day)s
    group by q.loan_id
) as w on t.loan_id = w.loan_id
left join (
    select q.loan_id, sum(q.amount) as fees
    from pg_temp.wanted_fees as q
    where q.effective_on = %(day)s
    group by q.loan_id
) as c on t.loan_id = c.loan_id
where f.loan_id = t.loan_id
