-- Law 7. What the reconciliation of a day says the bank has and we have, rail by rail, is what the bank's lines and
-- our payments add up to now; a day is called balanced exactly where the two are equal.
with plain_rail as (
    -- a return moves at the bank on the next day on which banks are open
    select min(r.channel) as channel
    from settlement.rules as r
    where r.lag_bank_days = 0 and not r.every_day
),

reconciled as (
    select distinct d.bank_day
    from reconciliation.days as d
    where d.bank_day between %(first)s and %(last)s
),

bank as (
    select b.bank_day, b.channel, sum(b.amount_cents) as cents
    from settlement.lines_in_force as b
    where b.bank_day between %(first)s and %(last)s
    group by b.bank_day, b.channel
),

movements as (
    -- money that its rail says is there; no rail takes ten days
    select p.settles_on as bank_day, p.channel, p.amount_cents as cents
    from payments.payments as p
    inner join payments.transitions as t
        on
            p.effective_on = t.effective_on
            and p.loan_id = t.loan_id
            and p.payment_id = t.payment_id
            and t.status = 'completed'
    where
        p.settles_on between %(first)s and %(last)s
        and p.effective_on between %(first)s::date - 10 and %(last)s
        and t.effective_on between %(first)s::date - 10 and %(last)s

    union all

    -- and money that went back, of payments of any age
    select c.settles_on, p.channel, -p.amount_cents
    from payments.reversals_in_force as t
    inner join payments.payments as p
        on t.effective_on = p.effective_on and t.loan_id = p.loan_id and t.payment_id = p.payment_id
    inner join plain_rail as r on true
    inner join settlement.calendar as c on r.channel = c.channel and t.happened_on = c.business_date
    where
        t.happened_on between %(first)s::date - 10 and %(last)s
        and c.settles_on between %(first)s and %(last)s
        and exists (
            select from payments.transitions as q
            where
                q.effective_on = t.effective_on and q.loan_id = t.loan_id and q.payment_id = t.payment_id
                and q.status = 'completed'
        )
),

ours as (
    select m.bank_day, m.channel, sum(m.cents) as cents
    from movements as m
    group by m.bank_day, m.channel
),

recomputed as (
    select
        coalesce(b.bank_day, o.bank_day) as bank_day, coalesce(b.channel, o.channel) as channel,
        coalesce(b.cents, 0) as bank_cents, coalesce(o.cents, 0) as our_cents
    from bank as b
    full join ours as o on b.bank_day = o.bank_day and b.channel = o.channel
    where coalesce(b.bank_day, o.bank_day) in (select r.bank_day from reconciled as r)
),

days as (
    select d.* from reconciliation.days as d
    where d.bank_day between %(first)s and %(last)s
),

broken as materialized (
    select
        coalesce(d.bank_day, r.bank_day) as business_date,
        coalesce(d.channel, r.channel) as keys,
        case
            when d.bank_day is null then 'not reconciled, although other rails of the day are'
            else format('bank %%s, ours %%s, variance %%s: %%s', d.bank_cents, d.our_cents, d.variance_cents, d.status)
        end as found,
        format(
            'bank %%s, ours %%s, variance %%s: %%s', coalesce(r.bank_cents, 0), coalesce(r.our_cents, 0),
            coalesce(r.bank_cents - r.our_cents, 0),
            case when coalesce(r.bank_cents = r.our_cents, true) then 'balanced' else 'variance' end
        ) as expected
    from days as d
    full join recomputed as r on d.bank_day = r.bank_day and d.channel = r.channel
    where
        d.bank_day is null
        or d.bank_cents <> coalesce(r.bank_cents, 0)
        or d.our_cents <> coalesce(r.our_cents, 0)
        or d.variance_cents <> d.bank_cents - d.our_cents
        or (d.status = 'balanced') <> (d.bank_cents = d.our_cents)
)

select b.*, count(*) over () as violations
from broken as b
order by b.business_date, b.keys
limit %(most)s
