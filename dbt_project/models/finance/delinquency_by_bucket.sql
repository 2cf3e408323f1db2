-- How many loans are behind at the end of each day, by how long, and with how much.
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
where {{ in_run('business_date') }}
group by business_date, bucket
