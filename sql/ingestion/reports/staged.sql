-- The rows that arrived on a day, by rail and by what they tell.
select
    coalesce(channel, case when is_noted then 'none' else 'unreadable' end) as channel,
    coalesce(event, '') as event,
    count(*) as rows,
    count(*) filter (where not is_accepted and not is_noted) as rejected,
    count(*) filter (where is_noted) as noted,
    coalesce(sum(amount_cents) filter (where is_accepted), 0)::bigint as accepted_cents
from ingestion.staged
where booked_on = %(day)s
group by 1, 2
order by 1, 2;
