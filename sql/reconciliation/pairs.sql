-- Lines of the bank and movements of ours on :day, side by side: a row for each pair, with how it was found, and one
-- for each line or movement that has no partner. Temporary tables; matches, items and days are read from `pairs`.
--
-- References are compared trimmed and folded, as in the payment's key. The hash makes that quick; what it stands for is
-- compared all the same. Only where several lines or movements look alike are they numbered, so that each is used once:
-- numbering all of a large day would take as long as everything else.

-- Joining day by day lets each day choose its own way: most of them have next to nothing that settles on :day.
select set_config('enable_partitionwise_join', 'on', true);

drop table if exists pg_temp.movements, pg_temp.alike, pg_temp.pairs;

create temporary table movements on commit drop as
with
-- Money of today that settles today. Only what its rail has called completed is money that the bank has; what came back
-- later was there all the same.
credited_today as (
    select p.channel, 'credit' as kind, p.loan_id, p.payment_id, p.reference, p.amount_cents
    from payments.payments as p
    inner join payments.transitions as t on p.loan_id = t.loan_id and p.payment_id = t.payment_id
    where
        p.effective_on = %(day)s
        and p.settles_on = %(day)s
        and t.effective_on = %(day)s
        and t.status = 'completed'
),

-- Money of the days before whose rail took its time. No rail takes ten days; that the two dates differ is the condition
-- of the index that finds it.
credited_before as (
    select p.channel, 'credit' as kind, p.loan_id, p.payment_id, p.reference, p.amount_cents
    from payments.payments as p
    inner join payments.transitions as t
        on p.effective_on = t.effective_on and p.loan_id = t.loan_id and p.payment_id = t.payment_id
    where
        p.effective_on between %(day)s - 10 and %(day)s - 1
        and p.settles_on = %(day)s
        and p.settles_on <> p.effective_on
        and t.effective_on between %(day)s - 10 and %(day)s - 1
        and t.status = 'completed'
),

-- Payments of any age that went back when the bank shows it today: :value_dates are those of all that did. One that
-- never arrived cannot leave again.
returned as (
    select p.channel, 'return' as kind, p.loan_id, p.payment_id, p.reference, -p.amount_cents as amount_cents
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

folded as (
    select m.*, lower(btrim(m.reference, E' \t\n\r\f\x0b') collate "C") as folded
    from (
        select * from credited_today
        union all
        select * from credited_before
        union all
        select * from returned
    ) as m
    offset 0
)

select f.*, hashtextextended(f.folded, f.amount_cents) as hash
from folded as f;

-- Movements of ours that look alike.
create temporary table alike on commit drop as
select m.hash
from movements as m
group by m.hash
having count(*) > 1;

-- Pairs that agree in every respect. Each line finds at most one movement, since those that look alike stay out; a
-- movement may find several lines, which the next statement puts right.
create temporary table pairs on commit drop as
with folded as (
    select
        b.channel, b.kind, b.line_id, b.reference, b.amount_cents,
        lower(btrim(b.reference, E' \t\n\r\f\x0b') collate "C") as folded
    from settlement.lines_in_force as b
    where b.bank_day = %(day)s
    offset 0
),

lines as (
    select f.*, hashtextextended(f.folded, f.amount_cents) as hash
    from folded as f
),

ours as (
    select m.*
    from movements as m
    left join alike as a on m.hash = a.hash
    where a.hash is null
)

select
    hash, channel, kind, folded, l.line_id, o.loan_id, o.payment_id, l.amount_cents as bank_cents,
    o.amount_cents as our_cents,
    case when l.line_id is null then o.reference when o.payment_id is null then l.reference end as reference,
    'exact' as method
from lines as l
full outer join ours as o using (hash, folded, amount_cents, channel, kind);

-- Where lines or movements look alike, the first is paired with the first, and so on.
with doubtful as (
    select a.hash from alike as a
    union
    select p.hash
    from pairs as p
    where p.line_id is not null and p.payment_id is not null
    group by p.hash
    having count(*) > 1
),

taken as (
    delete from pairs as p
    using doubtful as d
    where p.hash = d.hash
    returning p.*
),

lines as (
    select t.*, row_number() over (partition by t.folded, t.bank_cents, t.channel, t.kind order by t.line_id) as nth
    from taken as t
    where t.line_id is not null
),

ours as (
    select
        m.*, row_number() over (partition by m.folded, m.amount_cents, m.channel, m.kind order by m.payment_id) as nth
    from movements as m
    inner join doubtful as d on m.hash = d.hash
)

insert into pairs (
    hash, channel, kind, folded, line_id, loan_id, payment_id, bank_cents, our_cents, reference, method
)
select
    coalesce(l.hash, o.hash), coalesce(l.channel, o.channel), coalesce(l.kind, o.kind), coalesce(l.folded, o.folded),
    l.line_id, o.loan_id, o.payment_id, l.bank_cents, o.amount_cents, coalesce(l.reference, o.reference), 'exact'
from lines as l
full outer join ours as o
    on
        l.folded = o.folded
        and l.bank_cents = o.amount_cents
        and l.channel = o.channel
        and l.kind = o.kind
        and l.nth = o.nth;

-- Among what is left, what agrees in all but the amount.
with left_over as (
    delete from pairs as p
    where p.line_id is null or p.payment_id is null
    returning p.*
),

lines as (
    select s.*, row_number() over (partition by s.folded, s.channel, s.kind order by s.line_id) as nth
    from left_over as s
    where s.line_id is not null
),

ours as (
    select s.*, row_number() over (partition by s.folded, s.channel, s.kind order by s.payment_id) as nth
    from left_over as s
    where s.payment_id is not null
)

insert into pairs (
    hash, channel, kind, folded, line_id, loan_id, payment_id, bank_cents, our_cents, reference, method
)
select
    coalesce(l.hash, o.hash), channel, kind, folded, l.line_id, o.loan_id, o.payment_id, l.bank_cents, o.our_cents,
    coalesce(l.reference, o.reference), 'reference'
from lines as l
full outer join ours as o using (folded, channel, kind, nth);

analyze pairs;
