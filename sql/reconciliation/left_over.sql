-- What is left over of :day and, within the windows of the rules, of the days around it: :near, each :apart bank days
-- from it. Of those days, what is open, and what is matched with the day and is thus found anew; what people matched
-- with it is found however far apart they saw it. Tells on which value dates the payments are.
--
-- The two lists are in the schema work: what is joined with a whole day may be read by several cores.
drop table if exists pg_temp.near_days, pg_temp.decided, pg_temp.released, pg_temp.found;

drop table if exists work.left_lines, work.left_movements;

create temporary table near_days on commit drop as
select n.day, n.apart
from unnest(%(near)s::date[], %(apart)s::int[]) as n (day, apart);

create temporary table decided on commit drop as
select unnest(d.line_ids) as line_id, null::uuid as payment_id
from reconciliation.decisions_in_force as d
where d.decision = 'match' and d.bank_day = any(%(near)s::date[] || %(day)s::date)
union
select null, unnest(d.payment_ids)
from reconciliation.decisions_in_force as d
where d.decision = 'match' and d.bank_day = any(%(near)s::date[] || %(day)s::date);

-- Matches across days that this day has a part in, each with all of its line and all of its group: whatever is found
-- anew is found whole. The day's own are found anew anyway.
create temporary table released on commit drop as
with shared as (
    select m.bank_day, m.line_id, m.group_no
    from reconciliation.matches as m
    where m.bank_day = %(day)s and m.our_day <> m.bank_day
    union
    select m.bank_day, m.line_id, m.group_no
    from reconciliation.matches as m
    where m.bank_day = any(%(near)s) and m.our_day = %(day)s and m.our_day <> m.bank_day
),

whole as (
    select m.*
    from reconciliation.matches as m
    inner join (select distinct s.bank_day, s.line_id from shared as s) as s
        on m.bank_day = s.bank_day and m.line_id = s.line_id
    where m.bank_day = any(%(near)s::date[] || %(day)s::date)
    union
    select m.*
    from reconciliation.matches as m
    inner join (
        select distinct s.group_no from shared as s
        where s.group_no is not null
    ) as s on m.group_no = s.group_no
    where m.bank_day = any(%(near)s::date[] || %(day)s::date)
)

select w.*
from whole as w
where w.bank_day <> %(day)s or w.our_day <> %(day)s;

create unlogged table work.left_lines as
select %(day)s::date as bank_day, p.line_id, true as is_own, false as is_released
from work.pairs as p
where p.payment_id is null
union all
select i.bank_day, i.item_id, false, false
from reconciliation.items as i
inner join near_days as n on i.bank_day = n.day
left join settlement.rules as r on i.channel = r.channel
where
    i.bank_day = any(%(near)s) and i.side = 'bank' and i.status <> 'explained'
    and (
        n.apart <= r.window_bank_days
        or i.item_id in (
            select d.line_id from decided as d
            where d.line_id is not null
        )
    )
    and i.cause in ('missing_here', 'return', 'write_off', 'duplicate_at_bank', 'unknown')
union all
select distinct r.bank_day, r.line_id, false, true
from released as r
where r.bank_day <> %(day)s;

create unlogged table work.left_movements as
select
    %(day)s::date as our_day, p.loan_id, p.payment_id, p.kind, p.effective_on, true as is_own, false as is_released
from work.pairs as p
where p.line_id is null
union all
select i.bank_day, i.loan_id, i.payment_id, i.kind, i.effective_on, false, false
from reconciliation.items as i
inner join near_days as n on i.bank_day = n.day
left join settlement.rules as r on i.channel = r.channel
where
    i.bank_day = any(%(near)s) and i.side = 'ours' and i.status <> 'explained'
    and (
        n.apart <= r.window_bank_days
        or i.payment_id in (
            select d.payment_id from decided as d
            where d.payment_id is not null
        )
    )
    and i.cause in ('missing_at_bank', 'write_off') and i.effective_on is not null
union all
select distinct
    r.our_day, r.loan_id, r.payment_id, r.kind, coalesce(i.effective_on, p.effective_on, b.effective_on), false, true
from released as r
left join reconciliation.items as i
    on
        r.our_day = i.bank_day and r.payment_id || ' ' || r.kind = i.item_id and i.side = 'ours'
        and i.bank_day = any(%(near)s)
-- who shared a line with it on the line's own day is no item
left join payments.payments as p
    on
        r.loan_id = p.loan_id and r.payment_id = p.payment_id and r.kind = 'credit'
        and p.effective_on between %(day)s::date - 30 and %(day)s::date + 10
left join payments.reversals_in_force as b
    on r.loan_id = b.loan_id and r.payment_id = b.payment_id and r.kind = 'return'
where r.our_day <> %(day)s and coalesce(i.effective_on, p.effective_on, b.effective_on) is not null;

analyze work.left_lines, work.left_movements;

-- What the passes find, a row for each line and movement that belong together, with the fee that was withheld.
create temporary table found (
    bank_day date not null,
    line_id text not null,
    our_day date not null,
    effective_on date not null,
    loan_id bigint not null,
    payment_id uuid not null,
    kind text not null,
    bank_cents bigint not null,
    our_cents bigint not null,
    fee_cents bigint not null default 0,
    method text not null,
    group_no bigint
) on commit drop;

select distinct m.effective_on from work.left_movements as m
