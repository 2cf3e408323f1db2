-- What the bank's events mean, exactly as in the file.
with given as (
    select g.* from jsonb_populate_recordset(null::ingestion.event_types, %(rows)s::jsonb) as g
),

gone as (
    delete from ingestion.event_types as e
    where not exists (
        select from given as g
        where g.type = e.type and g.condition = e.condition
    )
)

insert into ingestion.event_types (
    type, condition, channel, signal, receipt, value_fields, value_zone, instant_fields, amount_fields, original_fields,
    return_field, description
)
select
    g.type, g.condition, g.channel, g.signal, g.receipt, g.value_fields, g.value_zone, g.instant_fields,
    g.amount_fields, g.original_fields, g.return_field, g.description
from given as g
on conflict (type, condition) do update set
    channel = excluded.channel,
    signal = excluded.signal,
    receipt = excluded.receipt,
    value_fields = excluded.value_fields,
    value_zone = excluded.value_zone,
    instant_fields = excluded.instant_fields,
    amount_fields = excluded.amount_fields,
    original_fields = excluded.original_fields,
    return_field = excluded.return_field,
    description = excluded.description
where event_types is distinct from excluded
