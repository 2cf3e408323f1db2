-- How far :source was read.
select c.source, c.newest_id, c.newest_at, c.polled_at, c.swept_at, c.failures, c.failing_since
from ingestion.cursors as c
where c.source = %(source)s
