-- Re-presentments whose day has come by :day and of which nothing has become yet, the oldest first.
select
    r.loan_id, r.payment_id, r.attempt, r.representment_id, r.returned_payment_id, r.returned_effective_on,
    r.returned_on, r.code, r.amount_cents, r.scheduled_on, r.latest_on
from payments.representments as r
where
    r.scheduled_on <= %(day)s
    and not exists (
        select from payments.representment_outcomes as o
        where o.loan_id = r.loan_id and o.payment_id = r.payment_id and o.attempt = r.attempt
    )
order by r.scheduled_on, r.loan_id, r.payment_id, r.attempt
