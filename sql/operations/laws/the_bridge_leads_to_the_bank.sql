-- Law 7. The bridge of an account, rail and day leads from our total to the bank's: its causes sum to the variance, and
-- each cause is what its items add up to.
with bridges as (
    select b.bank_day, b.account, b.channel, sum(b.cents) as cents
    from reconciliation.bridge as b
    where b.bank_day between %(first)s and %(last)s
    group by b.bank_day, b.account, b.channel
),

days as (
    select d.* from reconciliation.days as d
    where d.bank_day between %(first)s and %(last)s
),

causes as (
    select i.bank_day, i.account, i.channel, i.cause, count(*) as items, sum(i.variance_cents) as cents
    from reconciliation.items as i
    where i.bank_day between %(first)s and %(last)s
    group by i.bank_day, i.account, i.channel, i.cause
),

wrong as materialized (
    select
        coalesce(d.bank_day, b.bank_day) as business_date,
        format('%%s, %%s', coalesce(d.account, b.account), coalesce(d.channel, b.channel)) as keys,
        format('a bridge of %%s cents', coalesce(b.cents, 0)) as found,
        format('a bridge of %%s cents', coalesce(d.variance_cents, 0)) as expected
    from days as d
    full join bridges as b on d.bank_day = b.bank_day and d.account = b.account and d.channel = b.channel
    where d.variance_cents is distinct from coalesce(b.cents, 0)

    union all

    select
        coalesce(b.bank_day, c.bank_day),
        format(
            '%%s, %%s, %%s', coalesce(b.account, c.account), coalesce(b.channel, c.channel), coalesce(b.cause, c.cause)
        ),
        format('%%s items of %%s cents', coalesce(b.items, 0), coalesce(b.cents, 0)),
        format('%%s items of %%s cents', coalesce(c.items, 0), coalesce(c.cents, 0))
    from (
        select * from reconciliation.bridge
        where bank_day between %(first)s and %(last)s
    ) as b
    full join causes as c
        on b.bank_day = c.bank_day and b.account = c.account and b.channel = c.channel and b.cause = c.cause
    where (b.items, b.cents) is distinct from (c.items, c.cents)
)

select w.*, count(*) over () as violations
from wrong as w
order by w.business_date, w.keys
limit %(most)s
