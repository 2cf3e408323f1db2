-- The rows of the batches that repeat one already taken up, from the rows in `arrived`.
insert into ingestion.duplicates (
    booked_on, batch_id, line, loan_id, payment_id, signal, original_batch_id, original_line
)
select
    a.booked_on, a.batch_id, a.line, a.loan_id, a.payment_id, a.event, a.original_batch_id, a.original_line
from arrived as a
where (a.original_batch_id, a.original_line) <> (a.batch_id, a.line)
