-- What each rail brought in on each day, and where the money went.
with sent as (
    -- all that borrowers sent, whether or not it has arrived
    select
        effective_on,
        channel,
        count(*) as payments,
        sum(amount_cents) as sent_cents,
        count(*) filter (where loan_id = 0) as loan_unknown,
        count(*) filter (where booked_on > effective_on) as learned_later
    from {{ source('payments', 'payments') }}
    where {{ in_run('effective_on') }}
    group by effective_on, channel
),

received as (
    -- what is completed, corrections included
    select
        effective_on,
        channel,
        sum(cash_cents) as received_cents,
        sum(fees_cents) as fees_cents,
        sum(interest_cents) as interest_cents,
        sum(principal_cents) as principal_cents,
        sum(escrow_cents) as escrow_cents,
        sum(suspense_cents) as suspense_cents,
        sum(returned_cents) as returned_cents
    from {{ source('ledger', 'allocations') }}
    where kind = 'receipt' and {{ in_run('effective_on') }}
    group by effective_on, channel
)

select
    sent.effective_on as business_date,
    sent.channel,
    sent.payments::integer as payments,
    sent.sent_cents::bigint as sent_cents,
    coalesce(received.received_cents, 0)::bigint as received_cents,
    coalesce(
        received.fees_cents + received.interest_cents + received.principal_cents + received.escrow_cents, 0
    )::bigint as applied_cents,
    coalesce(received.fees_cents, 0)::bigint as fees_cents,
    coalesce(received.interest_cents, 0)::bigint as interest_cents,
    coalesce(received.principal_cents, 0)::bigint as principal_cents,
    coalesce(received.escrow_cents, 0)::bigint as escrow_cents,
    coalesce(received.suspense_cents, 0)::bigint as suspense_cents,
    coalesce(received.returned_cents, 0)::bigint as returned_cents,
    sent.loan_unknown::integer as loan_unknown,
    sent.learned_later::integer as learned_later
from sent
left join received
    on sent.effective_on = received.effective_on and sent.channel = received.channel
