-- What somebody must look at on :day, or with :every all that explains its variance.
select i.account, i.channel, i.cause, i.status, i.variance_cents, i.item_id, i.payment_id, i.description, i.next_step
from reconciliation.items as i
where i.bank_day = %(day)s and (%(every)s or i.status = 'open')
order by i.account, i.channel, i.cause, i.item_id
