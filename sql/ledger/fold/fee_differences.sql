-- The fees that the fold wants less those that the ledger holds: the fees that this run adds, and takes back. One for a
-- return moves with it: taken back on the one day, charged on the other.
create temporary table new_fees as
with posted as (
    select
        f.loan_id, f.fee_id, f.kind, f.instalment, f.payment_id, f.effective_on,
        max(f.seq) as seq, sum(f.amount_cents)::bigint as amount
    from pg_temp.touched as t
    inner join ledger.fees as f on t.loan_id = f.loan_id and t.from_on <= f.effective_on
    where f.effective_on between %(since)s and %(horizon)s
    group by f.loan_id, f.fee_id, f.kind, f.instalment, f.payment_id, f.effective_on
),

differing as (
    select
        coalesce(w.effective_on, p.effective_on) as effective_on, coalesce(w.loan_id, p.loan_id) as loan_id,
        coalesce(w.fee_id, p.fee_id) as fee_id, coalesce(w.kind, p.kind) as kind,
        coalesce(w.instalment, p.instalment) as instalment, coalesce(w.payment_id, p.payment_id) as payment_id,
        coalesce(w.policy, 'none') as policy, coalesce(w.amount, 0) - coalesce(p.amount, 0) as amount,
        w.fee_id is null as is_undue, coalesce(s.last_seq, 0) as last_seq
    from pg_temp.wanted_fees as w
    full join posted as p on w.loan_id = p.loan_id and w.fee_id = p.fee_id and w.effective_on = p.effective_on
    left join (
        select q.loan_id, q.fee_id, max(q.seq) as last_seq from posted as q
        group by q.loan_id, q.fee_id
    ) as s on s.loan_id = coalesce(w.loan_id, p.loan_id) and s.fee_id = coalesce(w.fee_id, p.fee_id)
    where coalesce(w.amount, 0) <> coalesce(p.amount, 0)
),

numbered as (
    select
        d.*,
        (d.last_seq + row_number() over (partition by d.loan_id, d.fee_id order by d.is_undue desc))::smallint as seq
    from differing as d
)

select
    n.effective_on, n.loan_id, n.fee_id, n.seq, n.kind, n.instalment, n.payment_id, n.policy, n.amount,
    greatest(t.booked_on, n.effective_on) as booked_on,
    case
        when n.seq = 1 then null
        when n.is_undue then 'not due after all: an earlier receipt or return came to light'
        else 'folded again after an earlier receipt, return or charge'
    end as reason
from numbered as n
inner join pg_temp.touched as t on n.loan_id = t.loan_id
