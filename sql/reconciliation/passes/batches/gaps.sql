-- By how much a line differs from the group that it names, before and after fees; where it is the only line that does,
-- and the group is not claimed in full.
drop table if exists pg_temp.batch_gaps;

create temporary table batch_gaps on commit drop as
with sums as (
    select l.group_id, sum(l.amount_cents)::bigint as total
    from batch_lines as l
    where l.group_id is not null
    group by l.group_id
    having count(*) = 1 and bool_and(l.is_named)
)

select g.group_id, g.channel, g.account, g.first_day, g.members, b.is_net, s.total - b.expected as gap
from sums as s
inner join batch_groups as g on s.group_id = g.group_id
cross join lateral (values (true, g.net), (false, g.gross)) as b (is_net, expected)
where
    not exists (
        select from batch_claims as c
        where c.group_id = g.group_id
    )
    -- where nothing is kept, before and after are the same
    and (not b.is_net or g.net <> g.gross);

analyze batch_gaps;
