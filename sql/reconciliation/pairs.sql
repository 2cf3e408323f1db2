-- Lines of the bank and movements of ours on :day, side by side: a row for each pair, with how it was found, and one for each
-- line or movement that has no partner. Temporary tables; matches, items and days are read from `pairs`.
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
    select payments.loan_id, payments.payment_id, payments.channel, payments.reference, payments.amount_cents
    from payments.payments
    inner join payments.transitions
        on transitions.loan_id = payments.loan_id and transitions.payment_id = payments.payment_id
    where payments.effective_on = %(day)s and payments.settles_on = %(day)s
        and transitions.effective_on = %(day)s and transitions.status = 'completed'
),

-- Money of the days before whose rail took its time. No rail takes ten days; that the two dates differ is the condition of
-- the index that finds it.
credited_before as (
    select payments.loan_id, payments.payment_id, payments.channel, payments.reference, payments.amount_cents
    from payments.payments
    inner join payments.transitions
        on transitions.effective_on = payments.effective_on
            and transitions.loan_id = payments.loan_id
            and transitions.payment_id = payments.payment_id
    where payments.effective_on between %(day)s - 10 and %(day)s - 1
        and payments.settles_on = %(day)s and payments.settles_on <> payments.effective_on
        and transitions.effective_on between %(day)s - 10 and %(day)s - 1 and transitions.status = 'completed'
),

-- Payments that went back on a day whose returns the bank shows today, of whatever age. One that never arrived cannot
-- leave again.
returned as (
    select payments.loan_id, payments.payment_id, payments.channel, payments.reference, -payments.amount_cents as amount_cents
    from payments.transitions
    inner join payments.payments
        on payments.effective_on = transitions.effective_on
            and payments.loan_id = transitions.loan_id
            and payments.payment_id = transitions.payment_id
    where transitions.status = 'reversed' and transitions.happened_on between %(returns_from)s and %(day)s
        and exists (
            select from payments.transitions as completed
            where completed.effective_on = transitions.effective_on
                and completed.loan_id = transitions.loan_id
                and completed.payment_id = transitions.payment_id
                and completed.status = 'completed'
        )
),

all_movements as (
    select 'credit' as kind, credited_today.* from credited_today
    union all
    select 'credit' as kind, credited_before.* from credited_before
    union all
    select 'return' as kind, returned.* from returned
)

select all_movements.*, folding.folded, hashtextextended(folding.folded, all_movements.amount_cents) as hash
from all_movements
cross join lateral (
    select lower(btrim(all_movements.reference, E' \t\n\r\f\x0b') collate "C") as folded offset 0
) as folding;

-- Movements of ours that look alike.
create temporary table alike on commit drop as
select movements.hash from movements group by movements.hash having count(*) > 1;

-- Pairs that agree in every respect. Each line finds at most one movement, since those that look alike stay out; a
-- movement may find several lines, which the next statement puts right.
create temporary table pairs on commit drop as
with
lines as (
    select
        bank_lines.line_id, bank_lines.channel, bank_lines.kind, bank_lines.amount_cents, bank_lines.reference,
        folding.folded, hashtextextended(folding.folded, bank_lines.amount_cents) as hash
    from settlement.bank_lines
    cross join lateral (
        select lower(btrim(bank_lines.reference, E' \t\n\r\f\x0b') collate "C") as folded offset 0
    ) as folding
    where bank_lines.bank_day = %(day)s
),

ours as (
    select movements.*
    from movements
    where not exists (select from alike where alike.hash = movements.hash)
)

select
    hash, channel, kind, folded, lines.line_id, ours.loan_id, ours.payment_id,
    lines.amount_cents as bank_cents, ours.amount_cents as our_cents,
    case when lines.line_id is null then ours.reference when ours.payment_id is null then lines.reference end as reference,
    'exact' as method
from lines
full outer join ours using (hash, folded, amount_cents, channel, kind);

-- Where lines or movements look alike, the first is paired with the first, and so on.
with
doubtful as (
    select alike.hash from alike
    union
    select pairs.hash
    from pairs
    where pairs.line_id is not null and pairs.payment_id is not null
    group by pairs.hash
    having count(*) > 1
),

taken as (
    delete from pairs using doubtful where pairs.hash = doubtful.hash
    returning pairs.*
),

lines as (
    select
        taken.*,
        row_number() over (
            partition by taken.folded, taken.bank_cents, taken.channel, taken.kind order by taken.line_id
        ) as nth
    from taken
    where taken.line_id is not null
),

ours as (
    select
        movements.*,
        row_number() over (
            partition by movements.folded, movements.amount_cents, movements.channel, movements.kind
            order by movements.payment_id
        ) as nth
    from movements
    inner join doubtful using (hash)
)

insert into pairs (
    hash, channel, kind, folded, line_id, loan_id, payment_id, bank_cents, our_cents, reference, method
)
select
    coalesce(lines.hash, ours.hash), coalesce(lines.channel, ours.channel), coalesce(lines.kind, ours.kind),
    coalesce(lines.folded, ours.folded), lines.line_id, ours.loan_id, ours.payment_id, lines.bank_cents, ours.amount_cents,
    coalesce(lines.reference, ours.reference), 'exact'
from lines
full outer join ours
    on ours.folded = lines.folded and ours.amount_cents = lines.bank_cents
        and ours.channel = lines.channel and ours.kind = lines.kind and ours.nth = lines.nth;

-- Among what is left, what agrees in all but the amount.
with
left_over as (
    delete from pairs where pairs.line_id is null or pairs.payment_id is null
    returning pairs.*
),

lines as (
    select
        left_over.*,
        row_number() over (partition by left_over.folded, left_over.channel, left_over.kind order by left_over.line_id) as nth
    from left_over
    where left_over.payment_id is null
),

ours as (
    select
        left_over.*,
        row_number() over (partition by left_over.folded, left_over.channel, left_over.kind order by left_over.payment_id) as nth
    from left_over
    where left_over.line_id is null
)

insert into pairs (
    hash, channel, kind, folded, line_id, loan_id, payment_id, bank_cents, our_cents, reference, method
)
select
    coalesce(lines.hash, ours.hash), channel, kind, folded, lines.line_id, ours.loan_id, ours.payment_id, lines.bank_cents,
    ours.our_cents, coalesce(lines.reference, ours.reference), 'reference'
from lines
full outer join ours using (folded, channel, kind, nth);

analyze pairs;
