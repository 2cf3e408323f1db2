-- Lines of the bank on :day beside the movements of ours, from work.movements: a row for each pair of which every word
-- agrees, and one for each line or movement that has no such partner. Tables of the schema work, which several cores
-- can read at once; what comes after works on what is left over.
--
-- What both sides are known by is joined by its hash; what the hash stands for is compared all the same. Only where
-- several lines or movements look alike are they numbered, so that each is used once: numbering all of a large day
-- would take as long as everything else.
drop table if exists work.alike, work.doubtful, work.pairs;

-- Next to all hashes differ: what several processes counted apart would be counted again by one. Numbers are sorted
-- faster than a million groups of one are kept; whole rows are not, which is why the join hashes.
select
    set_config('max_parallel_workers_per_gather', '0', true),
    set_config('enable_mergejoin', 'off', true),
    set_config('enable_hashagg', 'off', true);

-- Movements of ours that look alike.
create unlogged table work.alike as
select m.hash
from work.movements as m
group by m.hash
having count(*) > 1;

-- Pairs that agree in every respect. Each line finds at most one movement, since those that look alike stay out; a
-- movement may find several lines, which the next statement puts right.
create unlogged table work.pairs as
with known as (
    select
        b.channel, b.kind, b.account, b.line_id, b.amount_cents,
        coalesce(b.transaction_id, reconciliation.folded(b.reference)) as key
    from settlement.lines_in_force as b
    where b.bank_day = %(day)s
    offset bigint '0'
),

lines as (
    select k.*, hashtextextended(k.key, k.amount_cents) as hash
    from known as k
),

ours as (
    select m.*
    from work.movements as m
    left join work.alike as a on m.hash = a.hash
    where a.hash is null
)

select
    hash, coalesce(l.channel, o.channel) as channel, coalesce(l.kind, o.kind) as kind, l.account, l.line_id,
    o.effective_on, o.loan_id, o.payment_id, l.amount_cents as bank_cents, o.amount_cents as our_cents, o.is_by_id,
    l.key = o.key and l.amount_cents = o.amount_cents and l.channel = o.channel and l.kind = o.kind as agrees
from lines as l
full outer join ours as o using (hash);

-- What the hash alone has brought together, or more than two at once.
create unlogged table work.doubtful as
select a.hash from work.alike as a
union
select p.hash
from work.pairs as p
where p.line_id is not null and p.payment_id is not null
group by p.hash
having count(*) > 1 or not bool_and(p.agrees);

analyze work.pairs (hash), work.doubtful;

-- Where lines or movements look alike, the first is paired with the first, and so on: they differ in nothing. Where
-- there are fewer lines than movements nobody can tell which movement it is that the bank does not show: none is
-- paired.
with taken as (
    delete from work.pairs as p
    using work.doubtful as d
    where p.hash = d.hash
    returning p.*
),

known as (
    select
        t.*,
        coalesce(b.transaction_id, reconciliation.folded(b.reference)) as key
    from taken as t
    inner join settlement.bank_lines as b on t.line_id = b.line_id
    where b.bank_day = %(day)s
),

lines as (
    select
        k.*,
        row_number() over (partition by k.key, k.bank_cents, k.channel, k.kind order by k.line_id) as nth,
        count(*) over (partition by k.key, k.bank_cents, k.channel, k.kind) as lines
    from known as k
),

ours as (
    select
        m.*,
        row_number() over (partition by m.key, m.amount_cents, m.channel, m.kind order by m.payment_id) as nth,
        count(*) over (partition by m.key, m.amount_cents, m.channel, m.kind) as movements
    from work.movements as m
    inner join work.doubtful as d on m.hash = d.hash
),

paired as (
    select l.line_id, o.effective_on, o.loan_id, o.payment_id, o.kind, o.amount_cents, o.is_by_id
    from lines as l
    inner join ours as o
        on
            l.key = o.key
            and l.bank_cents = o.amount_cents
            and l.channel = o.channel
            and l.kind = o.kind
            and l.nth = o.nth
            and l.lines >= o.movements
)

insert into work.pairs (
    hash, channel, kind, account, line_id, effective_on, loan_id, payment_id, bank_cents, our_cents, is_by_id
)
select
    t.hash, t.channel, t.kind, t.account, t.line_id, p.effective_on, p.loan_id, p.payment_id, t.bank_cents,
    p.amount_cents, p.is_by_id
from taken as t
left join paired as p on t.line_id = p.line_id
where t.line_id is not null
union all
select o.hash, o.channel, o.kind, null, null, o.effective_on, o.loan_id, o.payment_id, null, o.amount_cents, o.is_by_id
from ours as o
left join paired as p on o.payment_id = p.payment_id and o.kind = p.kind
where p.payment_id is null;

set local max_parallel_workers_per_gather to default;
set local enable_mergejoin to default;
set local enable_hashagg to default
