-- For each account that the bank told of on :day: what it held before and after, the lines between, whether they add
-- up, and what it held at the end of the last of the thirty days before for which a statement says it. A balance is of
-- the account that the bank keeps: it may be several of ours, or a part of one. Where the bank told nothing of an
-- account of ours, and something was expected on it, nothing is stated.
with lines as (
    select b.account, sum(b.amount_cents)::bigint as cents
    from settlement.lines_in_force as b
    where b.bank_day = %(day)s
    group by b.account
),

stated as (
    select s.* from settlement.balances as s
    where s.bank_day = %(day)s
),

told as (
    select
        account, coalesce(s.from_on, %(day)s) as from_on, s.opening_cents, coalesce(l.cents, 0) as lines_cents,
        s.closing_cents
    from lines as l
    full outer join stated as s using (account)
),

silent as (
    select d.account
    from reconciliation.days as d
    where d.bank_day = %(day)s and d.account not in (select t.account from told as t)
    group by d.account
    having sum(d.line_count) = 0
)

select
    t.account, t.opening_cents, t.lines_cents, t.closing_cents,
    case
        when t.opening_cents is null or t.closing_cents is null or t.from_on <> %(day)s then 'not_stated'
        when t.opening_cents + t.lines_cents = t.closing_cents then 'proven'
        else 'broken'
    end as proof,
    b.bank_day as day_before, b.closing_cents as closing_before_cents
from told as t
left join lateral (
    select p.bank_day, p.closing_cents
    from settlement.balances as p
    where
        p.bank_day between t.from_on - 30 and t.from_on - 1
        and p.account = t.account
        and p.closing_cents is not null
    order by p.bank_day desc
    limit 1
) as b on true
union all
select s.account, null, 0, null, 'not_stated', null, null
from silent as s
order by account;
