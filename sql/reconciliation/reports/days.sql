-- Bank against books on a day, by account and rail. What is open needs somebody; the rest of a variance explains
-- itself.
with open_items as (
    select i.account, i.channel, sum(i.variance_cents)::bigint as cents
    from reconciliation.items as i
    where i.bank_day = %(day)s and i.status = 'open'
    group by i.account, i.channel
)

select
    account || ', ' || channel as rail,
    d.variance_cents,
    coalesce(o.cents, 0) as open_cents,
    d.bank_cents,
    d.our_cents as ours_cents,
    d.matched_count as matched,
    d.open_count as items,
    d.status
from reconciliation.days as d
left join open_items as o using (account, channel)
where d.bank_day = %(day)s
order by account, channel;
