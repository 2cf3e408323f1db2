-- What a day debited and credited, account by account.
select
    t.account::text as account,
    a.name,
    sum(t.debit_cents)::bigint as debit_cents,
    sum(t.credit_cents)::bigint as credit_cents
from ledger.turnover as t
left join ledger.accounts as a on t.account = a.account
where t.effective_on = %(day)s
group by t.account, a.name
order by t.account;
