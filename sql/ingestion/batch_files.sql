-- The file of a batch is an artifact itself, to be verified like any other.
insert into ingestion.payment_artifacts (artifact_id, batch_id, line, type, uri, sha256, size_bytes, mime)
select
    operations.content_id('artifact|' || b.batch_id || '||etl_batch|' || b.uri), b.batch_id, null, 'etl_batch', b.uri,
    b.sha256, b.size_bytes, 'text/csv'
from ingestion.batches as b
where b.batch_id = %(batch_id)s
