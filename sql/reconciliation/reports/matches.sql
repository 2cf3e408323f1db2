-- How the bank's lines of a day were matched with ours: by which method, and what it rests on.
select
    m.method,
    k.tier as pass,
    k.confidence,
    m.kind,
    count(*) as rows,
    sum(m.bank_cents)::bigint as bank_cents,
    sum(m.our_cents)::bigint as ours_cents,
    count(*) filter (where m.our_day <> m.bank_day) as of_other_days
from reconciliation.matches as m
left join reconciliation.methods as k using (method)
where m.bank_day = %(day)s
group by m.method, k.tier, k.confidence, m.kind
order by k.tier, m.method, m.kind;
