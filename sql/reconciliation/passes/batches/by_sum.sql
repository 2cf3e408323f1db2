-- Lines that name no group, or one that none of our payments names, and groups that no line names: where each is alone
-- with the other's sum.
with free_groups as (
    select g.* from batch_groups as g
    where not exists (
        select from batch_lines as l
        where l.group_id = g.group_id
    )
),

met as (
    select
        g.group_id, l.bank_day, l.line_id, l.amount_cents, l.amount_cents <> g.gross as is_net,
        count(*) over (partition by l.bank_day, l.line_id) as groups,
        count(*) over (partition by g.group_id) as lines
    from batch_lines as l
    inner join free_groups as g
        on l.channel = g.channel and l.account = g.account and l.amount_cents in (g.gross, g.net)
    where
        l.group_id is null and (l.reference is null or g.number is null)
        and l.day_no between g.last_no - l.reach and g.first_no + l.reach
),

claimed as (
    select m.* from met as m
    where m.groups = 1 and m.lines = 1
),

with_lines as (
    insert into claim_lines (group_id, bank_day, line_id, amount_cents)
    select c.group_id, c.bank_day, c.line_id, c.amount_cents
    from claimed as c
),

with_members as (
    insert into claim_members (group_id, payment_id)
    select c.group_id, m.payment_id
    from claimed as c
    inner join batch_members as m on c.group_id = m.group_id
)

insert into batch_claims (group_id, method, is_net)
select c.group_id, 'batch_of_the_day', c.is_net
from claimed as c;
