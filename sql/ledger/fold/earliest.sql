-- Receipts take the earliest instant that anybody tells of their completion: it orders them within their day.
update pg_temp.receipts as r
set occurred_at = told.occurred_at
from (
    select e.effective_on, e.loan_id, e.payment_id, min(e.occurred_at) as occurred_at
    from ingestion.earlier_words as e
    inner join settlement.rules as s
        on e.channel = s.channel and e.signal = any(string_to_array(s.ready_signals, '|'))
    where e.effective_on between %(since)s and %(horizon)s
    group by e.effective_on, e.loan_id, e.payment_id
) as told
where
    r.effective_on = told.effective_on and r.loan_id = told.loan_id and r.payment_id = told.payment_id
    and told.occurred_at < r.occurred_at
