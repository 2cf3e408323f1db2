-- What a turn of receipts left due, for the loans whose suspense may now be released or that have another turn: only
-- those need to know at once.
update pg_temp.today as t
set
    fees = t.fees - w.fees,
    interest = t.interest - w.interest,
    principal = t.principal - w.principal,
    escrow = t.escrow - w.escrow,
    suspense = t.suspense + w.suspense
from (
    select
        q.loan_id,
        sum(q.fees)::bigint as fees,
        sum(q.interest)::bigint as interest,
        sum(q.principal)::bigint as principal,
        sum(q.escrow)::bigint as escrow, sum(q.suspense)::bigint as suspense
    from pg_temp.wanted as q
    where q.effective_on = %(day)s and q.kind = 'receipt' and q.turn = %(turn)s
    group by q.loan_id
) as w
where
    t.loan_id = w.loan_id and t.releases_suspense
    and (
        t.suspense > 0 and t.interest + t.principal + t.escrow > 0
        -- suspense may be used up, or nothing due but fees, and another receipt still has its turn
        or exists (
            select from pg_temp.receipts as r
            where r.effective_on = %(day)s and r.loan_id = t.loan_id and r.turn > %(turn)s
        )
    )
