-- The rules for presenting a debit again, exactly those of the file.
with given as (
    select g.* from jsonb_populate_recordset(null::payments.representment_rules, %(rows)s::jsonb) as g
),

gone as (
    delete from payments.representment_rules as r
    where not exists (
        select from given as g
        where g.code = r.code and g.attempt = r.attempt
    )
)

insert into payments.representment_rules (
    code, attempt, wait_bank_days, description
)
select
    g.code, g.attempt, g.wait_bank_days, g.description
from given as g
on conflict (code, attempt) do update set
    wait_bank_days = excluded.wait_bank_days,
    description = excluded.description
where representment_rules is distinct from excluded
