-- What the fold wants less what the ledger holds: the rows that this run adds. Nothing posted gives a posting, anything
-- else a correction that says why.
create temporary table new_allocations on commit drop as
with posted as (
    -- returns are never taken back, so they are only looked for below
    select
        a.loan_id, a.subject_id, a.kind, a.effective_on, max(a.seq) as seq, max(a.channel) as channel,
        sum(a.fees_cents)::bigint as fees,
        sum(a.interest_cents)::bigint as interest,
        sum(a.principal_cents)::bigint as principal,
        sum(a.escrow_cents)::bigint as escrow,
        sum(a.suspense_cents)::bigint as suspense,
        sum(a.returned_cents)::bigint as returned
    from touched as t
    inner join ledger.allocations as a on t.loan_id = a.loan_id and t.from_on <= a.effective_on
    where a.effective_on between %(since)s and %(horizon)s and a.kind <> 'return'
    group by a.loan_id, a.subject_id, a.kind, a.effective_on
),

compared as (
    select
        coalesce(w.chain_on, p.effective_on) as chain_on, coalesce(w.effective_on, p.effective_on) as effective_on,
        coalesce(w.loan_id, p.loan_id) as loan_id, coalesce(w.subject_id, p.subject_id) as subject_id,
        coalesce(w.kind, p.kind) as kind, coalesce(p.seq, 0) + 1 as seq, coalesce(w.channel, p.channel) as channel,
        coalesce(w.policy, 'none') as policy, w.booked_on, w.return_code,
        case when p.seq is null then w.cash else 0 end as cash,
        coalesce(w.fees, 0) - coalesce(p.fees, 0) as fees,
        coalesce(w.interest, 0) - coalesce(p.interest, 0) as interest,
        coalesce(w.principal, 0) - coalesce(p.principal, 0) as principal,
        coalesce(w.escrow, 0) - coalesce(p.escrow, 0) as escrow,
        coalesce(w.suspense, 0) - coalesce(p.suspense, 0) as suspense,
        coalesce(w.returned, 0) - coalesce(p.returned, 0) as returned
    from wanted as w
    full join posted as p
        on w.loan_id = p.loan_id and w.subject_id = p.subject_id and w.kind = p.kind and w.effective_on = p.effective_on
)

select
    c.chain_on, c.effective_on, c.loan_id, c.subject_id, c.kind, c.seq::smallint as seq, c.channel, c.policy,
    case when c.seq = 1 then c.booked_on else greatest(t.booked_on, c.effective_on) end as booked_on,
    c.cash, c.fees, c.interest, c.principal, c.escrow, c.suspense, c.returned,
    case
        when c.seq = 1 then null
        when c.return_code is not null then 'returned ' || c.return_code
        when c.kind = 'release' then 'release folded again'
        else 'folded again after an earlier receipt, return or charge'
    end as reason,
    c.return_code
from compared as c
inner join touched as t on c.loan_id = t.loan_id
where
    case
        when c.kind = 'return'
            then
                not exists (
                    select from ledger.allocations as a
                    where
                        a.effective_on = c.effective_on
                        and a.loan_id = c.loan_id
                        and a.subject_id = c.subject_id
                        and a.kind = 'return'
                )
        else
            c.seq = 1
            or c.fees <> 0
            or c.interest <> 0
            or c.principal <> 0
            or c.escrow <> 0
            or c.suspense <> 0
            or c.returned <> 0
    end;

create temporary table new_fees on commit drop as
with posted as (
    select
        f.loan_id,
        f.fee_id,
        f.kind,
        f.instalment,
        f.payment_id,
        f.effective_on,
        max(f.seq) as seq,
        sum(f.amount_cents)::bigint as amount
    from touched as t
    inner join ledger.fees as f on t.loan_id = f.loan_id and t.from_on <= f.effective_on
    where f.effective_on between %(since)s and %(horizon)s
    group by f.loan_id, f.fee_id, f.kind, f.instalment, f.payment_id, f.effective_on
)

select
    coalesce(w.effective_on, p.effective_on) as effective_on, coalesce(w.loan_id, p.loan_id) as loan_id,
    coalesce(w.fee_id, p.fee_id) as fee_id, (coalesce(p.seq, 0) + 1)::smallint as seq, coalesce(w.kind, p.kind) as kind,
    coalesce(w.instalment, p.instalment) as instalment, coalesce(w.payment_id, p.payment_id) as payment_id,
    coalesce(w.policy, 'none') as policy, coalesce(w.amount, 0) - coalesce(p.amount, 0) as amount,
    greatest(t.booked_on, w.effective_on, p.effective_on) as booked_on,
    case
        when p.seq is null then null
        when w.fee_id is null then 'not due after all: an earlier receipt or return came to light'
        else 'folded again after an earlier receipt, return or charge'
    end as reason
from wanted_fees as w
full join posted as p on w.loan_id = p.loan_id and w.fee_id = p.fee_id
inner join touched as t on t.loan_id = coalesce(w.loan_id, p.loan_id)
where coalesce(w.amount, 0) <> coalesce(p.amount, 0)
