-- All receipts of a loan's day are applied in one turn by running sums, except where suspense could be released
-- between two of them: there each receipt waits for its turn.
update pg_temp.receipts as r
set turn = numbered.turn
from (
    select
        q.loan_id, q.payment_id,
        row_number() over (partition by q.loan_id order by q.occurred_at, q.payment_id) as turn
    from pg_temp.receipts as q
    inner join pg_temp.today as t on q.loan_id = t.loan_id
    where
        q.effective_on = %(day)s and t.releases_suspense and t.suspense > 0 and t.interest + t.principal + t.escrow > 0
) as numbered
where
    r.effective_on = %(day)s
    and r.loan_id = numbered.loan_id
    and r.payment_id = numbered.payment_id
    and numbered.turn > 1
