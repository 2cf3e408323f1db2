-- On a day that touches a large part of the book, merging along the two keys took 1.8 s where hashing took 7.3 s.
set local enable_hashjoin to off;

-- Each touched loan as it stood before its fold begins: the running totals less all that is posted from there on.
create temporary table fold as
with allocated_since as (
    select
        a.loan_id, sum(a.fees_cents)::bigint as fees, sum(a.interest_cents)::bigint as interest,
        sum(a.principal_cents)::bigint as principal,
        sum(a.escrow_cents)::bigint as escrow,
        sum(a.suspense_cents)::bigint as suspense
    from pg_temp.standing as a
    group by a.loan_id
),

assessed_since as (
    select f.loan_id, sum(f.amount_cents)::bigint as fees
    from pg_temp.touched as t
    inner join ledger.fees as f on t.loan_id = f.loan_id and t.from_on <= f.effective_on
    where f.effective_on >= %(since)s
    group by f.loan_id
)

select
    t.loan_id, t.from_on, t.booked_on,
    l.principal_cents, l.payment_cents, l.rate_ppm, l.escrow_cents + l.escrow_shortage_cents as escrow_cents,
    l.first_due_on, l.term_instalments, l.last_instalment, l.grace_days, l.due_day, l.first_due_month, l.boarded_on,
    b.fees_assessed_cents - coalesce(f.fees, 0) as fees_assessed,
    b.fees_paid_cents - coalesce(a.fees, 0) as fees_paid,
    b.interest_paid_cents - coalesce(a.interest, 0) as interest_paid,
    b.principal_paid_cents - coalesce(a.principal, 0) as principal_paid,
    b.escrow_paid_cents - coalesce(a.escrow, 0) as escrow_paid,
    b.suspense_cents - coalesce(a.suspense, 0) as suspense,
    b.instalments_paid, b.instalments_paid as instalments_before,
    b.fees_assessed_cents, b.fees_paid_cents, b.interest_paid_cents, b.principal_paid_cents, b.escrow_paid_cents,
    b.suspense_cents,
    a.loan_id is not null as is_wound_back
from pg_temp.touched as t
inner join servicing.loans as l on t.loan_id = l.loan_id and l.loan_id between %(first_loan)s and %(last_loan)s
inner join ledger.balances as b on t.loan_id = b.loan_id and b.loan_id between %(first_loan)s and %(last_loan)s
left join allocated_since as a on t.loan_id = a.loan_id
left join assessed_since as f on t.loan_id = f.loan_id;

set local enable_hashjoin to on
