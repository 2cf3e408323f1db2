-- What is open on :day and what still is of the days before it, with its age in days at the end of :as_of; at most
-- :most, those of the day first and in it the largest.
select
    i.bank_day, i.account, i.channel, i.side, i.cause, i.kind, i.variance_cents, i.description, i.next_step, i.status,
    i.loan_id, i.payment_id::text as payment_id, i.item_id, i.effective_on,
    greatest(%(as_of)s - coalesce(i.opened_on, i.bank_day), 0) as age_days
from reconciliation.items as i
where i.bank_day <= %(day)s and i.status = 'open'
order by i.bank_day desc, abs(i.variance_cents) desc, i.item_id asc
limit %(most)s;
