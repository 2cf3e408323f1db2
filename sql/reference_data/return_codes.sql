-- The return codes, exactly those of the file.
with given as (
    select g.* from jsonb_populate_recordset(null::payments.return_codes, %(rows)s::jsonb) as g
),

gone as (
    delete from payments.return_codes as r
    where not exists (
        select from given as g
        where g.code = r.code
    )
)

insert into payments.return_codes (
    code, reason, severity, action, is_nsf, deadline_days, deadline_unit
)
select
    g.code, g.reason, g.severity, g.action, g.is_nsf, g.deadline_days, g.deadline_unit
from given as g
on conflict (code) do update set
    reason = excluded.reason,
    severity = excluded.severity,
    action = excluded.action,
    is_nsf = excluded.is_nsf,
    deadline_days = excluded.deadline_days,
    deadline_unit = excluded.deadline_unit
where return_codes is distinct from excluded
