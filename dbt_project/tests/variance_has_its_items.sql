-- The open items of a rail and day add up to its variance, cause by cause.
select
    business_date,
    channel,
    variance_cents
from {{ ref('daily_reconciliation') }}
where
    {{ in_run('business_date') }}
    and variance_cents <> missing_here_cents + missing_at_bank_cents + amount_differs_cents + duplicate_at_bank_cents
