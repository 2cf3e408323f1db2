-- Returns that came before the transfer which they return, and whose transfer has come now: they are staged again,
-- after the new events.
with released as (
    delete from ingestion.waiting_events as q
    using ingestion.transfers as t
    where q.transfer_id = t.transfer_id
    returning q.*
),

closed as (
    update operations.exception_cases as c
    set
        state = 'resolved', resolved_at = now(), details = c.details || '{"healed": true}',
        resolution = 'The transfer has turned up.'
    from released as r
    where
        c.case_id = operations.content_id('orphan_return|event|' || r.event_id)
        and c.state in ('open', 'pending')
)

insert into words (
    line, event_id, type, object_id, created_at, is_known, channel, signal, receipt, original_id, amount_cents,
    occurred_at, return_code, return_transfer_id, transfer_id, reference, verdict, raw
)
select
    row_number() over (order by r.created_at nulls first, r.event_id collate "C")
    + (select max(a.line) from arriving as a),
    r.event_id, r.type, r.object_id, r.created_at, true, r.channel, r.signal, 'original', r.transfer_id as original_id,
    r.amount_cents, r.occurred_at, r.return_code, r.return_transfer_id, r.transfer_id,
    r.transfer_id as reference, 'accepted', r.raw
from released as r;

-- A return is about the receipt that its transfer made, all of it: of one in part a person must say what it means.
update words as w
set
    loan_number = t.loan_number, value_date = t.value_date, amount_cents = coalesce(w.amount_cents, t.amount_cents),
    verdict = case when coalesce(w.amount_cents, t.amount_cents) = t.amount_cents then 'accepted' else 'rejected' end
from ingestion.transfers as t
where w.verdict = 'accepted' and w.receipt = 'original' and w.transfer_id = t.transfer_id;

update words as w
set verdict = 'waiting'
where w.verdict = 'accepted' and w.receipt = 'original' and w.value_date is null;

insert into ingestion.waiting_events (
    event_id, transfer_id, created_at, type, object_id, channel, signal, amount_cents, occurred_at, return_code,
    return_transfer_id, raw, waiting_since
)
select
    w.event_id, w.transfer_id, w.created_at, w.type, w.object_id, w.channel, w.signal, w.amount_cents, w.occurred_at,
    w.return_code, w.return_transfer_id, a.raw, %(received_at)s
from words as w
inner join arriving as a on w.line = a.line
where w.verdict = 'waiting'
on conflict (event_id) do nothing
