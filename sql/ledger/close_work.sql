-- What a run worked out and does not keep by day: reversals, fees, turnover and what moved in suspense are added, the
-- rest is done with.
insert into payments.reversals select * from work.reversals;

insert into ledger.fees select * from work.fees;

-- each share of the loans has summed its own
insert into ledger.turnover
select t.run_no, t.effective_on, t.booked_on, t.account, sum(t.debit_cents)::bigint, sum(t.credit_cents)::bigint
from work.turnover as t
group by t.run_no, t.effective_on, t.booked_on, t.account;

insert into ledger.suspense
select a.loan_id, a.effective_on, a.run_no, sum(a.suspense_cents)::bigint
from work.allocations as a
where a.suspense_cents <> 0
group by a.loan_id, a.effective_on, a.run_no
having sum(a.suspense_cents) <> 0;

drop table work.reversals, work.fees, work.turnover, work.heads, work.totals
