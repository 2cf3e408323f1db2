-- Bank against books on :day for each account and rail, and what became of what the rail should have delivered.
with open_items as (
    select i.account, i.channel, sum(i.variance_cents)::bigint as cents
    from reconciliation.items as i
    where i.bank_day = %(day)s and i.status = 'open'
    group by i.account, i.channel
)

select
    account, channel, d.bank_cents, d.our_cents, d.variance_cents, d.status, d.movement_count, d.line_count,
    d.matched_count, d.auto_matched_count, d.open_count, coalesce(o.cents, 0) as open_cents,
    b.status as settlement, b.late_bank_days
from reconciliation.days as d
left join settlement.batches as b using (bank_day, account, channel)
left join open_items as o using (account, channel)
where d.bank_day = %(day)s
order by account, channel;
