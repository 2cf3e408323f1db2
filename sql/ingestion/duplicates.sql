-- What only repeats is set aside beside its original, and is news no more.
insert into ingestion.duplicates (
    booked_on, batch_id, line, loan_id, payment_id, signal, original_batch_id, original_line
)
select
    r.booked_on, r.batch_id, r.line, r.loan_id, r.payment_id, r.signal, r.original_batch_id, r.original_line
from work.repeats as r;

delete from work.payment_ingestions as a using work.repeats as r
where a.batch_id = r.batch_id and a.line = r.line;

drop table work.repeats
