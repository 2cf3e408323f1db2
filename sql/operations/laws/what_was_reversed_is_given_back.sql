-- Law 1. A reversed payment keeps nothing of what it paid: its receipt is held as returned, and its return gives
-- exactly that back on the day of the return. Money of any other payment is neither held nor given back.
with reversed as (
    -- payments that went back on these days, with their receipts as they stand; each is looked up in its day
    select
        t.happened_on, t.loan_id, t.payment_id, p.amount_cents,
        coalesce(r.held, 0) as held,
        coalesce(r.kept, 0) as kept,
        r.rows > 0 as is_posted
    from payments.reversals_in_force as t
    cross join
        lateral (
            select q.amount_cents
            from payments.payments as q
            where q.effective_on = t.effective_on and q.loan_id = t.loan_id and q.payment_id = t.payment_id
            offset 0
        ) as p
    cross join
        lateral (
            select sum(a.returned_cents) as held, sum(a.cash_cents - a.returned_cents) as kept, count(*) as rows
            from ledger.allocations as a
            where
                a.effective_on = t.effective_on and a.loan_id = t.loan_id and a.subject_id = t.payment_id
                and a.kind = 'receipt'
        ) as r
    where t.happened_on between %(first)s and %(last)s
),

given_back as (
    -- the returns booked on these days, but for those taken back because the payment had gone back earlier
    select a.effective_on, a.loan_id, a.subject_id, -sum(a.cash_cents) as cash, -sum(a.returned_cents) as returned
    from ledger.allocations as a
    where a.kind = 'return' and a.effective_on between %(first)s and %(last)s
    group by a.effective_on, a.loan_id, a.subject_id
    having sum(a.cash_cents) <> 0 or sum(a.returned_cents) <> 0
),

waiting as (
    -- reversals whose day has not been run since they came to light: an earlier one may still stand in their place
    select v.loan_id, v.payment_id
    from payments.reversals_in_force as v
    where
        not exists (
            select from operations.posted_days as d
            where d.business_date = v.happened_on
        )
),

compared as (
    select
        coalesce(r.happened_on, g.effective_on) as business_date,
        coalesce(r.loan_id, g.loan_id) as loan_id,
        coalesce(r.payment_id, g.subject_id) as payment_id,
        r.amount_cents, r.held, r.kept, g.cash, g.returned,
        case
            when r.payment_id is null then false
            when not r.is_posted then g.cash is null
            else r.kept = 0 and r.held = r.amount_cents and g.cash = r.amount_cents and g.returned = r.amount_cents
        end as is_settled,
        w.payment_id is not null and (r.payment_id is null or r.is_posted and g.cash is null) as is_pending
    from reversed as r
    full join given_back as g
        on r.happened_on = g.effective_on and r.loan_id = g.loan_id and r.payment_id = g.subject_id
    left join waiting as w
        on coalesce(r.loan_id, g.loan_id) = w.loan_id and coalesce(r.payment_id, g.subject_id) = w.payment_id
),

held_without_cause as (
    -- receipts held as returned although nobody took them back
    select a.effective_on, a.loan_id, a.subject_id, sum(a.returned_cents) as held
    from ledger.allocations as a
    where
        a.kind = 'receipt' and a.effective_on between %(first)s and %(last)s
        and not exists (
            select from payments.reversals as t
            where t.loan_id = a.loan_id and t.payment_id = a.subject_id
        )
        and a.returned_cents <> 0
    group by a.effective_on, a.loan_id, a.subject_id
    having sum(a.returned_cents) <> 0
),

wrong as materialized (
    select
        c.business_date,
        format('loan %%s, payment %%s', c.loan_id, c.payment_id) as keys,
        format(
            '%%s cents held as returned, %%s cents kept, %%s cents given back',
            coalesce(c.held, 0), coalesce(c.kept, 0), coalesce(c.cash, 0)
        ) as found,
        case
            when c.amount_cents is null then 'nothing given back: no reversal happened on this day'
            else format('%%s cents held as returned and given back on this day', c.amount_cents)
        end as expected
    from compared as c
    where c.is_settled is not true and c.is_pending is not true

    union all

    select
        h.effective_on,
        format('loan %%s, payment %%s', h.loan_id, h.subject_id),
        format('%%s cents held as returned', h.held),
        'nothing held: the payment was not reversed'
    from held_without_cause as h
)

select w.*, count(*) over () as violations
from wrong as w
order by w.business_date, w.keys
limit %(most)s
