-- What was delivered: verbatim first, then the verdict on each row. All of it facts: nothing here is ever rewritten
-- but the process log's own progress.

create table ingestion.batches (
    batch_id uuid primary key,
    source text not null,
    uri text not null,
    sha256 bytea not null,
    size_bytes bigint not null,
    received_at timestamptz not null,
    booked_on date not null,
    rows_received integer not null
);
create index batches_booked on ingestion.batches (booked_on);
comment on table ingestion.batches is
'Files of payment rows as they arrived, each once: a file with the same bytes is the same batch.';
comment on column ingestion.batches.batch_id is 'Batch, derived from the hash of its bytes.';
comment on column ingestion.batches.source is 'Who delivered: the bank by rail, lockbox, cards, wallets.';
comment on column ingestion.batches.uri is 'Where the file was read.';
comment on column ingestion.batches.sha256 is 'Hash of the file.';
comment on column ingestion.batches.size_bytes is 'Size of the file.';
comment on column ingestion.batches.received_at is 'When we received it.';
comment on column ingestion.batches.booked_on is 'The business date, in New York, of that instant.';
comment on column ingestion.batches.rows_received is
'Rows in the file, header excluded; of events, also the returns that waited for a payment which came with them.';

create table ingestion.staging_process_log (
    batch_id uuid primary key,
    status text not null check (status in ('waiting', 'processing', 'completed', 'failed')),
    total_records integer not null,
    processed_records integer not null default 0,
    duplicate_records integer not null default 0,
    error_records integer not null default 0,
    noted_records integer not null default 0,
    error_details jsonb,
    started_at timestamptz,
    completed_at timestamptz
);
-- both are asked for with every look at the bank
create index staging_process_log_open on ingestion.staging_process_log (batch_id) where status <> 'completed';
create index staging_process_log_completed on ingestion.staging_process_log (completed_at);
comment on table ingestion.staging_process_log is
'What became of each batch: received = processed + duplicates + errors + noted.';
comment on column ingestion.staging_process_log.batch_id is 'Batch.';
comment on column ingestion.staging_process_log.status is 'waiting, processing, completed or failed.';
comment on column ingestion.staging_process_log.total_records is 'Rows received.';
comment on column ingestion.staging_process_log.processed_records is 'Rows accepted as news of a payment.';
comment on column ingestion.staging_process_log.duplicate_records is 'Rows that repeat an accepted one.';
comment on column ingestion.staging_process_log.error_records is 'Rows rejected.';
comment on column ingestion.staging_process_log.noted_records is 'Rows that say nothing of a receipt.';
comment on column ingestion.staging_process_log.error_details is 'How many rows were rejected, by column and reason.';
comment on column ingestion.staging_process_log.started_at is 'When it was taken up; none while it waits.';
comment on column ingestion.staging_process_log.completed_at is 'When it ended.';

create table ingestion.staged (
    booked_on date not null,
    batch_id uuid not null,
    line integer not null,
    raw text not null,
    is_accepted boolean not null,
    event text,
    channel text,
    provider text,
    reference text,
    loan_number text,
    amount_cents bigint,
    occurred_at timestamptz,
    value_date date,
    return_code text,
    transfer_id text,
    metadata jsonb,
    is_noted boolean not null default false,
    check (not (is_accepted and is_noted)),
    check (not is_accepted or (
        num_nulls(event, channel, reference, loan_number, amount_cents, occurred_at, value_date) = 0
        and amount_cents > 0
    ))
) partition by range (booked_on);
comment on table ingestion.staged is 'Each row of each batch: the text as received, and what the border read from it.';
comment on column ingestion.staged.booked_on is 'Business date of receipt.';
comment on column ingestion.staged.batch_id is 'Batch.';
comment on column ingestion.staged.line is 'Row within the batch, from 1; the header is not counted.';
comment on column ingestion.staged.raw is 'The row as received, character for character.';
comment on column ingestion.staged.is_accepted is
'Whether the row is a payment event; if not, it is noted, or ingestion.rejects says what is wrong with it.';
comment on column ingestion.staged.event is
'The word about the payment: initiated, settled, completed, captured, returned, recalled, canceled.';
comment on column ingestion.staged.channel is 'Rail.';
comment on column ingestion.staged.provider is 'Who carried it.';
comment on column ingestion.staged.reference is 'Reference of the payment, as received.';
comment on column ingestion.staged.loan_number is 'Loan quoted, trimmed and in upper case.';
comment on column ingestion.staged.amount_cents is 'Amount.';
comment on column ingestion.staged.occurred_at is 'Instant of what the row tells.';
comment on column ingestion.staged.value_date is 'Date from which the payment counts for the borrower.';
comment on column ingestion.staged.return_code is 'Code of a return.';
comment on column ingestion.staged.transfer_id is
'Id of the transfer at the provider; for a return, of the one by which the money went back.';
comment on column ingestion.staged.metadata is 'What else the source said.';
comment on column ingestion.staged.is_noted is
'Whether the row says nothing of a receipt: it informs, tells of a payout, or is of a type that we do not know.';

