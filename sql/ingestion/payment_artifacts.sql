-- The source documents that the accepted rows of the batches name.
insert into ingestion.payment_artifacts (artifact_id, batch_id, line, type, uri, sha256, size_bytes, mime)
with named as (
    select s.batch_id, s.line, a.artifact ->> 'type' as type, a.artifact ->> 'uri' as uri, a.artifact ->> 'hash' as hash
    from ingestion.staged as s
    cross join lateral jsonb_array_elements(s.metadata -> 'artifacts') as a (artifact)
    where
        s.booked_on = any(%(booked_on)s::date[]) and s.batch_id = any(%(batches)s::uuid[]) and s.is_accepted
        and s.metadata ? 'artifacts'
)

select
    operations.content_id('artifact|' || n.batch_id || '|' || n.line || '|' || n.type || '|' || n.uri), n.batch_id,
    n.line, n.type, n.uri, decode(n.hash, 'hex'), null, null
from named as n
on conflict (artifact_id) do nothing
