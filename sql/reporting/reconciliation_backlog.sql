-- How much is open on :day, and how much still is of the days before it.
select
    i.bank_day = %(day)s as is_of_the_day, count(*) as items, sum(i.variance_cents)::bigint as cents,
    sum(abs(i.variance_cents))::bigint as gross_cents, min(coalesce(i.opened_on, i.bank_day)) as oldest
from reconciliation.items as i
where i.bank_day <= %(day)s and i.status = 'open'
group by i.bank_day = %(day)s;
