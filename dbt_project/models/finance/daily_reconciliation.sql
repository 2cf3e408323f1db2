-- Each rail and day: what the bank has, what we have, what is between them and why.
with causes as (
    -- the open items, a column for each cause
    select
        bank_day,
        channel,
        coalesce(sum(variance_cents) filter (where cause = 'missing_here'), 0) as missing_here_cents,
        coalesce(sum(variance_cents) filter (where cause = 'missing_at_bank'), 0) as missing_at_bank_cents,
        coalesce(sum(variance_cents) filter (where cause = 'amount_differs'), 0) as amount_differs_cents,
        coalesce(sum(variance_cents) filter (where cause = 'duplicate_at_bank'), 0) as duplicate_at_bank_cents
    from {{ source('reconciliation', 'items') }}
    where {{ in_run('bank_day') }}
    group by bank_day, channel
),

cases as (
    -- who is looking into it
    select
        business_date,
        subcategory as channel,
        count(*) filter (where state in ('open', 'pending')) as open_cases
    from {{ source('operations', 'exception_cases') }}
    where category = 'reconcile_variance' and {{ in_run('business_date') }}
    group by business_date, subcategory
)

select
    days.bank_day as business_date,
    days.channel,
    days.bank_cents,
    days.our_cents,
    days.variance_cents,
    days.status,
    days.matched_count,
    days.open_count,
    coalesce(causes.missing_here_cents, 0)::bigint as missing_here_cents,
    coalesce(causes.missing_at_bank_cents, 0)::bigint as missing_at_bank_cents,
    coalesce(causes.amount_differs_cents, 0)::bigint as amount_differs_cents,
    coalesce(causes.duplicate_at_bank_cents, 0)::bigint as duplicate_at_bank_cents,
    batches.status as settlement_status,
    coalesce(cases.open_cases, 0)::integer as open_cases
from {{ source('reconciliation', 'days') }} as days
left join {{ source('settlement', 'batches') }} as batches
    on days.bank_day = batches.bank_day and days.channel = batches.channel
left join causes
    on days.bank_day = causes.bank_day and days.channel = causes.channel
left join cases
    on days.bank_day = cases.business_date and days.channel = cases.channel
where {{ in_run('days.bank_day') }}
