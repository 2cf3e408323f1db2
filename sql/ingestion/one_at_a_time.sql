-- Batches are taken up one at a time, so that each sees all that those before it brought.
select pg_advisory_xact_lock(hashtext('ingestion.payment_ingestions'))
