-- A case for each event that speaks of a receipt and does not say enough of it.
insert into operations.exception_cases (
    case_id, category, subcategory, severity, state, business_date, batch_id, line, summary, next_step, details
)
with rejected as (
    -- all that is wrong with an event, together
    select
        r.line, min(r.column_name) as first_column,
        string_agg(r.column_name || ': ' || r.reason, '; ' order by r.column_name, r.reason) as faults,
        jsonb_agg(
            jsonb_build_object('column', r.column_name, 'reason', r.reason) order by r.column_name, r.reason
        ) as details
    from ingestion.rejects as r
    where r.batch_id = %(batch_id)s
    group by r.line
)

select
    operations.content_id('rejected_row|' || %(batch_id)s::text || '|' || r.line),
    'rejected_row', r.first_column, 'medium', 'open', %(booked_on)s, %(batch_id)s, r.line,
    'event ' || w.event_id || ' of type ' || w.type || ', ' || r.faults,
    'Look at the event in ingestion.staged and at what was found in ingestion.rejects; look the transfer up at the '
    || 'bank, and ask it what the event should have said.',
    jsonb_build_object('event_id', w.event_id, 'type', w.type, 'faults', r.details)
from rejected as r
inner join words as w on r.line = w.line
on conflict (case_id) do nothing;

-- One case for each type that we do not know, however many events of it come.
insert into operations.exception_cases as kept (
    case_id, category, subcategory, severity, state, business_date, batch_id, line, summary, next_step, details
)
with unknown as (
    select
        left(w.type, 255) as type, count(*) as events, min(w.line) as line,
        (array_agg(w.event_id order by w.line))[1] as first_event
    from words as w
    where not w.is_known
    group by left(w.type, 255)
)

select
    operations.content_id('unknown_event|' || u.type),
    'unknown_event', case u.type when '' then 'none' else u.type end, 'medium', 'open', %(booked_on)s, %(batch_id)s,
    u.line,
    'The bank tells events of the type ' || case u.type when '' then '(none)' else u.type end
    || ', which we do not know; the first is ' || u.first_event || '.',
    'Read the event in ingestion.staged; add a row for its type to data/column_events.csv that says what it means. '
    || 'Once that is loaded, at the next start, these events are read again and this case closes itself.',
    jsonb_build_object('type', u.type, 'events', u.events, 'first_event', u.first_event)
from unknown as u
on conflict (case_id) do update set
    state = case kept.state when 'resolved' then 'open' else kept.state end,
    resolution = case kept.state when 'resolved' then null else kept.resolution end,
    resolved_at = case kept.state when 'resolved' then null else kept.resolved_at end,
    details = kept.details
    || jsonb_build_object('events', (kept.details ->> 'events')::bigint + (excluded.details ->> 'events')::bigint);

-- A return whose transfer has not come. The case closes when it does.
insert into operations.exception_cases (
    case_id, category, subcategory, severity, state, business_date, batch_id, line, summary, next_step, details
)
select
    operations.content_id('orphan_return|event|' || w.event_id), 'orphan_return', coalesce(w.return_code, 'none'),
    'medium', 'open', %(booked_on)s, %(batch_id)s, w.line,
    format(
        'A return (%%s) by %%s%%s came for the transfer %%s, which never reached us.',
        coalesce(w.return_code, 'no code'), w.channel, ' of ' || operations.dollars(w.amount_cents), w.transfer_id
    ),
    'The bank is asked for the transfer again; when it has come, this case closes itself.',
    jsonb_build_object('event_id', w.event_id, 'transfer_id', w.transfer_id, 'amount_cents', w.amount_cents)
from words as w
where w.verdict = 'waiting'
on conflict (case_id) do nothing;

-- A case for each ACH transfer by which money of a payment leaves us again, other than by its return: our reversal of a
-- debit, and a debit by somebody else that reverses a credit or is of a loan's own account number. Such events are few,
-- so that each is looked into.
insert into operations.exception_cases (
    case_id, category, subcategory, severity, state, business_date, loan_id, batch_id, line, summary, next_step, details
)
with transfers as (
    select
        a.line, w.transfer_id, nullif(o.object ->> 'reversal_pair_transfer_id', '') as reverses, own.loan_id,
        case when o.object ->> 'amount' ~ '^[0-9]{1,11}$' then (o.object ->> 'amount')::bigint end as amount_cents
    from words as w
    inner join arriving as a on w.line = a.line
    left join lateral (
        select told.raw::jsonb -> 'data' as object
        from (select a.raw) as told
        offset 0
    ) as o on true
    left join servicing.account_numbers as own on o.object ->> 'account_number_id' = own.account_number_id
    where
        w.transfer_id is not null
        and (
            a.type in ('ach.outgoing_transfer.initiated', 'ach.outgoing_transfer.settled') and a.condition = 'credit'
            or a.type in ('ach.incoming_transfer.scheduled', 'ach.incoming_transfer.settled') and a.condition = 'debit'
        )
        and (
            o.object ->> 'reversal_pair_transfer_id' <> ''
            or a.condition = 'debit' and own.loan_id is not null
        )
)

select
    operations.content_id('ach_taken_back|' || t.transfer_id), 'ach_taken_back',
    case when t.reverses is null then 'debit' else 'reversal' end, 'high', 'open', %(booked_on)s, t.loan_id,
    %(batch_id)s, t.line,
    format(
        '%%s went out by ACH with the transfer %%s, which takes back %%s; our books still have that payment.',
        coalesce(operations.dollars(t.amount_cents), 'Money'), t.transfer_id,
        coalesce(t.reverses, 'money from the account number of the loan')
    ),
    'If it was right, deliver a row with the event returned for the payment that went back; if not, have our bank send '
    || 'the debit back within two bank days.',
    jsonb_build_object('transfer_id', t.transfer_id, 'reverses', t.reverses, 'amount_cents', t.amount_cents)
from transfers as t
on conflict (case_id) do nothing
