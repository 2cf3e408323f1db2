-- What the batches say for the first time: the rows in `work.arrived` that are not in `work.repeats`.
create table work.payment_ingestions as
select
    a.value_date as effective_on, a.loan_id, a.idempotency_key, a.event as signal,
    encode(substr(a.idempotency_key, 1, 16), 'hex')::uuid as payment_id,
    a.channel,
    a.provider,
    a.reference as source_reference,
    a.loan_number,
    a.amount_cents,
    a.transfer_id,
    a.raw_payload_hash,
    a.occurred_at,
    (a.occurred_at at time zone 'America/New_York')::date as happened_on,
    a.return_code, a.booked_on, a.batch_id, a.line, a.received_at
from work.arrived as a
where
    not exists (
        select from work.repeats as r
        where r.batch_id = a.batch_id and r.line = a.line
    )
