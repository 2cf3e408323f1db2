-- Law 7. What the reconciliation of a day says the bank has and we have, account by account and rail by rail, is what
-- the bank's lines and our payments add up to now; it is called balanced exactly where what is unexplained is nothing.
with reconciled as (
    select distinct d.bank_day
    from reconciliation.days as d
    where d.bank_day between %(first)s and %(last)s
),

as_written as (
    select b.bank_day, b.channel, b.account, sum(b.amount_cents) as cents
    from settlement.lines_in_force as b
    where b.bank_day between %(first)s and %(last)s
    group by b.bank_day, b.channel, b.account
),

bank as (
    -- an account that we know by another name is the one on which the rail settles
    select b.bank_day, coalesce(k.account, r.account, b.account) as account, b.channel, sum(b.cents) as cents
    from as_written as b
    left join settlement.rules as r on b.channel = r.channel
    left join (select distinct s.account from settlement.rules as s) as k on b.account = k.account
    group by b.bank_day, coalesce(k.account, r.account, b.account), b.channel
),

movements as (
    -- money that its rail says is there
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
        and p.effective_on between %(first)s::date - settlement.most_days_to_settle() and %(last)s
        and t.effective_on between %(first)s::date - settlement.most_days_to_settle() and %(last)s

    union all

    -- and money that went back, of payments of any age: it moves on the next day on which banks are open
    select c.bank_day, p.channel, -p.amount_cents
    from payments.reversals_in_force as t
    -- each is looked up in the day of its value: a join would read all days
    cross join
        lateral (
            select q.channel, q.amount_cents
            from payments.payments as q
            where
                q.effective_on = t.effective_on and q.loan_id = t.loan_id and q.payment_id = t.payment_id
                and exists (
                    select from payments.transitions as step
                    where
                        step.effective_on = t.effective_on
                        and step.loan_id = t.loan_id
                        and step.payment_id = t.payment_id
                        and step.status = 'completed'
                )
            offset 0
        ) as p
    inner join settlement.bank_calendar as c on t.happened_on = c.business_date
    where
        t.happened_on between %(first)s::date - settlement.most_days_to_settle() and %(last)s
        and c.bank_day between %(first)s and %(last)s
),

ours as (
    select m.bank_day, r.account, m.channel, sum(m.cents) as cents
    from movements as m
    inner join settlement.rules as r on m.channel = r.channel
    group by m.bank_day, r.account, m.channel
),

recomputed as (
    select
        coalesce(b.bank_day, o.bank_day) as bank_day, coalesce(b.account, o.account) as account,
        coalesce(b.channel, o.channel) as channel,
        coalesce(b.cents, 0) as bank_cents, coalesce(o.cents, 0) as our_cents
    from bank as b
    full join ours as o on b.bank_day = o.bank_day and b.account = o.account and b.channel = o.channel
    where coalesce(b.bank_day, o.bank_day) in (select r.bank_day from reconciled as r)
),

days as (
    select d.* from reconciliation.days as d
    where d.bank_day between %(first)s and %(last)s
),

open_items as (
    select i.bank_day, i.account, i.channel, sum(i.variance_cents) as cents
    from reconciliation.items as i
    where i.bank_day between %(first)s and %(last)s and i.status = 'open'
    group by i.bank_day, i.account, i.channel
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
            case when coalesce(o.cents, 0) = 0 then 'balanced' else 'variance' end
        ) as expected
    from days as d
    full join recomputed as r on d.bank_day = r.bank_day and d.account = r.account and d.channel = r.channel
    left join open_items as o on d.bank_day = o.bank_day and d.account = o.account and d.channel = o.channel
    where
        d.bank_day is null
        or d.bank_cents <> coalesce(r.bank_cents, 0)
        or d.our_cents <> coalesce(r.our_cents, 0)
        or d.variance_cents <> d.bank_cents - d.our_cents
        or (d.status = 'balanced') <> (coalesce(o.cents, 0) = 0)
)

select b.*, count(*) over () as violations
from broken as b
order by b.business_date, b.keys
limit %(most)s
