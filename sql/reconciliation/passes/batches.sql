-- Many payments in one line, and one or many in several: deposits of checks and payouts of processors, in full or less
-- what the processor keeps. Cents decide: a batch is matched where its payments add up to its lines, or where a single
-- thing explains the difference; what could be otherwise stays out of it.
drop table if exists
pg_temp.batch_spans, pg_temp.batch_members, pg_temp.batch_groups, pg_temp.batch_lines, pg_temp.batch_claims,
pg_temp.claim_lines, pg_temp.claim_members, pg_temp.batch_gaps;

-- The numbers of deposits and payouts, and the days on which bank or books have them. A number may come back with other
-- money: where more days than the window lie between one and the next, it is the number of another batch. And where the
-- lines and payments of one day add up by themselves, they are a batch, whatever other days have of their number.
create temporary table batch_spans on commit drop as
with lines as (
    -- a line that says what another says may be a repeat of it
    select
        l.channel, l.account, l.reference as number, l.bank_day as day, l.day_no, l.reach, l.amount_cents,
        row_number() over (
            partition by l.channel, l.account, l.reference, l.bank_day, l.amount_cents order by l.line_id
        ) > 1 as is_repeat
    from work.candidate_lines as l
    where l.grouped_by <> 'transfer' and l.kind = 'credit' and l.reference is not null
),

shown as (
    select
        l.channel, l.account, l.number, l.day, l.day_no, l.reach, sum(l.amount_cents) as total,
        sum(l.amount_cents) filter (where not l.is_repeat) as total_once
    from lines as l
    group by l.channel, l.account, l.number, l.day, l.day_no, l.reach
),

expected as (
    select
        m.channel, m.account, m.number, m.our_day as day, m.day_no, m.reach, sum(m.amount_cents) as gross,
        sum(m.amount_cents - m.fee_cents) as net
    from work.candidate_movements as m
    where m.grouped_by <> 'transfer' and m.kind = 'credit' and m.number is not null
    group by m.channel, m.account, m.number, m.our_day, m.day_no, m.reach
),

told as (
    select
        channel, account, number, day, day_no, reach,
        coalesce(s.total in (e.gross, e.net) or s.total_once in (e.gross, e.net), false) as is_whole
    from shown as s
    full outer join expected as e using (channel, account, number, day, day_no, reach)
),

spaced as (
    select
        t.*,
        t.day_no - lag(t.day_no) over alike > t.reach as is_first
    from told as t
    window alike as (partition by t.channel, t.account, t.number, t.is_whole order by t.day_no)
)

select
    s.channel, s.account, s.number, s.day,
    case
        when s.is_whole then format('on %%s', s.day)
        else
            (
                count(*) filter (where s.is_first) over (
                    partition by s.channel, s.account, s.number, s.is_whole order by s.day_no
                )
            )::text
    end as span
from spaced as s;

analyze batch_spans;

-- Payments by the number of their deposit or payout; those without, by rail and day.
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

-- Lines by the group that they name, or whose number is the only one that theirs is like.
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

create temporary table batch_claims (
    claim text primary key,
    method text not null,
    is_net boolean not null,
    total bigint not null
) on commit drop;

create temporary table claim_lines (
    claim text not null, bank_day date not null, line_id text not null, amount_cents bigint not null
) on commit drop;

create temporary table claim_members (claim text not null, payment_id uuid not null) on commit drop;

-- Named batches that add up: all their lines, or each but once where one is told twice.
insert into batch_claims (claim, method, is_net, total)
with sums as (
    select
        l.group_id, true as with_repeats, count(*) as lines, sum(l.amount_cents)::bigint as total
    from batch_lines as l
    where l.group_id is not null
    group by l.group_id
    union all
    select l.group_id, false, count(*), sum(l.amount_cents)::bigint
    from batch_lines as l
    where l.group_id is not null and not l.is_repeat
    group by l.group_id
)

select distinct on (g.group_id)
    g.group_id || case when s.with_repeats then ' all' else ' once' end,
    case
        when s.lines > 1 then 'batch_of_several_lines'
        when s.total = g.gross then 'batch_gross'
        else 'batch_net'
    end,
    s.total <> g.gross, s.total
from sums as s
inner join batch_groups as g on s.group_id = g.group_id
where
    s.total in (g.gross, g.net)
    -- a payment of which the fee leaves nothing has no place along several lines
    and (s.lines = 1 or s.total = g.gross or g.least_net > 0)
order by g.group_id asc, s.with_repeats desc;

