-- What the reconciliation found out about batches of :days: where all money of a batch has come, be it on other days,
-- the batch is settled, as many bank days late as its last line is.
with shown as (
    select
        i.bank_day, i.channel,
        count(*) filter (where i.side = 'ours' and i.cause in ('missing_at_bank', 'write_off')) as missing,
        count(*) filter (where i.side = 'ours' and i.cause = 'timing') as elsewhere
    from reconciliation.items as i
    where i.bank_day = any(%(days)s) and i.kind = 'credit'
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

plain_rail as (
    -- the rail whose calendar is that of the banks
    select min(r.channel) as channel
    from settlement.rules as r
    where r.lag_bank_days = 0 and not r.every_day
)

update settlement.batches as b set
    status = 'settled',
    late_bank_days = (
        select count(*)
        from settlement.calendar as c
        inner join plain_rail as p on c.channel = p.channel
        where c.business_date = c.settles_on and c.business_date > b.bank_day and c.business_date <= l.bank_day
    )
from shown as s
inner join last_lines as l on s.bank_day = l.our_day and s.channel = l.channel
where
    b.bank_day = s.bank_day and b.channel = s.channel and b.status <> 'settled'
    and s.missing = 0 and s.elsewhere > 0;
