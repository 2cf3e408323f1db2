-- Makes room for events of these days, and for rows received on :booked_on. Events are looked up from the first, so
-- their days have their keys at once.
select operations.open_day('ingestion.staged', %(booked_on)s);

select operations.open_day('ingestion.bank_events', d.day), operations.close_day('ingestion.bank_events', d.day)
from unnest(%(days)s::date[]) as d (day)
order by d.day
