-- Makes room for payments of each of these value dates.
select operations.open_day('ingestion.payment_ingestions', d.day)
from unnest(%(days)s::date[]) as d (day)
order by d.day
