-- What the batches say for the first time: the rows in `arrived` that are not in `repeats`.
insert into ingestion.payment_ingestions (
    effective_on, loan_id, idempotency_key, signal, payment_id, channel, provider, source_reference, loan_number,
    amount_cents,
    transfer_id,
    raw_payload_hash,
    occurred_at,
    happened_on,
    return_code,
    booked_on,
    batch_id,
    line,
    received_at
)
select
    a.value_date, a.loan_id, a.idempotency_key, a.event, encode(substr(a.idempotency_key, 1, 16), 'hex')::uuid,
    a.channel,
    a.provider,
    a.reference,
    a.loan_number,
    a.amount_cents,
    a.transfer_id,
    a.raw_payload_hash,
    a.occurred_at,
    (a.occurred_at at time zone 'America/New_York')::date,
    a.return_code, a.booked_on, a.batch_id, a.line, a.received_at
from arrived as a
where
    not exists (
        select from repeats as r
        where r.batch_id = a.batch_id and r.line = a.line
    )
