-- The days on which the file :file_sha256 changed what is in force: lines, which lie between :first and :last, or the
-- balances that a day's lines are held against.
with balances_now as (
    select b.account, b.bank_day, b.from_on, b.opening_cents, b.closing_cents
    from settlement.balances as b
    where
        b.account = any(array(select j.account from judged_statements as j))
        and b.bank_day = any(array(select j.as_of from judged_statements as j))
)

select b.bank_day
from settlement.bank_lines as b
inner join settlement.statements as s on b.statement_id = s.statement_id
where s.file_sha256 = %(file_sha256)s and b.bank_day between %(first)s and %(last)s
union
select c.bank_day
from settlement.line_corrections as c
inner join settlement.statements as s on c.statement_id = s.statement_id
where s.file_sha256 = %(file_sha256)s
union
select bank_day
from balances_now as n
full outer join balances_before as b using (account, bank_day)
where (n.from_on, n.opening_cents, n.closing_cents) is distinct from (b.from_on, b.opening_cents, b.closing_cents)
order by bank_day;
