-- The days for which batch :batch_id brought news: the value date of each payment, and the day of each return.
insert into operations.day_requests (business_date, reason, subject)
with news as (
    select i.effective_on, i.happened_on, i.signal
    from ingestion.payment_ingestions as i
    where i.effective_on = any(%(days)s) and i.batch_id = %(batch_id)s
)

select n.effective_on, 'ingested', %(batch_id)s::text from news as n
union
select n.happened_on, 'ingested', %(batch_id)s::text from news as n
where n.signal in ('returned', 'recalled')
on conflict (business_date, reason, subject) do update set satisfied_at = null
