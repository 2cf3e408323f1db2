-- Lines of the bank and movements of ours on :day, side by side: a row for each pair of which every word agrees, and
-- one for each line or movement that has no such partner. Tables of the schema work, which several cores can read at
-- once; what comes after works on what is left over.
--
-- Where both sides have the id of the transfer, that is what they are known by; where one has not, the reference,
-- trimmed and folded as in the payment's key. The hash makes that quick; what it stands for is compared all the same.
-- Only where several lines or movements look alike are they numbered, so that each is used once: numbering all of a
-- large day would take as long as everything else.

-- Joining day by day lets each day choose its own way: most of them have next to nothing that settles on :day.
select set_config('enable_partitionwise_join', 'on', true);

drop table if exists work.movements, work.alike, work.doubtful, work.pairs;

create unlogged table work.movements as
with
-- Money of today that settles today. Only what its rail has called completed is money that the bank has; what came back
-- later was there all the same.
credited_today as (
    select
        p.channel, 'credit' as kind, p.effective_on, p.loan_id, p.payment_id, p.transfer_id, p.reference, p.amount_cents
    from payments.payments as p
    inner join payments.transitions as t on p.loan_id = t.loan_id and p.payment_id = t.payment_id
    where
        p.effective_on = %(day)s
        and p.settles_on = %(day)s
        and t.effective_on = %(day)s
        and t.status = 'completed'
),

-- Money of the days before whose rail took its time. That the two dates differ is the condition of the index that
-- finds it.
credited_before as (
    select
        p.channel, 'credit' as kind, p.effective_on, p.loan_id, p.payment_id, p.transfer_id, p.reference, p.amount_cents
    from payments.payments as p
    inner join payments.transitions as t
        on p.effective_on = t.effective_on and p.loan_id = t.loan_id and p.payment_id = t.payment_id
    where
        p.effective_on between %(day)s - settlement.most_days_to_settle() and %(day)s - 1
        and p.settles_on = %(day)s
        and p.settles_on <> p.effective_on
        and t.effective_on between %(day)s - settlement.most_days_to_settle() and %(day)s - 1
        and t.status = 'completed'
),

-- Payments of any age that went back when the bank shows it today: :value_dates are those of all that did. One that
-- never arrived cannot leave again. The bank shows the transfer by which the money went back, which on some rails is
-- another than it came by.
returned as (
    select
        p.channel, 'return' as kind, p.effective_on, p.loan_id, p.payment_id,
        coalesce(t.transfer_id, p.transfer_id) as transfer_id, p.reference, -p.amount_cents as amount_cents
    from payments.reversals_in_force as t
    inner join payments.payments as p
        on t.effective_on = p.effective_on and t.loan_id = p.loan_id and t.payment_id = p.payment_id
    inner join payments.transitions as arrived
        on
            t.effective_on = arrived.effective_on
            and t.loan_id = arrived.loan_id
            and t.payment_id = arrived.payment_id
            and arrived.status = 'completed'
    where
        t.happened_on between %(returns_from)s and %(day)s
        and t.effective_on = any(%(value_dates)s)
        and p.effective_on = any(%(value_dates)s)
        and arrived.effective_on = any(%(value_dates)s)
),

known as (
    select
        m.*,
        coalesce(m.transfer_id, reconciliation.folded(m.reference)) as key
    from (
        select * from credited_today
        union all
        select * from credited_before
        union all
        select * from returned
    ) as m
    offset bigint '0'
)

select
    k.channel, k.kind, k.effective_on, k.loan_id, k.payment_id, k.amount_cents, k.key,
    k.transfer_id is not null as is_by_id,
    hashtextextended(k.key, k.amount_cents) as hash
from known as k;

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
