-- Where the money of a day went, corrections included.
select
    kind,
    count(*) as rows,
    count(*) filter (where seq > 1) as corrections,
    sum(cash_cents)::bigint as cash_cents,
    sum(fees_cents)::bigint as fees_cents,
    sum(interest_cents)::bigint as interest_cents,
    sum(principal_cents)::bigint as principal_cents,
    sum(escrow_cents)::bigint as escrow_cents,
    sum(suspense_cents)::bigint as suspense_cents
from ledger.allocations
where effective_on = %(day)s
group by kind
order by kind;
