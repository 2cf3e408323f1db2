-- The policies, exactly those of the file: one that were left behind would still take in loans.
with given as (
    select g.* from jsonb_populate_recordset(null::payments.policies, %(rows)s::jsonb) as g
),

gone as (
    delete from payments.policies as p
    where not exists (
        select from given as g
        where g.policy = p.policy
    )
)

insert into payments.policies (
    policy, status, min_days_past_due, max_days_past_due, fees_rank, interest_rank, principal_rank, escrow_rank,
    releases_suspense, late_fee_share_ppm, late_fee_flat_cents, late_fee_cap_cents, nsf_fee_cents, review, description
)
select
    g.policy, g.status, g.min_days_past_due, g.max_days_past_due, g.fees_rank, g.interest_rank, g.principal_rank,
    g.escrow_rank, g.releases_suspense, g.late_fee_share_ppm, g.late_fee_flat_cents, g.late_fee_cap_cents,
    g.nsf_fee_cents, g.review, g.description
from given as g
on conflict (policy) do update set
    status = excluded.status,
    min_days_past_due = excluded.min_days_past_due,
    max_days_past_due = excluded.max_days_past_due,
    fees_rank = excluded.fees_rank,
    interest_rank = excluded.interest_rank,
    principal_rank = excluded.principal_rank,
    escrow_rank = excluded.escrow_rank,
    releases_suspense = excluded.releases_suspense,
    late_fee_share_ppm = excluded.late_fee_share_ppm,
    late_fee_flat_cents = excluded.late_fee_flat_cents,
    late_fee_cap_cents = excluded.late_fee_cap_cents,
    nsf_fee_cents = excluded.nsf_fee_cents,
    review = excluded.review,
    description = excluded.description
where policies is distinct from excluded
