-- One payment of a transfer in several lines that name it and add up to it: a group of its own.
with named as (
    -- each of the two names by itself: neither alone has to be known
    select m.payment_id, m.amount_cents, l.bank_day, l.line_id, l.amount_cents as line_cents
    from work.candidate_movements as m
    inner join work.candidate_lines as l using (channel, account, kind, transfer_id)
    where
        m.kind = 'credit' and m.grouped_by = 'transfer' and l.amount_cents < m.amount_cents
        and abs(l.day_no - m.day_no) <= l.reach
    union
    select m.payment_id, m.amount_cents, l.bank_day, l.line_id, l.amount_cents as line_cents
    from work.candidate_movements as m
    inner join work.candidate_lines as l using (channel, account, kind, reference)
    where
        m.kind = 'credit' and m.grouped_by = 'transfer' and l.amount_cents < m.amount_cents
        and abs(l.day_no - m.day_no) <= l.reach
        and reconciliation.ids_are_silent(l.transfer_id, m.transfer_id)
),

met as (
    select
        n.*,
        sum(n.line_cents) over (partition by n.payment_id) as total,
        count(*) over (partition by n.payment_id) as lines,
        count(*) over (partition by n.bank_day, n.line_id) as payments
    from named as n
),

claimed as (
    select
        m.payment_id, m.bank_day, m.line_id, m.line_cents,
        (select coalesce(max(g.group_id), 0) from batch_groups as g) + dense_rank() over (order by m.payment_id)
            as group_id
    from met as m
    where
        m.lines > 1 and m.total = m.amount_cents
        and not exists (
            select from met as o
            where o.payment_id = m.payment_id and o.payments > 1
        )
),

with_lines as (
    insert into claim_lines (group_id, bank_day, line_id, amount_cents)
    select c.group_id, c.bank_day, c.line_id, c.line_cents
    from claimed as c
),

with_members as (
    insert into claim_members (group_id, payment_id)
    select distinct c.group_id, c.payment_id
    from claimed as c
)

insert into batch_claims (group_id, method, is_net)
select distinct c.group_id, 'batch_of_several_lines', false
from claimed as c;