insert into claim_lines (claim, bank_day, line_id, amount_cents)
select c.claim, l.bank_day, l.line_id, l.amount_cents
from batch_claims as c
inner join batch_lines as l on c.claim = l.group_id || ' all' or (c.claim = l.group_id || ' once' and not l.is_repeat);

insert into claim_members (claim, payment_id)
select c.claim, m.payment_id
from batch_claims as c
inner join batch_members as m on split_part(c.claim, ' ', 1) = m.group_id::text;

-- Lines that name no batch, or one that none of our payments names, and batches that no line names: alone in their sum.
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
    insert into claim_lines (claim, bank_day, line_id, amount_cents)
    select c.group_id || ' alone', c.bank_day, c.line_id, c.amount_cents
    from claimed as c
),

with_members as (
    insert into claim_members (claim, payment_id)
    select c.group_id || ' alone', m.payment_id
    from claimed as c
    inner join batch_members as m on c.group_id = m.group_id
)

insert into batch_claims (claim, method, is_net, total)
select c.group_id || ' alone', 'batch_of_the_day', c.is_net, c.amount_cents
from claimed as c;

-- Named batches of one line that do not add up, before and after fees.
create temporary table batch_gaps on commit drop as
with sums as (
    select l.group_id, sum(l.amount_cents)::bigint as total
    from batch_lines as l
    where l.group_id is not null
    group by l.group_id
    having count(*) = 1 and bool_and(l.is_named)
)

select g.group_id, g.channel, g.account, g.first_day, g.members, s.total, b.is_net, s.total - b.expected as gap
from sums as s
inner join batch_groups as g on s.group_id = g.group_id
cross join lateral (values (true, g.net), (false, g.gross)) as b (is_net, expected)
where
    not exists (
        select from batch_claims as c
        where split_part(c.claim, ' ', 1) = g.group_id::text
    )
    -- where nothing is kept, before and after are the same
    and (not b.is_net or g.net <> g.gross);

analyze batch_gaps;

-- One thing that explains the difference. What else could explain it stays out of the match with it: whatever the truth
-- is, the rest belongs to the line.
with singles as (
    -- a payment that the bank does not show
    select b.group_id, b.is_net, m.payment_id
    from batch_gaps as b
    inner join batch_members as m
        on
            b.group_id = m.group_id
            and -b.gap = case when b.is_net then m.amount_cents - m.fee_cents else m.amount_cents end
),

pairs_of_payments as (
    -- or two of them
    select b.group_id, b.is_net, o.payment_id, t.payment_id as other_id
    from batch_gaps as b
    inner join batch_members as o on b.group_id = o.group_id
    inner join batch_members as t
        on
            b.group_id = t.group_id and o.payment_id < t.payment_id
            and -b.gap
            = o.amount_cents + t.amount_cents - case when b.is_net then o.fee_cents + t.fee_cents else 0 end
    where b.gap < 0 and b.members <= 2000
),

