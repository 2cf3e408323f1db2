-- Double entry for what this run adds: debit the rail's clearing account, credit the account of each part; a fee is a
-- debit to receivables and a credit to income. One scan a part, since most rows have only some of the parts.
insert into work.entries
select
    n.effective_on, n.loan_id, n.subject_id, n.kind, n.seq, a.account, n.cash as amount_cents, n.booked_on,
    %(run_no)s as run_no
from pg_temp.new_allocations as n
inner join ledger.accounts as a on n.channel = a.channel and a.part = 'cash'
where n.cash <> 0
union all
select n.effective_on, n.loan_id, n.subject_id, n.kind, n.seq, a.account, -n.fees, n.booked_on, %(run_no)s
from pg_temp.new_allocations as n
cross join (
    select account from ledger.accounts
    where part = 'fees'
) as a
where n.fees <> 0
union all
select n.effective_on, n.loan_id, n.subject_id, n.kind, n.seq, a.account, -n.interest, n.booked_on, %(run_no)s
from pg_temp.new_allocations as n
cross join (
    select account from ledger.accounts
    where part = 'interest'
) as a
where n.interest <> 0
union all
select n.effective_on, n.loan_id, n.subject_id, n.kind, n.seq, a.account, -n.principal, n.booked_on, %(run_no)s
from pg_temp.new_allocations as n
cross join (
    select account from ledger.accounts
    where part = 'principal'
) as a
where n.principal <> 0
union all
select n.effective_on, n.loan_id, n.subject_id, n.kind, n.seq, a.account, -n.escrow, n.booked_on, %(run_no)s
from pg_temp.new_allocations as n
cross join (
    select account from ledger.accounts
    where part = 'escrow'
) as a
where n.escrow <> 0
union all
-- what nobody knows the loan of is owed to nobody we could name: an account of its own
select n.effective_on, n.loan_id, n.subject_id, n.kind, n.seq, a.account, -n.suspense, n.booked_on, %(run_no)s
from pg_temp.new_allocations as n
inner join ledger.accounts as a on a.part = case when n.loan_id = 0 then 'unidentified' else 'suspense' end
where n.suspense <> 0
union all
select n.effective_on, n.loan_id, n.subject_id, n.kind, n.seq, a.account, -n.returned, n.booked_on, %(run_no)s
from pg_temp.new_allocations as n
cross join (
    select account from ledger.accounts
    where part = 'returned'
) as a
where n.returned <> 0
union all
select f.effective_on, f.loan_id, f.fee_id, f.kind, f.seq, a.account, side.sign * f.amount, f.booked_on, %(run_no)s
from pg_temp.new_fees as f
cross join (values (1), (-1)) as side (sign)
inner join ledger.accounts as a on a.part = case when side.sign = 1 then 'fees' else f.kind || '_fee_income' end
union all
-- what the book as a whole booked
select b.* from pg_temp.booked as b
