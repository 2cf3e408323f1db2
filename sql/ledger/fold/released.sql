-- All releases of a loan on one day are one movement, from suspense to what was due.
insert into pg_temp.wanted
select
    %(day)s::date, %(day)s::date, r.loan_id, operations.content_id('release|' || r.loan_id || '|' || %(day)s::date),
    'release', null, r.policy, greatest(r.booked_on, %(day)s::date), 0,
    0, sum(r.interest), sum(r.principal), sum(r.escrow), -sum(r.interest + r.principal + r.escrow), 0, null, 0
from pg_temp.released as r
where r.effective_on = %(day)s
group by r.loan_id, r.policy, r.booked_on