taken_back as (
    -- or a payment of the days before that the processor took back
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

doubtful as (
    select s.group_id, s.is_net, s.payment_id from singles as s
    union
    select p.group_id, p.is_net, p.payment_id from pairs_of_payments as p
    union
    select p.group_id, p.is_net, p.other_id from pairs_of_payments as p
),

short as (
    select
        b.group_id, b.is_net, b.total, b.members,
        (
            select count(*) from singles as s
            where s.group_id = b.group_id and s.is_net = b.is_net
        ) as single_count,
        (
            select count(*) from pairs_of_payments as p
            where p.group_id = b.group_id and p.is_net = b.is_net)
            as pair_count,
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

without_number as (
    -- more than the batch: a payment for which the source names none
    select
        b.group_id, b.is_net, b.total, m.payment_id,
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
        s.group_id, s.is_net, s.total, null::uuid as added,
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
    select w.group_id, w.is_net, w.total, w.payment_id, 'batch_and_one'
    from without_number as w
    where w.choices = 1 and w.claims = 1
),

certain as (
    -- before fees or after: not both
    select e.*, e.group_id || ' gap' as claim
    from (
        select
            x.*, count(*) over (partition by x.group_id) as ways
        from explained as x
    ) as e
    where e.ways = 1
),

with_lines as (
    insert into claim_lines (claim, bank_day, line_id, amount_cents)
    select c.claim, l.bank_day, l.line_id, l.amount_cents
    from certain as c
    inner join batch_lines as l on c.group_id = l.group_id
),

with_members as (
    insert into claim_members (claim, payment_id)
    select c.claim, m.payment_id
    from certain as c
    inner join batch_members as m on c.group_id = m.group_id
    where
        not exists (
            select from doubtful as d
            where d.group_id = c.group_id and d.is_net = c.is_net and d.payment_id = m.payment_id
        )
    union all
    select c.claim, c.added
    from certain as c
    where c.added is not null
)

insert into batch_claims (claim, method, is_net, total)
select c.claim, c.method, c.is_net, c.total
from certain as c;

-- One payment in several lines that name it.
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

split as (
    select m.* from met as m
    where
        m.lines > 1 and m.total = m.amount_cents
        and not exists (
            select from met as o
            where o.payment_id = m.payment_id and o.payments > 1
        )
),

with_lines as (
    insert into claim_lines (claim, bank_day, line_id, amount_cents)
    select s.payment_id || ' split', s.bank_day, s.line_id, s.line_cents
    from split as s
)

insert into batch_claims (claim, method, is_net, total)
select distinct s.payment_id || ' split', 'batch_of_several_lines', false, s.amount_cents
from split as s;

insert into claim_members (claim, payment_id)
select c.claim, split_part(c.claim, ' ', 1)::uuid
from batch_claims as c
where c.claim like '%% split';

-- What people took apart stays apart; and what reaches further than is judged is for the runs of other days.
with taken_apart as (
    select l.claim
    from claim_lines as l
    inner join claim_members as m on l.claim = m.claim
    inner join forbidden as f on l.line_id = f.line_id and m.payment_id = f.payment_id
),

beyond as (
    select l.claim
    from claim_lines as l
    inner join work.candidate_lines as o on l.bank_day = o.bank_day and l.line_id = o.line_id
    where not o.is_judged
    union
    select m.claim
    from claim_members as m
    inner join work.candidate_movements as o on m.payment_id = o.payment_id
    where not o.is_judged and o.kind = 'credit'
)

delete from batch_claims as c
where
    c.claim in (select t.claim from taken_apart as t)
    or c.claim in (select b.claim from beyond as b);

-- Each claim row by row. Lines and payments lie along one measure, the cents of the claim: where a stretch of a line
-- and one of a payment overlap, the payment is in the line. What the one line of an unexplained rest has over goes to
-- the first payment.
insert into found (
    bank_day,
    line_id,
    our_day,
    effective_on,
    loan_id,
    payment_id,
    kind,
    bank_cents,
    our_cents,
    fee_cents,
    method,
    group_no
)
with lines as (
    select
        l.claim, l.bank_day, l.line_id,
        sum(l.amount_cents) over along - l.amount_cents as from_cents,
        sum(l.amount_cents) over along as to_cents,
        count(*) over (partition by l.claim) as lines,
        hashtextextended(min(l.line_id) over (partition by l.claim), 0) as group_no
    from claim_lines as l
    inner join batch_claims as c on l.claim = c.claim
    window along as (partition by l.claim order by l.bank_day, l.line_id)
),

shares as (
    select
        m.claim, c.method, c.total, o.our_day, o.effective_on, o.loan_id, o.payment_id, o.kind, o.amount_cents,
        case when c.is_net then o.fee_cents else 0 end as fee_cents
    from claim_members as m
    inner join batch_claims as c on m.claim = c.claim
    inner join work.candidate_movements as o on m.payment_id = o.payment_id and o.kind = 'credit'
),

members as (
    select
        s.*,
        sum(s.amount_cents - s.fee_cents) over along - (s.amount_cents - s.fee_cents) as from_cents,
        sum(s.amount_cents - s.fee_cents) over along as to_cents,
        s.total - sum(s.amount_cents - s.fee_cents) over (partition by s.claim) as rest,
        row_number() over along as nth
    from shares as s
    window along as (partition by s.claim order by s.payment_id)
)

select
    l.bank_day, l.line_id, m.our_day, m.effective_on, m.loan_id, m.payment_id, m.kind,
    case
        when l.lines = 1 then m.amount_cents - m.fee_cents + case m.nth when 1 then m.rest else 0 end
        else least(l.to_cents, m.to_cents) - greatest(l.from_cents, m.from_cents)
    end,
    case
        when l.lines = 1 then m.amount_cents
        else
            least(l.to_cents, m.to_cents) - greatest(l.from_cents, m.from_cents)
            + case when m.to_cents <= l.to_cents then m.fee_cents else 0 end
    end,
    case when l.lines = 1 or m.to_cents <= l.to_cents then m.fee_cents else 0 end,
    m.method, l.group_no
from lines as l
inner join members as m
    on l.claim = m.claim and (l.lines = 1 or (l.from_cents < m.to_cents and m.from_cents < l.to_cents));
