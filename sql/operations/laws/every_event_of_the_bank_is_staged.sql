-- Law 4. Each event of the bank that is known stands in the row that it names, on the day on which it was received.
with known as (
    select e.created_on, e.event_id, e.booked_on, e.batch_id, e.line
    from ingestion.bank_events as e
    where e.created_on between %(first)s and %(last)s
),

broken as materialized (
    select
        k.created_on as business_date,
        format('event %%s', k.event_id) as keys,
        case
            when s.line is null then format('no row %%s of batch %%s', k.line, k.batch_id)
            else format('row %%s of batch %%s, which is %%s', k.line, k.batch_id, coalesce(
                'the event ' || (s.metadata ->> 'event_id'), 'no event'
            ))
        end as found,
        'the row with its text' as expected
    from known as k
    left join ingestion.staged as s
        on
            k.booked_on = s.booked_on and k.batch_id = s.batch_id and k.line = s.line
            and s.booked_on between (select min(q.booked_on) from known as q) and (
                select max(q.booked_on) from known as q
            )
    where s.line is null or s.metadata ->> 'event_id' is distinct from k.event_id
)

select b.*, count(*) over () as violations
from broken as b
order by b.business_date, b.keys
limit %(most)s
