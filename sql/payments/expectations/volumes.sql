-- How many payments each day of a run has, beside what is usual: the average of the two weeks before it.
with days as (
    select
        effective_on,
        count(*) as payments
    from payments.payments
    where effective_on between %(first)s - 14 and %(last)s
    group by effective_on
),

compared as (
    select
        effective_on,
        payments,
        avg(payments) over two_weeks_before as usual,
        count(*) over two_weeks_before as days_known
    from days
    window two_weeks_before as (
        order by effective_on range between interval '14 days' preceding and interval '1 day' preceding
    )
)

select
    effective_on,
    payments,
    -- with less than a week behind us nothing is usual
    case when days_known >= 7 then cast(payments / usual as double precision) end as times_usual
from compared
where effective_on >= %(first)s
