-- How the bank's lines of :day were matched, by method: what each rests on, and how much it matched.
select
    m.method, coalesce(k.tier, 0) as tier, k.confidence, coalesce(k.is_automatic, true) as is_automatic,
    coalesce(k.description, '') as description, m.pairs, m.of_other_days, m.bank_cents
from (
    select
        p.method, count(*) as pairs, count(*) filter (where p.our_day <> p.bank_day) as of_other_days,
        sum(p.bank_cents)::bigint as bank_cents
    from reconciliation.matches as p
    where p.bank_day = %(day)s
    group by p.method
) as m
left join reconciliation.methods as k using (method)
order by coalesce(k.tier, 0), m.method;
