-- How the bank's lines of a day were matched with ours.
select
    method,
    kind,
    count(*) as rows,
    sum(bank_cents)::bigint as bank_cents,
    sum(our_cents)::bigint as ours_cents
from reconciliation.matches
where bank_day = %(day)s
group by method, kind
order by method, kind;
