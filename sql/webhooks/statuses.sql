-- The last step of each of these payments that were posted; one that was received and not posted yet has none.
select distinct on (t.payment_id) t.payment_id, t.status
from payments.transitions as t
where
    t.effective_on = any(%(value_dates)s::date[]) and t.loan_id = any(%(loan_ids)s::bigint[])
    and t.payment_id = any(%(payment_ids)s::uuid[])
order by
    t.payment_id, array_position(array['pending', 'completed', 'reversed', 'canceled'], t.status) desc
