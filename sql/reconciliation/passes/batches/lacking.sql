-- Payments that a line which is less than its group may lack: one whose cents are the difference, or two together.
drop table if exists pg_temp.batch_suspects;

create temporary table batch_suspects on commit drop as
select b.group_id, b.is_net, m.payment_id, null::uuid as other_id
from batch_gaps as b
inner join batch_members as m
    on
        b.group_id = m.group_id
        and -b.gap = case when b.is_net then m.amount_cents - m.fee_cents else m.amount_cents end
union all
select b.group_id, b.is_net, o.payment_id, t.payment_id as other_id
from batch_gaps as b
inner join batch_members as o on b.group_id = o.group_id
inner join batch_members as t
    on
        b.group_id = t.group_id and o.payment_id < t.payment_id
        and -b.gap = o.amount_cents + t.amount_cents - case when b.is_net then o.fee_cents + t.fee_cents else 0 end
where b.gap < 0 and b.members <= 2000;

analyze batch_suspects;
