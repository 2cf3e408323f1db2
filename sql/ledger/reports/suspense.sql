-- What a day put into suspense and took out of it, by whether the loan is known.
select
    case when s.loan_id = 0 then 'loan unknown' else 'loan known' end as whose,
    count(distinct s.loan_id) as loans,
    coalesce(sum(s.cents) filter (where s.cents > 0), 0)::bigint as in_cents,
    coalesce(-sum(s.cents) filter (where s.cents < 0), 0)::bigint as out_cents
from ledger.suspense as s
where s.effective_on = %(day)s
group by whose
order by whose;
