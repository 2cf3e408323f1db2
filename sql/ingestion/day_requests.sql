-- The days for which each batch brought news: the value date of each payment, and the day of each return.
insert into operations.day_requests (business_date, reason, subject)
with news as (
    select a.batch_id, a.value_date, a.occurred_at, a.event
    from work.arrived as a
    where
        not exists (
            select from work.repeats as r
            where r.batch_id = a.batch_id and r.line = a.line
        )
),

days as (
    select n.batch_id, n.value_date as business_date from news as n
    union
    select n.batch_id, (n.occurred_at at time zone 'America/New_York')::date from news as n
    where n.event in ('returned', 'recalled')
)

select d.business_date, 'ingested', d.batch_id::text from days as d
on conflict (business_date, reason, subject) do update set satisfied_at = null
