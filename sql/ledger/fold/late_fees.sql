-- Step 4, at the end of :day: one late fee for each instalment whose last grace day it is and whose interest and
-- principal are not wholly paid. None where all that is unpaid is what went to late fees (12 CFR 1026.36(c)(2)). What
-- was late before we had the loan is no business of ours: it came with its balances.
insert into pg_temp.wanted_fees
with ending as (
    select
        f.*, t.policy, p.late_fee_share_ppm, p.late_fee_flat_cents, p.late_fee_cap_cents, grace.due_on,
        servicing.instalments_due(f.first_due_month, f.due_day, f.last_instalment, grace.due_on) as m
    from pg_temp.fold as f
    inner join pg_temp.today as t on f.loan_id = t.loan_id
    inner join payments.policies as p on t.policy = p.policy
    cross join lateral (select %(day)s::date - f.grace_days as due_on) as grace
    where
        p.late_fee_cap_cents > 0
        and f.boarded_on < %(day)s
        -- this alone drops nearly all, and costs a fraction of the rest
        and f.due_day = extract(day from grace.due_on)
        and servicing.falls_due(f.first_due_month, f.due_day, f.last_instalment, grace.due_on)
),

paid_today as (
    select
        w.loan_id,
        sum(w.fees)::bigint as fees,
        sum(w.interest)::bigint as interest,
        sum(w.principal)::bigint as principal
    from pg_temp.wanted as w
    inner join ending as e on w.loan_id = e.loan_id
    where w.effective_on = %(day)s
    group by w.loan_id
),

unpaid as (
    select
        e.*, e.fees_paid + coalesce(p.fees, 0) as fees_paid_now,
        greatest(
            0, servicing.interest_through(e.principal_cents, e.payment_cents, e.m, upto.growth, upto.annuity)
            - e.interest_paid - coalesce(p.interest, 0)
        ) as interest,
        greatest(
            0,
            servicing.principal_through(
                e.principal_cents, e.payment_cents, e.term_instalments, e.m, upto.growth, upto.annuity
            )
            - e.principal_paid - coalesce(p.principal, 0)
        ) as principal,
        servicing.interest_through(e.principal_cents, e.payment_cents, e.m, upto.growth, upto.annuity)
        - servicing.interest_through(e.principal_cents, e.payment_cents, e.m - 1, before.growth, before.annuity)
            as own_interest,
        servicing.principal_through(
            e.principal_cents, e.payment_cents, e.term_instalments, e.m, upto.growth, upto.annuity
        )
        - servicing.principal_through(
            e.principal_cents, e.payment_cents, e.term_instalments, e.m - 1, before.growth, before.annuity
        )
            as own_principal
    from ending as e
    inner join servicing.amortisation_factors as upto on e.rate_ppm = upto.rate_ppm and e.m = upto.n
    inner join servicing.amortisation_factors as before on e.rate_ppm = before.rate_ppm and e.m - 1 = before.n
    left join paid_today as p on e.loan_id = p.loan_id
),

has_paid_fees as (
    select u.loan_id, u.due_on, u.from_on, u.fees_paid_now
    from unpaid as u
    where u.interest + u.principal > 0 and u.fees_paid_now > 0
),

fees_paid_since_due as (
    -- the few loans that have paid fees at all: how much they had paid when the instalment fell due
    select h.loan_id, h.from_on, h.fees_paid_now, h.fees_paid_now - coalesce(sum(q.fees), 0) as fees_paid_before
    from has_paid_fees as h
    left join (
        select a.loan_id, a.effective_on, a.fees_cents as fees, false as is_folded
        from ledger.allocations as a
        inner join has_paid_fees as payer on a.loan_id = payer.loan_id
        where a.effective_on between %(day)s::date - 31 and %(day)s  -- no grace is longer
        union all
        select w.loan_id, w.effective_on, w.fees, true
        from pg_temp.wanted as w
        where w.fees > 0 and w.effective_on <= %(day)s
    ) as q
        on
            h.loan_id = q.loan_id and h.due_on <= q.effective_on
            -- from its first day on a loan's fold takes the place of what was posted
            and q.is_folded = (q.effective_on >= h.from_on)
    group by h.loan_id, h.from_on, h.fees_paid_now
),

fee_line as (
    -- the fees of a loan laid end to end, oldest first, as receipts have paid them
    select
        q.loan_id, q.kind, sum(q.amount) over w as upto, sum(q.amount) over w - q.amount as beginning
    from (
        select f.loan_id, f.fee_id, f.kind, f.effective_on, sum(f.amount_cents) as amount
        from ledger.fees as f
        inner join fees_paid_since_due as u on f.loan_id = u.loan_id and f.effective_on < u.from_on
        group by f.loan_id, f.fee_id, f.kind, f.effective_on

        union all

        select f.loan_id, f.fee_id, f.kind, f.effective_on, f.amount
        from pg_temp.wanted_fees as f
        inner join fees_paid_since_due as u on f.loan_id = u.loan_id
    ) as q
    window w as (partition by q.loan_id order by q.effective_on asc, q.kind desc, q.fee_id asc)
),

paid_to_late_fees as (
    select
        u.loan_id,
        sum(greatest(0, least(l.upto, u.fees_paid_now) - greatest(l.beginning, u.fees_paid_before)))::bigint as cents
    from fees_paid_since_due as u
    inner join fee_line as l on u.loan_id = l.loan_id
    where l.kind = 'late'
    group by u.loan_id
),

charged as (
    -- half a cent is rounded up
    select
        u.loan_id, u.m, u.policy,
        least(
            u.late_fee_cap_cents,
            u.late_fee_flat_cents
            + (
                (least(u.own_interest, u.interest) + least(u.own_principal, u.principal)) * u.late_fee_share_ppm
                + 500000
            )
            / 1000000
        ) as amount
    from unpaid as u
    left join paid_to_late_fees as l on u.loan_id = l.loan_id
    where u.interest + u.principal > coalesce(l.cents, 0)
)

select
    c.loan_id, operations.content_id('late|' || c.loan_id || '|' || c.m), 'late', c.m, null, %(day)s, c.policy, c.amount
from charged as c
where c.amount > 0
