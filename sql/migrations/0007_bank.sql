-- The bank's events: which are known, what each type of them says of a payment, how far we have read, and what waits.

create table servicing.account_numbers (
    account_number_id text primary key,
    loan_id bigint not null,
    opened_on date not null
);
comment on table servicing.account_numbers is
'The account numbers at the bank that belong to one loan each: money sent there says by itself whose it is.';
comment on column servicing.account_numbers.account_number_id is 'Account number, by the bank''s id of it.';
comment on column servicing.account_numbers.loan_id is 'Loan.';
comment on column servicing.account_numbers.opened_on is 'Since when.';

create table ingestion.event_types (
    type text not null,
    condition text not null check (
        condition in (
            'any', 'debit', 'credit', 'pair', 'no_pair', 'to_us', 'from_us', 'recleared', 'not_recleared'
        )
    ),
    channel text,
    signal text check (signal in ('initiated', 'settled', 'completed', 'returned', 'recalled', 'canceled')),
    receipt text check (receipt in ('first', 'again', 'original')),
    value_fields text,
    value_zone text,
    instant_fields text,
    amount_fields text,
    original_fields text,
    return_field text,
    description text not null,
    primary key (type, condition),
    check ((signal is null) = (num_nonnulls(channel, receipt, instant_fields, amount_fields) = 0)),
    check (signal is null or num_nulls(channel, receipt, instant_fields, amount_fields) = 0),
    check ((receipt is not distinct from 'original') = (original_fields is not null)),
    check (return_field is null or receipt is not distinct from 'original'),
    check ((receipt in ('first', 'again')) is true = (value_fields is not null)),
    check ((value_fields is null) = (value_zone is null))
);
comment on table ingestion.event_types is
'What each type of the bank''s events says of a payment, if anything. Loaded from data/column_events.csv.';
comment on column ingestion.event_types.type is 'Type of the event; one that ends in .* stands for all that begin so.';
comment on column ingestion.event_types.condition is
'For which transfers: any; debit or credit; with or without a pair; from or to us; a check recleared or not.';
comment on column ingestion.event_types.channel is 'Rail.';
comment on column ingestion.event_types.signal is 'The word about the payment; none if it says nothing of a receipt.';
comment on column ingestion.event_types.receipt is
'Which receipt: the first of the transfer; again, when its return was undone; or the original that another transfer or '
'request names.';
comment on column ingestion.event_types.value_fields is
'Field of the object that holds the value date; of several between bars, the first that is there.';
comment on column ingestion.event_types.value_zone is 'Where the day of that instant is read.';
comment on column ingestion.event_types.instant_fields is 'Field that says when it happened, likewise.';
comment on column ingestion.event_types.amount_fields is 'Field of the amount in cents, likewise.';
comment on column ingestion.event_types.original_fields is
'Field that names the transfer which the word is about, likewise.';
comment on column ingestion.event_types.return_field is
'Field that names the transfer by which its money went back, where that is another one: the statement shows its id.';
comment on column ingestion.event_types.description is 'What it means.';

create table ingestion.bank_events (
    created_on date not null,
    event_id text not null,
    type text not null,
    object_id text,
    created_at timestamptz,
    booked_on date not null,
    batch_id uuid not null,
    line integer not null
) partition by range (created_on);
comment on table ingestion.bank_events is
'Each event of the bank that is known, once, however often and by whatever way it came; its text stands in staged.';
comment on column ingestion.bank_events.created_on is
'Day of created_at in UTC; 1970-01-01 where the bank did not say it.';
comment on column ingestion.bank_events.event_id is 'Event, by the bank''s id of it.';
comment on column ingestion.bank_events.type is 'Type of the event.';
comment on column ingestion.bank_events.object_id is 'Transfer, account or other object that it tells of.';
comment on column ingestion.bank_events.created_at is 'When the bank made it.';
comment on column ingestion.bank_events.booked_on is 'Business date on which we received it.';
comment on column ingestion.bank_events.batch_id is 'Batch in which its text stands.';
comment on column ingestion.bank_events.line is 'Row within that batch.';

create table ingestion.transfers (
    transfer_id text primary key,
    channel text not null,
    loan_number text not null,
    value_date date not null,
    amount_cents bigint not null,
    event_id text not null,
    booked_on date not null
);
comment on table ingestion.transfers is
'Transfers to which later events refer without saying whose they are: on rails where the return is another transfer or '
'a request, and wherever no account number of a loan''s own says whose they are.';
comment on column ingestion.transfers.transfer_id is 'Transfer.';
comment on column ingestion.transfers.channel is 'Rail.';
comment on column ingestion.transfers.loan_number is 'Loan under which it is known, UNMATCHED if none was found.';
comment on column ingestion.transfers.value_date is 'Value date.';
comment on column ingestion.transfers.amount_cents is 'Amount.';
comment on column ingestion.transfers.event_id is 'Event that made it known.';
comment on column ingestion.transfers.booked_on is 'Business date on which we learned of it.';

