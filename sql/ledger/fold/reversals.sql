-- All reversals, with those that this run found, and of each payment the one that counts.
create temporary view reversals as
select r.* from payments.reversals as r
union all
select r.* from work.reversals as r;

create temporary view reversals_in_force as
select r.*
from pg_temp.reversals as r
where not exists (
    select from pg_temp.reversals as later
    where later.loan_id = r.loan_id and later.payment_id = r.payment_id and later.seq > r.seq and later.seq > 1
)
