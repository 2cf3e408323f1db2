-- The rows in `work.repeats`, each with what it repeats.
insert into ingestion.duplicates (
    booked_on, batch_id, line, loan_id, payment_id, signal, original_batch_id, original_line
)
select
    a.booked_on, r.batch_id, r.line, a.loan_id, encode(substr(a.idempotency_key, 1, 16), 'hex')::uuid, a.event,
    r.original_batch_id, r.original_line
from work.repeats as r
inner join work.arrived as a on r.batch_id = a.batch_id and r.line = a.line
