-- For each account on :day: what it held before and after, the lines between, and what it held at the end of the last
-- of the thirty days before for which a statement says it.
select
    d.account, d.opening_cents, sum(d.bank_cents)::bigint as lines_cents, d.closing_cents, d.proof,
    b.bank_day as day_before, b.closing_cents as closing_before_cents
from reconciliation.days as d
left join lateral (
    select p.bank_day, p.closing_cents
    from reconciliation.days as p
    where
        p.bank_day between %(day)s - 30 and %(day)s - 1
        and p.account = d.account
        and p.closing_cents is not null
    order by p.bank_day desc
    limit 1
) as b on true
where d.bank_day = %(day)s
group by d.account, d.opening_cents, d.closing_cents, d.proof, b.bank_day, b.closing_cents
order by d.account;
