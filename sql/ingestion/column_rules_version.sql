-- A name for all that the bank's events mean now; none if we do not know it. Loading the same again does not change it.
select md5(string_agg(e::text, '|' order by e.type, e.condition)) as version
from ingestion.event_types as e
