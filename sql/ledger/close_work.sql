-- What a run worked out and does not keep by day: the reversals and fees are added, the rest is done with.
insert into payments.reversals select * from work.reversals;

insert into ledger.fees select * from work.fees;

drop table work.reversals, work.fees, work.heads, work.totals
