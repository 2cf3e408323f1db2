-- How lines and movements may be matched, exactly as the file says.
with given as (
    select g.* from jsonb_populate_recordset(null::reconciliation.methods, %(rows)s::jsonb) as g
),

gone as (
    delete from reconciliation.methods as m
    where not exists (
        select from given as g
        where g.method = m.method
    )
)

insert into reconciliation.methods (method, tier, confidence, is_automatic, description)
select g.method, g.tier, g.confidence, g.is_automatic, g.description
from given as g
on conflict (method) do update set
    tier = excluded.tier,
    confidence = excluded.confidence,
    is_automatic = excluded.is_automatic,
    description = excluded.description
where methods is distinct from excluded