create table ingestion.rejects (
    booked_on date not null,
    batch_id uuid not null,
    line integer not null,
    column_name text not null,
    reason text not null,
    found text,
    primary key (batch_id, line, column_name, reason)
);
comment on table ingestion.rejects is 'Why a row was rejected: one line for each column at fault.';
comment on column ingestion.rejects.booked_on is 'Business date of receipt.';
comment on column ingestion.rejects.batch_id is 'Batch.';
comment on column ingestion.rejects.line is 'Row within the batch.';
comment on column ingestion.rejects.column_name is 'Column at fault.';
comment on column ingestion.rejects.reason is 'What was expected.';
comment on column ingestion.rejects.found is 'What was found, shortened.';

create table ingestion.payment_ingestions (
    effective_on date not null,
    loan_id bigint not null,
    idempotency_key bytea not null,
    signal text not null,
    payment_id uuid not null,
    channel text not null,
    provider text,
    source_reference text not null,
    loan_number text not null,
    amount_cents bigint not null check (amount_cents > 0),
    transfer_id text,
    raw_payload_hash bytea not null,
    occurred_at timestamptz not null,
    happened_on date not null,
    return_code text,
    booked_on date not null,
    batch_id uuid not null,
    line integer not null,
    received_at timestamptz not null
) partition by range (effective_on);
comment on table ingestion.payment_ingestions is
'Each distinct word about a payment, once. The key holds the value date, so a repeat meets its original in its day.';
comment on column ingestion.payment_ingestions.effective_on is 'Value date of the payment.';
comment on column ingestion.payment_ingestions.loan_id is 'Loan; 0 if the loan quoted is not ours.';
comment on column ingestion.payment_ingestions.idempotency_key is
'sha256 of method, reference, value date, cents and loan.';
comment on column ingestion.payment_ingestions.signal is
'The word: initiated, settled, completed, captured, returned, recalled, canceled.';
comment on column ingestion.payment_ingestions.payment_id is 'The payment it is about: the first half of the key.';
comment on column ingestion.payment_ingestions.channel is 'Rail.';
comment on column ingestion.payment_ingestions.provider is 'Who carried it.';
comment on column ingestion.payment_ingestions.source_reference is 'Reference as received.';
comment on column ingestion.payment_ingestions.loan_number is 'Loan quoted, trimmed and in upper case.';
comment on column ingestion.payment_ingestions.amount_cents is 'Amount.';
comment on column ingestion.payment_ingestions.transfer_id is
'Id of the transfer at the provider; for a return, of the one by which the money went back.';
comment on column ingestion.payment_ingestions.raw_payload_hash is 'sha256 of the row as received.';
comment on column ingestion.payment_ingestions.occurred_at is 'Instant of what the word tells (staged.occurred_at).';
comment on column ingestion.payment_ingestions.happened_on is 'Business date of what the word tells, e.g. of a return.';
comment on column ingestion.payment_ingestions.return_code is 'Code of a return.';
comment on column ingestion.payment_ingestions.booked_on is 'Business date on which we learned it.';
comment on column ingestion.payment_ingestions.batch_id is 'Batch that brought it first.';
comment on column ingestion.payment_ingestions.line is 'Row within that batch.';
comment on column ingestion.payment_ingestions.received_at is 'When we received it.';

create table ingestion.duplicates (
    booked_on date not null,
    batch_id uuid not null,
    line integer not null,
    loan_id bigint not null,
    payment_id uuid not null,
    signal text not null,
    original_batch_id uuid not null,
    original_line integer not null,
    primary key (batch_id, line)
);
comment on table ingestion.duplicates is 'Rows that repeat one already accepted, each naming its original.';
comment on column ingestion.duplicates.booked_on is 'Business date of receipt.';
comment on column ingestion.duplicates.batch_id is 'Batch of the repeat.';
comment on column ingestion.duplicates.line is 'Row of the repeat.';
comment on column ingestion.duplicates.loan_id is 'Loan.';
comment on column ingestion.duplicates.payment_id is 'Payment it repeats.';
comment on column ingestion.duplicates.signal is 'The word it repeats.';
comment on column ingestion.duplicates.original_batch_id is 'Batch of the original.';
comment on column ingestion.duplicates.original_line is 'Row of the original.';

