-- The fees of a day, and what was taken back of them.
select
    kind,
    count(*) as rows,
    sum(amount_cents)::bigint as cents,
    count(*) filter (where seq > 1) as corrections
from ledger.fees
where effective_on = %(day)s
group by kind
order by kind;
