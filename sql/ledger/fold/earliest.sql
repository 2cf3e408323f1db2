-- Receipts take the earliest instant that anybody tells of their completion: it orders them within their day. Asked for
-- receipt by receipt where a few are folded from long ago, so that the days since are left alone.
update pg_temp.receipts as r
set occurred_at = told.occurred_at
from (
    select q.effective_on, q.loan_id, q.payment_id, min(e.occurred_at) as occurred_at
    from pg_temp.receipts as q
    inner join ingestion.earlier_words as e
        on q.effective_on = e.effective_on and q.loan_id = e.loan_id and q.payment_id = e.payment_id
    inner join settlement.rules as s
        on e.channel = s.channel and e.signal = s.ready_signal
    where e.effective_on between %(since)s and %(horizon)s
    group by q.effective_on, q.loan_id, q.payment_id
) as told
where
    r.effective_on = told.effective_on and r.loan_id = told.loan_id and r.payment_id = told.payment_id
    and told.occurred_at < r.occurred_at
