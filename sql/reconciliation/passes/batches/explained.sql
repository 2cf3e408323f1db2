-- Gaps that one thing explains. What else could explain it stays out of the match with it: whatever the truth is, the
-- rest belongs to the line.
with doubtful as (
    select s.group_id, s.is_net, s.payment_id from batch_suspects as s
    union
    select s.group_id, s.is_net, s.other_id from batch_suspects as s
    where s.other_id is not null
),

-- Groups that are less by a payment of the days before, which the processor took back.
taken_back as (
    select distinct b.group_id, b.is_net
    from batch_gaps as b
    inner join payments.payments as p
        on
            b.channel = p.channel
            and -b.gap = p.amount_cents
            and p.settles_on between b.first_day - 10 and b.first_day - 1
    inner join settlement.rules as r on b.channel = r.channel and r.grouped_by = 'payout'
    where p.effective_on between %(day)s::date - 10 - settlement.most_days_to_settle() and %(day)s
),

short as (
    select
        b.group_id, b.is_net, b.members,
        (
            select count(*) from batch_suspects as s
            where s.group_id = b.group_id and s.is_net = b.is_net and s.other_id is null
        ) as single_count,
        (
            select count(*) from batch_suspects as s
            where s.group_id = b.group_id and s.is_net = b.is_net and s.other_id is not null
        ) as pair_count,
        (
            select count(*) from doubtful as d
            where d.group_id = b.group_id and d.is_net = b.is_net
        ) as doubtful_count,
        exists(
            select from taken_back as t
            where t.group_id = b.group_id and t.is_net = b.is_net
        ) as is_taken_back
    from batch_gaps as b
    where b.gap < 0
),

-- Groups that are more by a payment for which the source names none.
without_number as (
    select
        b.group_id, b.is_net, m.payment_id,
        count(*) over (partition by b.group_id) as choices,
        count(*) over (partition by m.payment_id) as claims
    from batch_gaps as b
    inner join batch_members as m
        on
            b.channel = m.channel and b.account = m.account and m.number is null and m.our_day = b.first_day
            and b.gap = case when b.is_net then m.amount_cents - m.fee_cents else m.amount_cents end
    where
        b.gap > 0
        and not exists (
            select from claim_members as c
            where c.payment_id = m.payment_id
        )
),

explained as (
    select
        s.group_id, s.is_net, null::uuid as added,
        case
            when s.single_count = 1 and s.pair_count = 0 and not s.is_taken_back then 'batch_less_one'
            when s.is_taken_back and s.doubtful_count = 0 then 'batch_with_return'
            else 'batch_in_part'
        end as method
    from short as s
    where
        (s.single_count > 0 or s.is_taken_back or s.pair_count = 1)
        and s.doubtful_count <= 10 and s.doubtful_count < s.members and s.members <= 2000
    union all
    select w.group_id, w.is_net, w.payment_id, 'batch_and_one'
    from without_number as w
    where w.choices = 1 and w.claims = 1
),

claimed as (
    -- before fees or after: not both
    select e.*
    from (
        select
            x.*, count(*) over (partition by x.group_id) as ways
        from explained as x
    ) as e
    where e.ways = 1
),

with_lines as (
    insert into claim_lines (group_id, bank_day, line_id, amount_cents)
    select c.group_id, l.bank_day, l.line_id, l.amount_cents
    from claimed as c
    inner join batch_lines as l on c.group_id = l.group_id
),

with_members as (
    insert into claim_members (group_id, payment_id)
    select c.group_id, m.payment_id
    from claimed as c
    inner join batch_members as m on c.group_id = m.group_id
    where
        not exists (
            select from doubtful as d
            where d.group_id = c.group_id and d.is_net = c.is_net and d.payment_id = m.payment_id
        )
    union all
    select c.group_id, c.added
    from claimed as c
    where c.added is not null
)

insert into batch_claims (group_id, method, is_net)
select c.group_id, c.method, c.is_net
from claimed as c;
