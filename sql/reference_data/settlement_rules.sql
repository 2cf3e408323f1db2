-- The settlement rules, exactly those of the file.
with given as (
    select g.* from jsonb_populate_recordset(null::settlement.rules, %(rows)s::jsonb) as g
),

gone as (
    delete from settlement.rules as r
    where not exists (
        select from given as g
        where g.channel = r.channel
    )
)

insert into settlement.rules (
    channel, lag_bank_days, every_day, ready_signal, account, grouped_by, fee_ppm, fee_cents_each,
    late_after_bank_days, window_bank_days, description
)
select
    g.channel, g.lag_bank_days, g.every_day, g.ready_signal, g.account, g.grouped_by, g.fee_ppm, g.fee_cents_each,
    g.late_after_bank_days, g.window_bank_days, g.description
from given as g
on conflict (channel) do update set
    lag_bank_days = excluded.lag_bank_days,
    every_day = excluded.every_day,
    ready_signal = excluded.ready_signal,
    account = excluded.account,
    grouped_by = excluded.grouped_by,
    fee_ppm = excluded.fee_ppm,
    fee_cents_each = excluded.fee_cents_each,
    late_after_bank_days = excluded.late_after_bank_days,
    window_bank_days = excluded.window_bank_days,
    description = excluded.description
where rules is distinct from excluded