create table ingestion.earlier_words (
    effective_on date not null,
    loan_id bigint not null,
    payment_id uuid not null,
    signal text not null,
    channel text not null,
    occurred_at timestamptz not null,
    happened_on date not null,
    return_code text,
    transfer_id text,
    booked_on date not null,
    batch_id uuid not null,
    line integer not null,
    primary key (effective_on, loan_id, payment_id, signal, batch_id, line)
);
comment on table ingestion.earlier_words is
'Repeats that tell an earlier instant than the word they repeat, or of one instant another return code. The earliest '
'counts, whichever we heard first: it orders the receipts of a day, and dates a return.';
comment on column ingestion.earlier_words.effective_on is 'Value date of the payment.';
comment on column ingestion.earlier_words.loan_id is 'Loan.';
comment on column ingestion.earlier_words.payment_id is 'Payment it is about.';
comment on column ingestion.earlier_words.signal is 'The word.';
comment on column ingestion.earlier_words.channel is 'Rail.';
comment on column ingestion.earlier_words.occurred_at is 'Instant that it tells.';
comment on column ingestion.earlier_words.happened_on is 'Business date of that instant.';
comment on column ingestion.earlier_words.return_code is 'Code of a return.';
comment on column ingestion.earlier_words.transfer_id is
'Id of the transfer at the provider; for a return, of the one by which the money went back.';
comment on column ingestion.earlier_words.booked_on is 'Business date on which we learned it.';
comment on column ingestion.earlier_words.batch_id is 'Batch of the repeat.';
comment on column ingestion.earlier_words.line is 'Row of the repeat.';

-- Stable, because convert_to is: declared immutable, it would not be inlined.
create function ingestion.rank_of_code(return_code text) returns bytea
language sql stable parallel safe
return coalesce(convert_to(return_code, 'UTF8'), '\xff');
comment on function ingestion.rank_of_code(text) is
'Order of the codes of one instant: by their bytes, alike on every server, and none after all others (no text has ff).';

create view ingestion.words as
select
    i.effective_on, i.loan_id, i.payment_id, i.signal, i.channel, i.occurred_at, i.happened_on, i.return_code,
    i.transfer_id, i.booked_on, i.batch_id, i.line
from ingestion.payment_ingestions as i
union all
select
    e.effective_on, e.loan_id, e.payment_id, e.signal, e.channel, e.occurred_at, e.happened_on, e.return_code,
    e.transfer_id, e.booked_on, e.batch_id, e.line
from ingestion.earlier_words as e;
comment on view ingestion.words is
'All that was told of payments: the news, and the repeats that tell an earlier instant.';
comment on column ingestion.words.effective_on is 'Value date of the payment.';
comment on column ingestion.words.loan_id is 'Loan.';
comment on column ingestion.words.payment_id is 'Payment it is about.';
comment on column ingestion.words.signal is 'The word.';
comment on column ingestion.words.channel is 'Rail.';
comment on column ingestion.words.occurred_at is 'Instant that it tells.';
comment on column ingestion.words.happened_on is 'Business date of that instant.';
comment on column ingestion.words.return_code is 'Code of a return.';
comment on column ingestion.words.transfer_id is
'Id of the transfer at the provider; for a return, of the one by which the money went back.';
comment on column ingestion.words.booked_on is 'Business date on which we learned it.';
comment on column ingestion.words.batch_id is 'Batch that brought it.';
comment on column ingestion.words.line is 'Row within that batch.';

create table ingestion.payment_artifacts (
    artifact_id uuid primary key,
    batch_id uuid not null,
    line integer,
    type text not null,
    uri text not null,
    sha256 bytea not null,
    size_bytes bigint,
    mime text
);
create index payment_artifacts_batch on ingestion.payment_artifacts (batch_id);
comment on table ingestion.payment_artifacts is
'Source documents by address and hash: batch files, check images, receipts.';
comment on column ingestion.payment_artifacts.artifact_id is 'Artifact, derived from its batch, row, type and address.';
comment on column ingestion.payment_artifacts.batch_id is 'Batch that named it.';
comment on column ingestion.payment_artifacts.line is 'Row that named it; none for the batch file itself.';
comment on column ingestion.payment_artifacts.type is 'etl_batch, check_image_front, wire_receipt and so on.';
comment on column ingestion.payment_artifacts.uri is 'Where it lies.';
comment on column ingestion.payment_artifacts.sha256 is 'Hash that it must have.';
comment on column ingestion.payment_artifacts.size_bytes is 'Size, where known.';
comment on column ingestion.payment_artifacts.mime is 'Type of content, where known.';

insert into operations.day_tables values
('ingestion.staged', 'booked_on', 'batch_id, line', null),
(
    'ingestion.payment_ingestions', 'effective_on', 'loan_id, idempotency_key, signal',
    '(happened_on) where signal in (''returned'', ''recalled'')'
);

grant usage on schema ingestion to payments_pipeline;
grant select, insert on all tables in schema ingestion to payments_pipeline;
grant update on ingestion.staging_process_log to payments_pipeline;
