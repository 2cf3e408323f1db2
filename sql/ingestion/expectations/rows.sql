-- The rows that arrived on the days of a run, as expectations look at them.
select
    booked_on,
    event,
    channel,
    amount_cents,
    is_accepted::int as accepted
from ingestion.staged
where booked_on between %(first)s and %(last)s
