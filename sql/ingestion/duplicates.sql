-- The rows of batch :batch_id that repeat one already taken up, from the rows in `arrived`.
insert into ingestion.duplicates (
    booked_on, batch_id, line, loan_id, payment_id, signal, original_batch_id, original_line
)
select
    %(booked_on)s, %(batch_id)s, a.line, a.loan_id, encode(substr(a.idempotency_key, 1, 16), 'hex')::uuid, a.event,
    a.original_batch_id, a.original_line
from arrived as a
where (a.original_batch_id, a.original_line) <> (%(batch_id)s, a.line)
