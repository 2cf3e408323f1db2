-- The movements of a day, account by account.
select
    accounts.account::text as account,
    accounts.name,
    count(*) as rows,
    coalesce(sum(entries.amount_cents) filter (where entries.amount_cents > 0), 0)::bigint as debit_cents,
    coalesce(-sum(entries.amount_cents) filter (where entries.amount_cents < 0), 0)::bigint as credit_cents
from ledger.entries
inner join ledger.accounts using (account)
where entries.effective_on = %(day)s
group by accounts.account, accounts.name
order by accounts.account;
