-- The balances of the accounts and days of which the file tells, as they are before it is stored: a temporary table.
drop table if exists pg_temp.balances_before;

create temporary table balances_before on commit drop as
select b.account, b.bank_day, b.from_on, b.opening_cents, b.closing_cents
from settlement.balances as b
where
    b.account = any(array(select j.account from judged_statements as j))
    and b.bank_day = any(array(select j.as_of from judged_statements as j));
