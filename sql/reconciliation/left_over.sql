-- What is left over of :day, and of the days around it, :near: what is open there, and what is released. In the schema
-- work: what is joined with a whole day may be read by several cores. Tells on which value dates the payments are.
drop table if exists work.left_lines, work.left_movements;

create unlogged table work.left_lines as
select %(day)s::date as bank_day, p.line_id, true as is_own, false as is_released, 0 as day_no
from work.pairs as p
where p.payment_id is null
union all
select i.bank_day, i.item_id, false, false, n.day_no
from reconciliation.items as i
inner join near_days as n on i.bank_day = n.day
where
    i.bank_day = any(%(near)s) and i.side = 'bank' and i.status <> 'explained'
    and i.cause in ('missing_here', 'return', 'write_off', 'duplicate_at_bank', 'unknown')
union all
select distinct r.bank_day, r.line_id, false, true, n.day_no
from released as r
inner join near_days as n on r.bank_day = n.day
where r.bank_day <> %(day)s;

create unlogged table work.left_movements as
select
    %(day)s::date as our_day, p.loan_id, p.payment_id, p.kind, p.effective_on, true as is_own, false as is_released,
    0 as day_no
from work.pairs as p
where p.line_id is null
union all
select i.bank_day, i.loan_id, i.payment_id, i.kind, i.effective_on, false, false, n.day_no
from reconciliation.items as i
inner join near_days as n on i.bank_day = n.day
where
    i.bank_day = any(%(near)s) and i.side = 'ours' and i.status <> 'explained'
    and i.cause in ('missing_at_bank', 'write_off') and i.effective_on is not null
union all
select distinct
    r.our_day, r.loan_id, r.payment_id, r.kind, coalesce(i.effective_on, p.effective_on, b.effective_on), false, true,
    n.day_no
from released as r
inner join near_days as n on r.our_day = n.day
left join reconciliation.items as i
    on
        r.our_day = i.bank_day and r.payment_id || ' ' || r.kind = i.item_id and i.side = 'ours'
        and i.bank_day = any(%(near)s)
-- who shared a line with it on the line's own day is no item
left join payments.payments as p
    on
        r.loan_id = p.loan_id and r.payment_id = p.payment_id and r.kind = 'credit'
        and p.effective_on between (select min(k.day) from near_days as k) - settlement.most_days_to_settle()
        and (select max(k.day) from near_days as k)
left join payments.reversals_in_force as b
    on r.loan_id = b.loan_id and r.payment_id = b.payment_id and r.kind = 'return'
where r.our_day <> %(day)s and coalesce(i.effective_on, p.effective_on, b.effective_on) is not null;

analyze work.left_lines, work.left_movements;

select distinct m.effective_on from work.left_movements as m
