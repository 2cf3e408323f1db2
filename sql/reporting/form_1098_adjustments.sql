-- What rules take from or add to the interest that the ledger shows, for the few loans that they touch: a row a loan
-- and rule. The same rules, one by one and with their sources, are in rules/form_1098.py.
drop table if exists adjustments_1098;
create temporary table adjustments_1098 on commit drop as
with ahead_by_others as (
    -- payments of others that wait in suspense, less what was returned of them
    select o.loan_id, o.payment_id, min(p.effective_on) as effective_on
    from servicing.payments_by_others as o
    inner join ledger.applied as p on o.loan_id = p.loan_id and o.payment_id = p.subject_id
    where p.effective_on >= %(year_begins)s::date - interval '1 year'
    group by o.loan_id, o.payment_id
    having sum(p.suspense_cents) > 0
),

by_others as (
    -- the first release after such a payment is theirs; it has an id of its own
    select p.loan_id, p.payment_id, min(a.effective_on) as released_on
    from ahead_by_others as p
    inner join ledger.applied as a on p.loan_id = a.loan_id and p.effective_on <= a.effective_on
    where a.kind = 'release' and a.effective_on >= %(year_begins)s::date - interval '1 year'
    group by p.loan_id, p.payment_id
),

ahead as (
    -- an instalment of January that was paid from suspense when it fell due, at the year's beginning and at its end
    select
        a.loan_id, a.effective_on, l.due_day,
        sum(a.interest_cents) as interest,
        a.effective_on >= %(next_year_begins)s as is_next_year
    from ledger.applied as a
    inner join servicing.loans as l
        on a.loan_id = l.loan_id and a.effective_on = make_date(
            extract(year from a.effective_on)::integer, 1, l.due_day
        )
    where
        a.kind = 'release'
        and (
            a.effective_on between %(year_begins)s and %(year_begins)s::date + 30
            or a.effective_on between %(next_year_begins)s and %(next_year_begins)s::date + 30
        )
        and not exists (
            select from by_others as o
            where o.loan_id = a.loan_id and o.released_on = a.effective_on
        )
    group by a.loan_id, a.effective_on, l.due_day
),

held as (
    -- it was received before January only if what was in suspense then covers all that was released since
    select
        h.loan_id, h.due_day, h.interest, h.is_next_year
    from ahead as h
    inner join received_1098 as r on h.loan_id = r.loan_id
    cross join
        lateral (
            select -sum(a.suspense_cents) as cents
            from ledger.applied as a
            where
                a.loan_id = h.loan_id and a.kind = 'release' and a.effective_on <= h.effective_on
                and a.effective_on >= case when h.is_next_year then %(next_year_begins)s else %(year_begins)s end::date
        ) as released
    where
        h.interest > 0
        and released.cents <= case when h.is_next_year then r.suspense_at_end else r.suspense_before end
),

prepaid as (
    -- due on January d it accrues from December d on: all of it by January 15 where the filer takes that option, or the
    -- days to December 31 of the 31 of the month, halves up
    select
        h.loan_id, h.is_next_year,
        case
            when h.due_day = 1 or (%(uses_january_15)s and h.due_day <= 16) then h.interest
            else div(2 * h.interest * (32 - h.due_day) + 31, 62)
        end as cents
    from held as h
),

ahead_converted as (
    -- what the former system applied before it fell due: of a year's receipts, the part that accrues after its end
    select
        p.loan_id, p.interest_cents, v.year_ends, v.is_next_year, p.due_on,
        (p.due_on - interval '1 month')::date as accrues_from
    from ledger.conversions as p
    cross join
        lateral (
            values (%(next_year_begins)s::date, true), (%(year_begins)s::date, false)
        ) as v (year_ends, is_next_year)
    where
        p.kind = 'receipt' and p.interest_cents > 0 and p.due_on > v.year_ends
        and p.effective_on >= v.year_ends - interval '1 year' and p.effective_on < v.year_ends
        and not (%(uses_january_15)s and p.due_on <= v.year_ends + 15)
        and not exists (
            select from servicing.payments_by_others as o
            where o.loan_id = p.loan_id and o.payment_id = p.subject_id
        )
),

services as (
    -- loans that were charged a fee for a service, with what of their fees was paid before the year and by its end
    select r.loan_id, r.own_fees_before as paid_before, r.own_fees_before + r.own_fees as paid_by_end
    from received_1098 as r
    where
        r.own_fees <> 0
        and exists (
            select from ledger.fees as f
            where f.loan_id = r.loan_id and f.kind <> 'late'
        )
),

