-- A day between :first and :last that was not run although one before it and one after it were, asks to be run. An
-- evening on which nothing could run, or whose run failed before it had posted, is made up for by nobody else; and what
-- falls due on a day, the late fees of its graces that end and the releases of money in suspense are its own run's to
-- book.
insert into operations.day_requests (business_date, reason, subject, requested_at)
select missed.business_date, 'missed', 'the evening', clock_timestamp()
from (
    select generate_series(min(days.business_date), max(days.business_date), interval '1 day')::date as business_date
    from ledger.days
    where days.business_date between %(first)s and %(last)s
) as missed
where
    not exists (
        select
        from ledger.days
        where days.business_date = missed.business_date
    )
-- two who ask at once wait for each other in one order
order by missed.business_date
on conflict (business_date, reason, subject) do nothing
