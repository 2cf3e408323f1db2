-- What is posted of the touched loans, from where each one's fold begins. A payment of years ago takes :since back to
-- it; so loans whose folds begin before :day are looked up by themselves: with all others, every day since would be
-- read.
create temporary table standing as
select a.*, t.booked_on as found_on
from pg_temp.touched as t
inner join ledger.allocations as a on t.loan_id = a.loan_id and t.from_on <= a.effective_on
where a.effective_on between %(day)s and %(horizon)s

union all

select a.*, t.booked_on
from pg_temp.touched as t
inner join ledger.allocations as a on t.loan_id = a.loan_id and t.from_on <= a.effective_on
where t.from_on < %(day)s and a.effective_on between %(since)s and %(day)s::date - 1
