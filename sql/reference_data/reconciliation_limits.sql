-- From which amounts on people must look, exactly as the file says.
with given as (
    select g.* from jsonb_populate_recordset(null::reconciliation.limits, %(rows)s::jsonb) as g
),

gone as (
    delete from reconciliation.limits as l
    where not exists (
        select from given as g
        where g.limit_name = l.limit_name
    )
)

insert into reconciliation.limits (limit_name, cents, description)
select g.limit_name, g.cents, g.description
from given as g
on conflict (limit_name) do update set
    cents = excluded.cents,
    description = excluded.description
where limits is distinct from excluded
