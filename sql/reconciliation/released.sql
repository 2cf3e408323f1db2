-- Matches of the days around :day, :near, that the run of the day judges anew, each with all of its group: whatever is
-- found anew is found whole. :numbers are the bank days since :day.
drop table if exists pg_temp.near_days, pg_temp.released;

create temporary table near_days on commit drop as
select n.day, n.day_no
from unnest(%(near)s::date[], %(numbers)s::int[]) as n (day, day_no);

-- Those that the day has a part in, and those that something left over may be a rival of. The day's own are found anew
-- anyway.
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
