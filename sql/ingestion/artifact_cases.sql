-- A case for each artifact that has changed or is gone. Found again, it is the same case, open again if it was closed.
insert into operations.exception_cases (
    case_id, category, subcategory, severity, state, business_date, batch_id, line, summary, next_step, details
)
with found as (
    select unnest(%(changed)s::uuid[]) as artifact_id, 'changed' as finding
    union all
    select unnest(%(missing)s::uuid[]), 'missing'
)

select
    operations.content_id('artifact_case|' || a.artifact_id),
    'artifact',
    f.finding,
    'high',
    'open',
    b.booked_on,
    a.batch_id,
    a.line,
    a.type || ' of ' || b.source || case f.finding
        when 'changed' then ' is no longer what it was: its sha256 differs from the one recorded on arrival'
        else ' is gone from where it lay'
    end,
    'Restore the document from the archive or ask ' || b.source || ' for it; then verify the artifacts again.',
    jsonb_build_object('artifact_id', a.artifact_id, 'uri', a.uri, 'sha256', encode(a.sha256, 'hex'))
from found as f
inner join ingestion.payment_artifacts as a on f.artifact_id = a.artifact_id
inner join ingestion.batches as b on a.batch_id = b.batch_id
on conflict (case_id) do update set
    subcategory = excluded.subcategory,
    state = case when exception_cases.state = 'pending' then 'pending' else 'open' end,
    summary = excluded.summary,
    resolution = null,
    resolved_at = null
