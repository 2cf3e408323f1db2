-- The batch with these bytes, if there is one. Files come in one at a time from here to the end of the transaction, so
-- that of two loads of the same bytes the second finds the first.
select pg_advisory_xact_lock(hashtext('ingestion.batches'));

select b.batch_id
from ingestion.batches as b
where b.sha256 = %(sha256)s
