-- The days for which each batch brought news: the value date of each payment, and the day of each return.
insert into operations.day_requests (business_date, reason, subject)
with days as (
    select a.batch_id, a.effective_on as business_date from work.payment_ingestions as a
    union
    select a.batch_id, a.happened_on from work.payment_ingestions as a
    where a.signal in ('returned', 'recalled')
    union
    select e.batch_id, days.business_date
    from ingestion.earlier_words as e
    cross join lateral (values (e.effective_on), (e.happened_on)) as days (business_date)
    where
        e.effective_on = any(%(days)s::date[]) and e.batch_id = any(%(batches)s::uuid[])
        and (days.business_date = e.effective_on or e.signal in ('returned', 'recalled'))
)

select d.business_date, 'ingested', d.batch_id::text from days as d
on conflict (business_date, reason, subject) do update set satisfied_at = null
