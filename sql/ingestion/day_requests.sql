-- The days for which each batch brought news: the value date of each payment, and the day of each return.
insert into operations.day_requests (business_date, reason, subject)
with days as (
    select a.batch_id, a.effective_on as business_date from work.payment_ingestions as a
    union
    select a.batch_id, a.happened_on from work.payment_ingestions as a
    where a.signal in ('returned', 'recalled')
)

select d.business_date, 'ingested', d.batch_id::text from days as d
on conflict (business_date, reason, subject) do update set satisfied_at = null
