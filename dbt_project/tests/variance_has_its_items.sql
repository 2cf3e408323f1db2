-- The causes of a rail and day add up to its variance.
select
    business_date,
    account,
    channel,
    variance_cents
from {{ ref('daily_reconciliation') }}
where
    {{ in_run('business_date') }}
    and variance_cents
    <> timing_cents
    + fee_cents
    + return_cents
    + missing_here_cents
    + missing_at_bank_cents
    + amount_differs_cents
    + duplicate_at_bank_cents
    + write_off_cents
    + unknown_cents
