-- Lines by the group that they name, or whose number is the only one that theirs is like.
drop table if exists pg_temp.batch_lines;

create temporary table batch_lines on commit drop as
with lines as (
    select l.*, s.span
    from work.candidate_lines as l
    left join batch_spans as s
        on l.channel = s.channel and l.account = s.account and l.reference = s.number and l.bank_day = s.day
    where l.grouped_by <> 'transfer' and l.kind = 'credit'
),

exact as (
    select l.bank_day, l.line_id, g.group_id
    from lines as l
    inner join batch_groups as g
        on l.channel = g.channel and l.account = g.account and l.reference = g.number and l.span = g.span
),

unnamed as materialized (
    -- few: holding all lines against all groups would take longer than all else
    select l.* from lines as l
    where
        l.squeezed is not null
        and not exists (
            select from exact as e
            where e.bank_day = l.bank_day and e.line_id = l.line_id
        )
),

alike as (
    select u.bank_day, u.line_id, min(g.group_id) as group_id
    from unnamed as u
    inner join batch_groups as g on u.channel = g.channel and u.account = g.account
    where
        reconciliation.is_like(u.squeezed, g.squeezed)
        and u.day_no between g.last_no - u.reach and g.first_no + u.reach
        and not exists (
            select from exact as e
            where e.group_id = g.group_id
        )
    group by u.bank_day, u.line_id
    having count(*) = 1
)

select
    l.bank_day, l.line_id, l.channel, l.account, l.amount_cents, l.reference, l.day_no, l.reach,
    coalesce(e.group_id, a.group_id) as group_id, e.group_id is not null as is_named,
    -- a line that says what another says may be a repeat of it
    row_number() over (
        partition by coalesce(e.group_id, a.group_id), l.bank_day, l.amount_cents order by l.line_id
    ) > 1 as is_repeat
from lines as l
left join exact as e on l.bank_day = e.bank_day and l.line_id = e.line_id
left join alike as a on l.bank_day = a.bank_day and l.line_id = a.line_id;
