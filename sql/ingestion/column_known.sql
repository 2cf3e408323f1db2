-- Those of the events of :day that have come before. The day is a value, so that its keys alone are looked through.
select e.event_id
from ingestion.bank_events as e
where e.created_on = %(day)s and e.event_id = any(%(event_ids)s::text[])
