-- The rails and days of a run: how much of each was matched, and how far apart bank and books are for no reason that is
-- known.
select
    d.bank_day,
    d.channel,
    d.status,
    cast(d.matched_count as double precision) / nullif(d.matched_count + d.open_count, 0) as matched_share,
    cast(abs(coalesce(o.cents, 0)) as double precision)
    / nullif(greatest(abs(d.bank_cents), abs(d.our_cents)), 0) as variance_share
from reconciliation.days as d
left join (
    select
        bank_day,
        account,
        channel,
        sum(variance_cents) as cents
    from reconciliation.items
    where bank_day between %(first)s and %(last)s and status = 'open'
    group by bank_day, account, channel
) as o on d.bank_day = o.bank_day and d.account = o.account and d.channel = o.channel
where d.bank_day between %(first)s and %(last)s