create table ingestion.waiting_events (
    event_id text primary key,
    transfer_id text not null,
    created_at timestamptz,
    type text not null,
    object_id text not null,
    channel text not null,
    signal text not null,
    amount_cents bigint,
    occurred_at timestamptz not null,
    return_code text,
    return_transfer_id text,
    raw text not null,
    waiting_since timestamptz not null
);
create index waiting_events_transfer on ingestion.waiting_events (transfer_id);
comment on table ingestion.waiting_events is
'Returns of transfers that we do not know yet. A queue: when the transfer comes, they are staged again beside it.';
comment on column ingestion.waiting_events.event_id is 'Event.';
comment on column ingestion.waiting_events.transfer_id is 'Transfer for which it waits.';
comment on column ingestion.waiting_events.created_at is 'When the bank made it.';
comment on column ingestion.waiting_events.type is 'Type of the event.';
comment on column ingestion.waiting_events.object_id is 'Transfer or request that it tells of.';
comment on column ingestion.waiting_events.channel is 'Rail.';
comment on column ingestion.waiting_events.signal is 'The word it will say.';
comment on column ingestion.waiting_events.amount_cents is 'Amount that went back; none where it goes without saying.';
comment on column ingestion.waiting_events.occurred_at is 'When that happened.';
comment on column ingestion.waiting_events.return_code is 'Code of the return.';
comment on column ingestion.waiting_events.return_transfer_id is
'Transfer by which the money went back, where it is one of its own.';
comment on column ingestion.waiting_events.raw is 'Text of the event.';
comment on column ingestion.waiting_events.waiting_since is 'When we received it.';

create table ingestion.cursors (
    source text primary key,
    newest_id text,
    newest_at timestamptz,
    polled_at timestamptz not null,
    swept_at timestamptz,
    failures integer not null default 0,
    failing_since timestamptz,
    last_error text
);
comment on table ingestion.cursors is
'How far each source was read. Moves in the transaction that stores what was read, so that nothing is lost or doubled.';
comment on column ingestion.cursors.source is 'What is read, and in which sweep of it.';
comment on column ingestion.cursors.newest_id is 'Event up to which it was read; none while days are read as wholes.';
comment on column ingestion.cursors.newest_at is 'Instant up to which it was read.';
comment on column ingestion.cursors.polled_at is 'When it was last read.';
comment on column ingestion.cursors.swept_at is 'When the days behind it were last read again to their end.';
comment on column ingestion.cursors.failures is 'How often in a row reading has failed.';
comment on column ingestion.cursors.failing_since is 'When that began.';
comment on column ingestion.cursors.last_error is 'What was wrong the last time.';

create table ingestion.asked_again (
    subject text primary key,
    bank_day date,
    asked_at timestamptz not null,
    times integer not null
);
comment on table ingestion.asked_again is
'What we asked the bank for again, because bank and books disagree or a return waits: seldomer each time.';
comment on column ingestion.asked_again.subject is 'A transfer, or a day as a whole.';
comment on column ingestion.asked_again.bank_day is 'Day whose variance it explains.';
comment on column ingestion.asked_again.asked_at is 'When we last asked.';
comment on column ingestion.asked_again.times is 'How often we asked.';

-- Text of others as an instant, or nothing where it is none: a cast would refuse the whole statement for one bad row.
-- Not strict, so that it can be inlined.
create function ingestion.instant(given text) returns timestamptz
language sql stable parallel safe
return case
    when
        given ~ (
            '^(19|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]'
            '([.][0-9]{1,12})?([Zz]|[+-](0[0-9]|1[0-4]):?[0-5][0-9])$'
        )
        and substr(given, 6, 5) not in ('02-30', '02-31', '04-31', '06-31', '09-31', '11-31')
        -- every fourth year from 1904 to 2096 has a 29 February
        and (substr(given, 6, 5) <> '02-29' or (substr(given, 3, 2)::integer % 4 = 0 and left(given, 4) <> '1900'))
        then upper(given)::timestamptz
end;
comment on function ingestion.instant(text) is
'An RFC 3339 instant of this or the last century, of any number of decimals; null where the text is none.';

insert into operations.day_tables values
('ingestion.bank_events', 'created_on', 'event_id', null);

grant select, insert on servicing.account_numbers to payments_pipeline;
grant select, insert on ingestion.bank_events, ingestion.transfers to payments_pipeline;
grant select, insert, delete on ingestion.waiting_events to payments_pipeline;
grant select, insert, update on ingestion.cursors, ingestion.asked_again to payments_pipeline;
grant select, insert, update, delete on ingestion.event_types to payments_pipeline;
