-- Words about one transfer are about one loan: that of the first of them. A loan that was not found at first and is
-- named by a later event would make two payments of one.
with doubtful as (
    select distinct w.transfer_id
    from words as w
    where w.loan_number = 'UNMATCHED' and w.verdict = 'accepted' and w.receipt <> 'original'
),

first_told as (
    select distinct on (w.transfer_id) w.transfer_id, w.loan_number
    from words as w
    inner join doubtful as d on w.transfer_id = d.transfer_id
    where w.verdict = 'accepted' and w.receipt <> 'original'
    order by w.transfer_id, w.line
)

update words as w
set loan_number = f.loan_number
from first_told as f
where w.transfer_id = f.transfer_id and w.receipt <> 'original' and w.loan_number <> f.loan_number;

-- The transfers of which later events may not say whose they are: the return is another transfer or a request, or it
-- was the text that named the loan, if anything did.
insert into ingestion.transfers (transfer_id, channel, loan_number, value_date, amount_cents, event_id, booked_on)
select distinct on (w.transfer_id)
    w.transfer_id, w.channel, w.loan_number, w.value_date, w.amount_cents, w.event_id, %(booked_on)s
from words as w
where
    w.verdict = 'accepted' and w.receipt = 'first'
    and (not w.is_by_number or w.channel in ('wire', 'realtime'))
order by w.transfer_id, w.line
on conflict (transfer_id) do nothing
