-- What is left over of :day and of the days around it, :near, with their :numbers, the bank days since :day. Of those
-- days, what is open; and what is matched with the day or may have a rival, and is thus found anew. Tells on which
-- value dates the payments are.
--
-- The two lists are in the schema work: what is joined with a whole day may be read by several cores.
drop table if exists pg_temp.near_days, pg_temp.released, pg_temp.found;

drop table if exists work.left_lines, work.left_movements;

create temporary table near_days on commit drop as
select n.day, n.day_no
from unnest(%(near)s::date[], %(numbers)s::int[]) as n (day, day_no);

-- Matches across days that this day has a part in, and those that something left over may be a rival of, each with all
-- of its group: whatever is found anew is found whole. The day's own are found anew anyway.
create temporary table released on commit drop as
with weak as (
    -- what a rival may undo: neither what people matched, nor what agrees in every word, or adds up, on one day. The
    -- index of the table finds them
    select m.*
    from reconciliation.matches as m
    where
        m.bank_day = any(%(near)s)
        and m.method <> 'decision'
        and (
            m.our_day <> m.bank_day
            or m.method in (
                'like_reference', 'amount_window', 'transfer_id_other_amount', 'reference_other_amount',
                'batch_of_several_lines', 'batch_of_the_day', 'batch_less_one', 'batch_with_return', 'batch_and_one',
                'batch_in_part'
            )
        )
),

left_amounts as (
    select
        case when p.payment_id is null then p.bank_cents end as line_cents,
        case when p.line_id is null then p.our_cents end as movement_cents
    from work.pairs as p
    where p.payment_id is null or p.line_id is null
    union
    select
        case i.side when 'bank' then i.variance_cents end, case i.side when 'ours' then -i.variance_cents end
    from reconciliation.items as i
    where i.bank_day = any(%(near)s) and i.side in ('bank', 'ours') and i.status <> 'explained'
),

shared as (
    select m.*
    from reconciliation.matches as m
    where m.bank_day = %(day)s and m.our_day <> m.bank_day
    union
    select m.*
    from reconciliation.matches as m
    where m.bank_day = any(%(near)s) and m.our_day = %(day)s and m.our_day <> m.bank_day
    union
    select w.*
    from weak as w
    inner join left_amounts as l on w.our_cents = l.line_cents
    union
    select w.*
    from weak as w
    inner join left_amounts as l on w.bank_cents = l.movement_cents
    union
    -- few, and by their names they have rivals of any amount
    select w.*
    from weak as w
    where w.bank_cents <> w.our_cents or w.group_no is not null
),

whole as (
    select s.* from shared as s
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
