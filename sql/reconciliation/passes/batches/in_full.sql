-- Groups to which their lines add up, before fees or after: all of the lines, or each but once where one is told twice.
with sums as (
    select l.group_id, true as with_repeats, count(*) as lines, sum(l.amount_cents)::bigint as total
    from batch_lines as l
    where l.group_id is not null
    group by l.group_id
    union all
    select l.group_id, false, count(*), sum(l.amount_cents)::bigint
    from batch_lines as l
    where l.group_id is not null and not l.is_repeat
    group by l.group_id
),

claimed as (
    select distinct on (g.group_id)
        g.group_id, s.with_repeats, s.total <> g.gross as is_net,
        case
            when s.lines > 1 then 'batch_of_several_lines'
            when s.total = g.gross then 'batch_gross'
            else 'batch_net'
        end as method
    from sums as s
    inner join batch_groups as g on s.group_id = g.group_id
    where
        s.total in (g.gross, g.net)
        -- a payment of which the fee leaves nothing has no place along several lines
        and (s.lines = 1 or s.total = g.gross or g.least_net > 0)
    order by g.group_id asc, s.with_repeats desc
),

with_lines as (
    insert into claim_lines (group_id, bank_day, line_id, amount_cents)
    select c.group_id, l.bank_day, l.line_id, l.amount_cents
    from claimed as c
    inner join batch_lines as l on c.group_id = l.group_id
    where c.with_repeats or not l.is_repeat
),

with_members as (
    insert into claim_members (group_id, payment_id)
    select c.group_id, m.payment_id
    from claimed as c
    inner join batch_members as m on c.group_id = m.group_id
)

insert into batch_claims (group_id, method, is_net)
select c.group_id, c.method, c.is_net
from claimed as c;
