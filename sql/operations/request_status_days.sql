-- Each day for which a status was learned that its last run may not have seen asks to be run again: once for all that
-- were learned at one instant, which is when a transaction began, so that they became visible together.
--
-- What was learned after the run began was not seen, or only by luck. So may be what was learned before and committed
-- after: a transaction has a day's time for that. What the run did see of that day, it has noted (`begin_day`).
--
-- Asked every half minute, so driven from the days by look-ups in an index; `offset 0` keeps the planner from going
-- through all statuses. Over seven years of days and 1.1 million statuses it takes 3 ms, and 11 ms where each day has
-- forty that were learned, ten at a time, in the hours before it was run.
with learned as (
    select days.business_date, 'learned ' || late.learned_at as subject
    from ledger.days
    cross join lateral (
        select distinct statuses.learned_at
        from ledger.status_days as statuses
        where
            statuses.taken_up_on = days.business_date
            and statuses.learned_at > days.last_run_at - interval '1 day'
        offset 0
    ) as late
)

insert into operations.day_requests (business_date, reason, subject, requested_at)
select learned.business_date, 'status', learned.subject, clock_timestamp()
from learned
where
    not exists (
        select
        from operations.day_requests as known
        where
            known.business_date = learned.business_date and known.reason = 'status' and known.subject = learned.subject
    )
-- two who ask at once, or a run that begins, wait for each other in one order
order by learned.business_date, learned.subject
on conflict (business_date, reason, subject) do nothing
