-- The days behind the cursor were read again to their end.
update ingestion.cursors
set newest_id = null, swept_at = %(received_at)s
where source = %(source)s