charged as (
    -- their fees, net of what was taken back, laid end to end in the order in which they were charged
    select f.loan_id, f.kind, f.amount, f.upto
    from (
        select
            f.loan_id, f.kind, sum(f.amount_cents) as amount,
            sum(sum(f.amount_cents)) over (
                partition by f.loan_id order by min(f.effective_on), f.kind, f.fee_id
            ) as upto
        from ledger.fees as f
        inner join services as s on f.loan_id = s.loan_id
        group by f.loan_id, f.kind, f.fee_id
    ) as f
),

fees_by_others as (
    -- fees that others paid where there are fees for a service: from where to where among all fees that were paid
    select
        f.loan_id, sign(f.fees_cents) as side, least(f.upto, f.upto - f.fees_cents) as paid_from,
        greatest(f.upto, f.upto - f.fees_cents) as paid_to
    from (
        select
            a.loan_id, a.subject_id, a.fees_cents,
            s.paid_before + sum(a.fees_cents) over (
                partition by a.loan_id order by a.effective_on, a.subject_id
                rows between unbounded preceding and current row
            ) as upto
        from services as s
        inner join ledger.applied as a on s.loan_id = a.loan_id
        where
            not a.is_converted and a.effective_on >= %(year_begins)s and a.effective_on < %(next_year_begins)s
    ) as f
    inner join servicing.payments_by_others as o on f.loan_id = o.loan_id and f.subject_id = o.payment_id
    where f.fees_cents <> 0
)

select
    p.loan_id,
    case when p.is_next_year then 'prepaid_now' else 'reported_last_year' end as rule,
    p.cents::bigint as cents
from prepaid as p
union all
select
    p.loan_id,
    case when p.is_next_year then 'prepaid_now' else 'reported_last_year' end,
    (
        div(
            2 * p.interest_cents::numeric * greatest(p.year_ends - p.accrues_from, 0) + (p.due_on - p.accrues_from),
            2 * (p.due_on - p.accrues_from)
        ) - p.interest_cents
    )::bigint
from ahead_converted as p
union all
select
    s.loan_id, 'service_fees',
    sum(greatest(0, least(s.paid_by_end, c.upto) - greatest(s.paid_before, c.upto - c.amount)))::bigint
from services as s
inner join charged as c on s.loan_id = c.loan_id and c.kind <> 'late'
group by s.loan_id
union all
-- the former system told apart what each of its receipts paid
select p.loan_id, 'service_fees', sum(p.service_fees_cents)::bigint
from ledger.conversions as p
where p.effective_on >= %(year_begins)s and p.effective_on < %(next_year_begins)s and p.service_fees_cents <> 0
group by p.loan_id
union all
select o.loan_id, 'paid_by_others', sum(a.interest_cents + a.fees_cents)::bigint
from servicing.payments_by_others as o
inner join ledger.applied as a on o.loan_id = a.loan_id and o.payment_id = a.subject_id
where a.effective_on >= %(year_begins)s and a.effective_on < %(next_year_begins)s
group by o.loan_id
union all
-- fees for a service are left out already, whoever paid them
select
    o.loan_id, 'paid_by_others',
    -sum(o.side * greatest(0, least(o.paid_to, c.upto) - greatest(o.paid_from, c.upto - c.amount)))::bigint
from fees_by_others as o
inner join charged as c on o.loan_id = c.loan_id and c.kind <> 'late'
group by o.loan_id
union all
select o.loan_id, 'paid_by_others', -sum(p.service_fees_cents)::bigint
from servicing.payments_by_others as o
inner join ledger.conversions as p on o.loan_id = p.loan_id and o.payment_id = p.subject_id
where p.effective_on >= %(year_begins)s and p.effective_on < %(next_year_begins)s and p.service_fees_cents <> 0
group by o.loan_id
union all
select o.loan_id, 'paid_by_others', sum(a.interest_cents)::bigint
from (select distinct b.loan_id, b.released_on from by_others as b) as o
inner join ledger.applied as a
    on o.loan_id = a.loan_id and o.released_on = a.effective_on and a.kind = 'release'
where a.effective_on >= %(year_begins)s and a.effective_on < %(next_year_begins)s
group by o.loan_id
union all
select
    f.loan_id,
    case when f.received_in_year = %(tax_year)s then 'refunded' else 'box_4' end,
    sum(f.amount_cents)::bigint
from servicing.interest_refunds as f
where f.refunded_on >= %(year_begins)s and f.refunded_on < %(next_year_begins)s
group by f.loan_id, f.received_in_year = %(tax_year)s;

create index on adjustments_1098 (loan_id);
analyze adjustments_1098
