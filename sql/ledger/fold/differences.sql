-- What the fold wants less what the ledger holds: the allocations that this run adds. Nothing posted gives a posting,
-- anything else a correction that says why.
create temporary table new_allocations as
with returned as (
    -- a return is looked for where it is wanted, and where it was posted before an earlier one came to light
    select
        w.loan_id, w.subject_id, w.chain_on, v.happened_on
    from pg_temp.wanted as w
    inner join pg_temp.reversals as v on w.loan_id = v.loan_id and w.subject_id = v.payment_id
    where w.kind = 'return' and v.effective_on between %(since)s and %(horizon)s and v.happened_on <= %(horizon)s
    group by w.loan_id, w.subject_id, w.chain_on, v.happened_on
),

posted as (
    select
        a.loan_id, a.subject_id, a.kind, a.effective_on, a.effective_on as chain_on, max(a.seq) as seq,
        max(a.channel) as channel, (array_agg(a.policy order by a.seq desc))[1] as policy, a.found_on,
        sum(a.cash_cents)::bigint as cash,
        sum(a.fees_cents)::bigint as fees,
        sum(a.interest_cents)::bigint as interest,
        sum(a.principal_cents)::bigint as principal,
        sum(a.escrow_cents)::bigint as escrow,
        sum(a.suspense_cents)::bigint as suspense,
        sum(a.returned_cents)::bigint as returned
    from pg_temp.standing as a
    where a.kind <> 'return'
    group by a.loan_id, a.subject_id, a.kind, a.effective_on, a.found_on

    union all

    select
        a.loan_id, a.subject_id, a.kind, a.effective_on, r.chain_on, max(a.seq), max(a.channel), null, t.booked_on,
        sum(a.cash_cents)::bigint, 0, 0, 0, 0, 0, sum(a.returned_cents)::bigint
    from returned as r
    inner join pg_temp.touched as t on r.loan_id = t.loan_id
    inner join ledger.allocations as a
        on r.happened_on = a.effective_on and r.loan_id = a.loan_id and r.subject_id = a.subject_id
    where
        a.kind = 'return'
        -- one that went back before its value date may have done so before any fold begins; the two ends are known
        -- before a day is opened, where a list of days that is asked for would open them all
        and a.effective_on between (select min(q.happened_on) from returned as q)
        and (select max(q.happened_on) from returned as q)
    group by a.loan_id, a.subject_id, a.kind, a.effective_on, r.chain_on, t.booked_on
),

compared as (
    select
        coalesce(w.chain_on, p.chain_on) as chain_on, coalesce(w.effective_on, p.effective_on) as effective_on,
        coalesce(w.loan_id, p.loan_id) as loan_id, coalesce(w.subject_id, p.subject_id) as subject_id,
        coalesce(w.kind, p.kind) as kind, coalesce(p.seq, 0) + 1 as seq, coalesce(w.channel, p.channel) as channel,
        coalesce(w.policy, 'none') as policy, w.booked_on, p.found_on, w.return_code,
        -- who must look at a receipt goes by its policy, so that one which moves no cent is told as well
        coalesce(w.policy, 'none') <> p.policy as is_other_policy,
        coalesce(w.cash, 0) - coalesce(p.cash, 0) as cash,
        coalesce(w.fees, 0) - coalesce(p.fees, 0) as fees,
        coalesce(w.interest, 0) - coalesce(p.interest, 0) as interest,
        coalesce(w.principal, 0) - coalesce(p.principal, 0) as principal,
        coalesce(w.escrow, 0) - coalesce(p.escrow, 0) as escrow,
        coalesce(w.suspense, 0) - coalesce(p.suspense, 0) as suspense,
        coalesce(w.returned, 0) - coalesce(p.returned, 0) as returned
    from pg_temp.wanted as w
    full join posted as p
        on w.loan_id = p.loan_id and w.subject_id = p.subject_id and w.kind = p.kind and w.effective_on = p.effective_on
)

select
    c.chain_on, c.effective_on, c.loan_id, c.subject_id, c.kind, c.seq::smallint as seq, c.channel, c.policy,
    case when c.seq = 1 then c.booked_on else greatest(c.found_on, c.effective_on) end as booked_on,
    c.cash, c.fees, c.interest, c.principal, c.escrow, c.suspense, c.returned,
    case
        when c.seq = 1 then null
        when c.kind = 'return' then 'it went back earlier than first told'
        when c.return_code is not null then 'returned ' || c.return_code
        when c.kind = 'release' then 'release folded again'
        when c.is_other_policy then 'folded again under another policy'
        else 'folded again after an earlier receipt, return or charge'
    end as reason,
    c.return_code
from compared as c
where
    c.seq = 1
    or c.fees <> 0
    or c.interest <> 0
    or c.principal <> 0
    or c.escrow <> 0
    or c.suspense <> 0
    or c.returned <> 0
    or c.is_other_policy
