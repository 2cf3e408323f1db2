-- Bank against books on :day for every rail that has a line or a movement, from the temporary table `pairs` and the
-- items.

delete from reconciliation.days
where bank_day = %(day)s;

insert into reconciliation.days (bank_day, channel, bank_cents, our_cents, matched_count, open_count, status)
with
totals as (
    select
        pairs.channel,
        coalesce(sum(pairs.bank_cents), 0)::bigint as bank_cents,
        coalesce(sum(pairs.our_cents), 0)::bigint as our_cents,
        count(pairs.payment_id) as movements
    from pairs
    group by pairs.channel
),

open_items as (
    select
        items.channel,
        count(*) as items,
        count(*) filter (where items.side = 'ours') as movements
    from reconciliation.items
    where items.bank_day = %(day)s
    group by items.channel
)

select
    %(day)s, totals.channel, totals.bank_cents, totals.our_cents,
    -- a movement is matched unless it is open by itself
    totals.movements - coalesce(open_items.movements, 0),
    coalesce(open_items.items, 0),
    case when totals.bank_cents = totals.our_cents then 'balanced' else 'variance' end
from totals
left join open_items using (channel);
