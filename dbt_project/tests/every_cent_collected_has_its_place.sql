-- What a rail collected on a day is what was applied to loans, put into suspense, or is held for its sender.
select
    business_date,
    channel,
    received_cents,
    applied_cents + suspense_cents + returned_cents as placed_cents
from {{ ref('collections_by_channel') }}
where {{ in_run('business_date') }} and received_cents <> applied_cents + suspense_cents + returned_cents
