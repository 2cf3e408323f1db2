-- How late the batches of :days are of which the bank shows nothing: from the day due to the last day that the bank has
-- told of, of those on which they may still come, the next :most. All of them are among :days_to_come, so that it does
-- not matter which day is run last. Late is what takes longer than its rule allows.
with told as (
    select d.day
    from unnest(%(days_to_come)s::date[]) as d (day)
    where exists (
        select from settlement.bank_lines as b
        where b.bank_day = d.day and b.bank_day = any(%(days_to_come)s::date[])
    )
),

waiting as (
    select
        b.bank_day, b.account, b.channel, r.late_after_bank_days,
        (
            select count(*)
            from settlement.bank_calendar as c
            where
                c.business_date = c.bank_day and c.business_date > b.bank_day
                and c.business_date <= (
                    select max(t.day) from told as t
                    where t.day <= b.bank_day + %(most)s
                )
        ) as bank_days
    from settlement.batches as b
    left join settlement.rules as r on b.channel = r.channel
    where b.bank_day = any(%(days)s) and b.status in ('late', 'pending')
)

update settlement.batches as b set
    status = case when w.bank_days >= coalesce(w.late_after_bank_days, 0) then 'late' else 'pending' end,
    late_bank_days = w.bank_days
from waiting as w
where b.bank_day = w.bank_day and b.account = w.account and b.channel = w.channel;
