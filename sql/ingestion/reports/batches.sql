-- The files of a day, by who delivered them.
select
    source,
    count(*) as rows,
    sum(rows_received)::bigint as payment_rows,
    min(to_char(received_at at time zone 'America/New_York', 'HH24:MI')) as first_at,
    max(to_char(received_at at time zone 'America/New_York', 'HH24:MI')) as last_at
from ingestion.batches
where booked_on = %(day)s
group by source
order by source;
