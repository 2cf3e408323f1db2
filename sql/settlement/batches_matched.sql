-- What the reconciliation found out about batches of :days: where all money of a batch has come, be it on other days,
-- the batch is settled, as many bank days late as its last line is. Where a line of another day is there no more, it is
-- again what its own day shows. The matches are on the days :near.
with shown as (
    select
        i.bank_day, i.channel,
        count(*) filter (where i.cause in ('missing_at_bank', 'write_off')) as missing,
        count(*) filter (where i.cause = 'timing') as elsewhere
    from reconciliation.items as i
    where i.bank_day = any(%(days)s) and i.kind = 'credit' and i.side = 'ours'
    group by i.bank_day, i.channel
),

last_lines as (
    select m.our_day, b.channel, max(m.bank_day) as bank_day
    from reconciliation.matches as m
    inner join settlement.bank_lines as b on m.bank_day = b.bank_day and m.line_id = b.line_id
    where
        m.bank_day = any(%(near)s) and b.bank_day = any(%(near)s) and m.our_day = any(%(days)s)
        and m.our_day <> m.bank_day and m.kind = 'credit'
    group by m.our_day, b.channel
),

come as (
    select
        s.bank_day, s.channel,
        (
            select count(*)
            from settlement.bank_calendar as c
            where c.business_date = c.bank_day and c.business_date > s.bank_day and c.business_date <= l.bank_day
        ) as bank_days
    from shown as s
    inner join last_lines as l on s.bank_day = l.our_day and s.channel = l.channel
    where s.missing = 0 and s.elsewhere > 0
),

known as (
    select b.bank_day, b.account, b.channel, c.bank_days
    from settlement.batches as b
    left join come as c on b.bank_day = c.bank_day and b.channel = c.channel
    -- what its own day shows in full needs no other
    where b.bank_day = any(%(days)s) and b.variance_cents <> 0 and (c.channel is not null or b.status = 'settled')
)

update settlement.batches as b set
    status = case when k.bank_days is not null then 'settled' when b.actual_count = 0 then 'late' else 'variance' end,
    late_bank_days = coalesce(k.bank_days, 0)
from known as k
where b.bank_day = k.bank_day and b.account = k.account and b.channel = k.channel;
