-- What a run worked out and does not keep by day: reversals, fees and turnover are added, the rest is done with.
insert into payments.reversals select * from work.reversals;

insert into ledger.fees select * from work.fees;

-- each share of the loans has summed its own
insert into ledger.turnover
select t.run_no, t.effective_on, t.booked_on, t.account, sum(t.debit_cents)::bigint, sum(t.credit_cents)::bigint
from work.turnover as t
group by t.run_no, t.effective_on, t.booked_on, t.account;

drop table work.reversals, work.fees, work.turnover, work.heads, work.totals
