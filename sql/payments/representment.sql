-- What is to be known on :day before a debit is presented again: how it was presented, and what speaks against it now.
-- :told_on are the days on which we were told of it.
with presented as (
    select p.transfer_id, s.raw::jsonb -> 'data' as object
    from payments.payments as p
    inner join ingestion.staged as s on p.booked_on = s.booked_on and p.batch_id = s.batch_id and p.line = s.line
    where
        p.effective_on = %(effective_on)s and p.loan_id = %(loan_id)s and p.payment_id = %(payment_id)s
        and s.booked_on = any(%(told_on)s::date[])
),

status as (
    -- the dated status in force; a loan without one is active
    select s.status
    from servicing.loan_statuses as s
    where s.loan_id = %(loan_id)s and s.effective_on <= %(day)s
    order by s.effective_on desc, s.seq desc
    limit 1
),

accounts as (
    -- the accounts from which the loan is collected, as they stand
    select distinct on (a.counterparty_id)
        a.counterparty_id, a.version, a.effective_on,
        max(a.effective_on) filter (where a.version = 1) over (partition by a.counterparty_id) as since
    from servicing.external_accounts as a
    where a.loan_id = %(loan_id)s
    order by a.counterparty_id asc, a.version desc
),

account as (
    -- the account of the debit; if a notice has it corrected, the one that has taken its place
    select
        coalesce(later.counterparty_id, o.object ->> 'counterparty_id') as counterparty_id,
        used.version > 1 and later.counterparty_id is null as is_to_be_corrected
    from presented as o
    left join accounts as used on o.object ->> 'counterparty_id' = used.counterparty_id
    left join lateral (
        select a.counterparty_id
        from accounts as a
        where used.version > 1 and a.version = 1 and a.since > used.effective_on
        order by a.since desc, a.counterparty_id asc
        limit 1
    ) as later on true
)

select
    p.transfer_id,
    p.object ->> 'bank_account_id' as bank_account_id,
    p.object ->> 'account_number_id' as account_number_id,
    p.object ->> 'entry_class_code' as entry_class_code,
    p.object ->> 'company_name' as company_name,
    p.object ->> 'company_id' as company_id,
    p.object ->> 'company_discretionary_data' as company_discretionary_data,
    p.object ->> 'receiver_name' as receiver_name,
    p.object ->> 'receiver_id' as receiver_id,
    p.object ->> 'description' as description,
    account.counterparty_id,
    coalesce(account.is_to_be_corrected, false) as is_to_be_corrected,
    coalesce((select s.status from status as s), 'active') as status,
    back.payment_id is not null as is_returned,
    -- what is planned has the code of the first word; an earlier one may have told another since
    back.code,
    (
        -- our bank refused the return, and the money came again
        select count(*) > 0 from payments.payments as again
        where
            again.loan_id = %(loan_id)s and again.effective_on between %(effective_on)s and %(day)s
            and again.reference = p.transfer_id || '/again'
            and not exists (
                select from payments.reversals_in_force as r
                where r.loan_id = again.loan_id and r.payment_id = again.payment_id
            )
    ) as is_paid_again,
    (
        select count(*) > 0 from servicing.loans as l
        inner join ledger.balances as b on l.loan_id = b.loan_id
        where
            l.loan_id = %(loan_id)s
            and b.instalments_paid
            < servicing.instalments_due(l.first_due_month, l.due_day, l.last_instalment, %(day)s)
    ) as is_owed
from presented as p
cross join account
left join payments.reversals_in_force as back
    on back.loan_id = %(loan_id)s and back.payment_id = %(payment_id)s
