-- The rows that arrived on a day, by rail and by what they tell.
select
    coalesce(channel, 'unreadable') as channel,
    coalesce(event, '') as event,
    count(*) as rows,
    count(*) filter (where not is_accepted) as rejected,
    coalesce(sum(amount_cents) filter (where is_accepted), 0)::bigint as accepted_cents
from ingestion.staged
where booked_on = %(day)s
group by channel, event
order by channel, event;
