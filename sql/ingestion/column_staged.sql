-- The rows of the batch: each event, word for word, and what was read from it. The transfer of a return is the one by
-- which the money went back, which may be another than it came by: the bank's statement shows it under that id.
insert into ingestion.staged (
    booked_on, batch_id, line, raw, is_accepted, is_noted, event, channel, provider, reference, loan_number,
    amount_cents, occurred_at, value_date, return_code, transfer_id, metadata
)
select
    %(booked_on)s, %(batch_id)s, w.line, coalesce(w.raw, a.raw), w.verdict = 'accepted',
    w.verdict in ('noted', 'waiting'),
    w.signal, w.channel, 'column', w.reference,
    case when w.signal is not null then w.loan_number end,
    w.amount_cents,
    w.occurred_at,
    w.value_date,
    w.return_code,
    coalesce(w.return_transfer_id, w.transfer_id, w.object_id),
    jsonb_build_object(
        'event_id', w.event_id, 'type', w.type,
        'direction', case when w.type like '%%.outgoing\_%%' then 'outgoing' else 'incoming' end
    )
from words as w
left join arriving as a on w.line = a.line
