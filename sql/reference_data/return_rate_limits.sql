-- The limits of the return rates, exactly those of the file.
with given as (
    select g.* from jsonb_populate_recordset(null::payments.return_rate_limits, %(rows)s::jsonb) as g
),

gone as (
    delete from payments.return_rate_limits as r
    where not exists (
        select from given as g
        where g.monitor = r.monitor
    )
)

insert into payments.return_rate_limits (
    monitor, limit_ppm, warn_ppm, window_days, min_debits, codes, description
)
select
    g.monitor, g.limit_ppm, g.warn_ppm, g.window_days, g.min_debits, g.codes, g.description
from given as g
on conflict (monitor) do update set
    limit_ppm = excluded.limit_ppm,
    warn_ppm = excluded.warn_ppm,
    window_days = excluded.window_days,
    min_debits = excluded.min_debits,
    codes = excluded.codes,
    description = excluded.description
where return_rate_limits is distinct from excluded
