-- Repeats that tell an earlier instant than the word they repeat: it happened then, whichever we heard first.
insert into ingestion.earlier_words (
    effective_on, loan_id, payment_id, signal, channel, occurred_at, happened_on, return_code, transfer_id, booked_on,
    batch_id, line
)
select
    a.effective_on, a.loan_id, a.payment_id, a.signal, a.channel, a.occurred_at, a.happened_on, a.return_code,
    a.transfer_id, a.booked_on, a.batch_id, a.line
from work.repeats as r
inner join work.payment_ingestions as a on r.batch_id = a.batch_id and r.line = a.line
where r.is_earlier
