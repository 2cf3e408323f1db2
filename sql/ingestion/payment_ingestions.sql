-- What batch :batch_id says for the first time, from the rows in `arrived`.
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
    a.value_date,
    a.loan_id,
    a.idempotency_key,
    a.event,
    encode(substr(a.idempotency_key, 1, 16), 'hex')::uuid,
    a.channel,
    a.reference,
    a.raw_payload_hash,
    a.occurred_at,
    (a.occurred_at at time zone 'America/New_York')::date,
    a.return_code,
    b.booked_on, b.batch_id, a.line, b.received_at
from arrived as a
inner join ingestion.batches as b on a.original_batch_id = b.batch_id
where a.original_batch_id = %(batch_id)s and a.original_line = a.line
