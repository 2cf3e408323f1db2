-- How many loans are behind at the end of each day, by how long, and with how much. A payment that comes late or goes
-- back changes the days after it as well, so those are told again.
{{ config(pre_hook="{{ clear_from_run_on() }}") }}

select
    business_date,
    bucket,
    min(days_past_due)::integer as from_days,
    count(*)::integer as loans,
    sum(interest_cents + principal_cents + escrow_cents)::bigint as overdue_cents,
    sum(interest_cents)::bigint as interest_cents,
    sum(principal_cents)::bigint as principal_cents,
    sum(escrow_cents)::bigint as escrow_cents,
    sum(fees_cents)::bigint as fees_cents,
    sum(suspense_cents)::bigint as suspense_cents
from {{ source('servicing', 'delinquency') }}
where {{ from_run_on('business_date') }}
group by business_date, bucket
