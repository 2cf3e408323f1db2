-- What a notice of change says of an account, as its next version; what it does not speak of stays as it was. An
-- account of which we hear for the first time by the notice gets its first version with it.
insert into servicing.external_accounts (
    loan_id, counterparty_id, version, transfer_id, effective_on, booked_on, batch_id, line
)
values (
    %(loan_id)s, %(counterparty_id)s, 1, %(transfer_id)s, %(effective_on)s, %(booked_on)s, %(batch_id)s, %(line)s
)
on conflict (loan_id, counterparty_id, version) do nothing;

insert into servicing.external_accounts (
    loan_id, counterparty_id, version, account_last4, account_fingerprint, routing_number, account_type, change_code,
    transfer_id, effective_on, correct_by, booked_on, batch_id, line
)
select
    a.loan_id, a.counterparty_id, a.version + 1, coalesce(%(account_last4)s, a.account_last4),
    coalesce(%(account_fingerprint)s, a.account_fingerprint), coalesce(%(routing_number)s, a.routing_number),
    coalesce(%(account_type)s, a.account_type), %(change_code)s, %(transfer_id)s, %(effective_on)s, %(correct_by)s,
    %(booked_on)s, %(batch_id)s, %(line)s
from servicing.external_accounts as a
where a.loan_id = %(loan_id)s and a.counterparty_id = %(counterparty_id)s
order by a.version desc
limit 1
