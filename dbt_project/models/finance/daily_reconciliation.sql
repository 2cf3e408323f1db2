-- Each account, rail and day: what the bank has, what we have, what is between them and why. A day changes what is
-- known of the days around it (money that is missing on one is found on the next), so those are told again with it.
{{ config(pre_hook="{{ clear_around_run() }}") }}

with causes as (
    -- the bridge, a column for each cause
    select
        bank_day,
        account,
        channel,
        sum(cents) filter (where cause = 'timing') as timing_cents,
        sum(cents) filter (where cause = 'fee') as fee_cents,
        sum(cents) filter (where cause = 'return') as return_cents,
        sum(cents) filter (where cause = 'missing_here') as missing_here_cents,
        sum(cents) filter (where cause = 'missing_at_bank') as missing_at_bank_cents,
        sum(cents) filter (where cause = 'amount_differs') as amount_differs_cents,
        sum(cents) filter (where cause = 'duplicate_at_bank') as duplicate_at_bank_cents,
        sum(cents) filter (where cause = 'write_off') as write_off_cents,
        sum(cents) filter (where cause = 'unknown') as unknown_cents
    from {{ source('reconciliation', 'bridge') }}
    where {{ around_run('bank_day') }}
    group by bank_day, account, channel
),

open_items as (
    -- of the variance, what somebody must look at; one way does not make up for the other
    select
        bank_day,
        account,
        channel,
        sum(variance_cents) filter (where variance_cents > 0) as open_more_cents,
        sum(variance_cents) filter (where variance_cents < 0) as open_less_cents
    from {{ source('reconciliation', 'items') }}
    where status = 'open' and {{ around_run('bank_day') }}
    group by bank_day, account, channel
),

cases as (
    -- who is looking into it
    select
        business_date,
        subcategory as channel,
        count(*) filter (where state in ('open', 'pending')) as open_cases
    from {{ source('operations', 'exception_cases') }}
    where category = 'reconcile_variance' and {{ around_run('business_date') }}
    group by business_date, subcategory
),

of_cases as (
    -- a case is of a rail, whichever of our accounts it is on: it counts once, on an account that varies
    select distinct on (bank_day, channel)
        bank_day,
        channel,
        account
    from {{ source('reconciliation', 'days') }}
    where {{ around_run('bank_day') }}
    order by bank_day asc, channel asc, status desc, account asc
)

select
    days.bank_day as business_date,
    days.account,
    days.channel,
    days.bank_cents,
    days.our_cents,
    days.variance_cents,
    days.status,
    days.proof,
    days.movement_count,
    days.line_count,
    days.matched_count,
    days.auto_matched_count,
    days.open_count,
    coalesce(open_items.open_more_cents, 0)::bigint as open_more_cents,
    coalesce(open_items.open_less_cents, 0)::bigint as open_less_cents,
    coalesce(causes.timing_cents, 0)::bigint as timing_cents,
    coalesce(causes.fee_cents, 0)::bigint as fee_cents,
    coalesce(causes.return_cents, 0)::bigint as return_cents,
    coalesce(causes.missing_here_cents, 0)::bigint as missing_here_cents,
    coalesce(causes.missing_at_bank_cents, 0)::bigint as missing_at_bank_cents,
    coalesce(causes.amount_differs_cents, 0)::bigint as amount_differs_cents,
    coalesce(causes.duplicate_at_bank_cents, 0)::bigint as duplicate_at_bank_cents,
    coalesce(causes.write_off_cents, 0)::bigint as write_off_cents,
    coalesce(causes.unknown_cents, 0)::bigint as unknown_cents,
    batches.status as settlement_status,
    batches.late_bank_days::integer as late_bank_days,
    coalesce(cases.open_cases, 0)::integer as open_cases
from {{ source('reconciliation', 'days') }} as days
left join {{ source('settlement', 'batches') }} as batches
    on days.bank_day = batches.bank_day and days.account = batches.account and days.channel = batches.channel
left join causes
    on days.bank_day = causes.bank_day and days.account = causes.account and days.channel = causes.channel
left join open_items
    on days.bank_day = open_items.bank_day and days.account = open_items.account and days.channel = open_items.channel
left join of_cases
    on days.bank_day = of_cases.bank_day and days.channel = of_cases.channel and days.account = of_cases.account
left join cases
    on of_cases.bank_day = cases.business_date and of_cases.channel = cases.channel
where {{ around_run('days.bank_day') }}
