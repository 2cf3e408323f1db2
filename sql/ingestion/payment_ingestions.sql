-- What the batches say for the first time, from the rows in `arrived`.
insert into ingestion.payment_ingestions (
    effective_on,
    loan_id,
    idempotency_key,
    signal,
    payment_id,
    channel,
    source_reference,
    raw_payload_hash,
    occurred_at,
    happened_on, return_code, booked_on, batch_id, line, received_at
)
select
    a.value_date, a.loan_id, a.idempotency_key, a.event, a.payment_id, a.channel, a.reference, a.raw_payload_hash,
    a.occurred_at, a.happened_on, a.return_code, a.booked_on, a.batch_id, a.line, a.received_at
from arrived as a
where a.original_batch_id = a.batch_id and a.original_line = a.line
