-- What is aged is what the ledger's suspense accounts hold at the end of the day.
{{ config(meta={'dagster': {'ref': {'name': 'suspense_ageing'}}}) }}

with aged as (
    select
        business_date,
        sum(cents) as cents
    from {{ ref('suspense_ageing') }}
    where {{ in_run('business_date') }}
    group by business_date
),

days as (
    select business_date
    from ledger.days
    where {{ in_run('business_date') }}
),

booked as (
    -- credits are negative in the books
    select
        days.business_date,
        coalesce(sum(turnover.credit_cents - turnover.debit_cents), 0) as cents
    from days
    left join {{ source('ledger', 'turnover') }} as turnover
        on
            turnover.effective_on <= days.business_date
            and turnover.account in (
                select account from {{ source('ledger', 'accounts') }} where part in ('suspense', 'unidentified')
            )
    group by days.business_date
)

select
    booked.business_date,
    booked.cents as booked_cents,
    coalesce(aged.cents, 0) as aged_cents
from booked
left join aged using (business_date)
where booked.cents <> coalesce(aged.cents, 0)
