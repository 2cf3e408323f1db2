-- The accounts from which the debits in `debits` collect, where we did not know them.
insert into servicing.external_accounts (
    loan_id, counterparty_id, version, transfer_id, effective_on, booked_on, batch_id, line
)
select distinct on (d.loan_id, d.new_counterparty_id)
    d.loan_id, d.new_counterparty_id, 1, d.transfer_id, d.effective_on, d.booked_on, d.batch_id, d.line
from debits as d
where d.loan_id <> 0 and d.new_counterparty_id is not null
order by d.loan_id, d.new_counterparty_id, d.payment_id
on conflict (loan_id, counterparty_id, version) do nothing
