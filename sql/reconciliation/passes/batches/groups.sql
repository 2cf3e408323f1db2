-- Payments by the number of their deposit or payout; those without, by rail and day: who is in which group, and what
-- each group adds up to.
drop table if exists pg_temp.batch_members, pg_temp.batch_groups;

create temporary table batch_members on commit drop as
select
    m.*, s.span,
    dense_rank() over (
        order by m.channel, m.account, m.number, s.span, case when m.number is null then m.our_day end
    ) as group_id
from work.candidate_movements as m
left join batch_spans as s
    on m.channel = s.channel and m.account = s.account and m.number = s.number and m.our_day = s.day
where m.grouped_by <> 'transfer' and m.kind = 'credit';

create temporary table batch_groups on commit drop as
select
    m.group_id, m.channel, m.account, m.number, m.span,
    nullif(regexp_replace(m.number, '[^a-z0-9]', '', 'g'), '') as squeezed,
    min(m.our_day) as first_day, min(m.day_no) as first_no, max(m.day_no) as last_no, count(*) as members,
    sum(m.amount_cents)::bigint as gross, sum(m.amount_cents - m.fee_cents)::bigint as net,
    min(m.amount_cents - m.fee_cents) as least_net
from batch_members as m
group by m.group_id, m.channel, m.account, m.number, m.span;

analyze batch_members, batch_groups;
