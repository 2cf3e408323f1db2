-- The bank's side, its comparison with ours, and what people must look at.

create table settlement.rules (
    channel text primary key,
    lag_bank_days smallint not null,
    every_day boolean not null,
    ready_signal text not null check (ready_signal in ('settled', 'completed', 'captured')),
    description text not null
);
comment on table settlement.rules is
'How each rail settles, and the word that makes a payment of it completed. Loaded from data/settlement_rules.csv.';
comment on column settlement.rules.channel is 'Rail.';
comment on column settlement.rules.lag_bank_days is 'Bank days from value date to settlement.';
comment on column settlement.rules.every_day is 'Whether it settles on days when banks are closed.';
comment on column settlement.rules.ready_signal is
'The word that means the money is there: settled, completed or captured.';
comment on column settlement.rules.description is 'The rule in a sentence.';

-- A constant to the planner, which writes it into the statements: they read the partitions of so many days alone.
create function settlement.most_days_to_settle() returns integer
language sql immutable parallel safe
return 10;
comment on function settlement.most_days_to_settle() is
'Days from value date to settlement that no rail exceeds, weekends and holidays included.';

create table settlement.calendar (
    channel text not null,
    business_date date not null,
    settles_on date not null,
    primary key (business_date, channel),
    constraint no_rail_takes_longer check (
        settles_on between business_date and business_date + settlement.most_days_to_settle()
    )
);
comment on table settlement.calendar is
'When money of a value date settles, by rail: the rules applied to the Federal Reserve calendar.';
comment on column settlement.calendar.channel is 'Rail.';
comment on column settlement.calendar.business_date is 'Value date.';
comment on column settlement.calendar.settles_on is 'Bank day of settlement.';

create view settlement.bank_calendar as
select c.business_date, c.settles_on as bank_day
from settlement.calendar as c
-- a rail without a lag of its own
where c.channel = (
    select min(r.channel) from settlement.rules as r
    where r.lag_bank_days = 0 and not r.every_day
);
comment on view settlement.bank_calendar is
'Each day, and the day on which banks are open on it or next after it: the same, where they are open.';
comment on column settlement.bank_calendar.business_date is 'Day.';
comment on column settlement.bank_calendar.bank_day is 'That day, or the next on which banks are open.';

create table settlement.bank_lines (
    bank_day date not null,
    line_id text not null,
    account text not null,
    channel text not null,
    kind text not null,
    amount_cents bigint not null,
    reference text,
    transaction_id text,
    description text,
    source text not null
) partition by range (bank_day);
comment on table settlement.bank_lines is
'What the bank says happened on our accounts, whatever the format it was said in.';
comment on column settlement.bank_lines.bank_day is 'Bank day.';
comment on column settlement.bank_lines.line_id is 'Line, as the bank identifies it.';
comment on column settlement.bank_lines.account is 'Our account at the bank.';
comment on column settlement.bank_lines.channel is 'Rail.';
comment on column settlement.bank_lines.kind is 'credit, return, fee or other.';
comment on column settlement.bank_lines.amount_cents is 'Amount; negative where money left.';
comment on column settlement.bank_lines.reference is 'Reference as the bank writes it.';
comment on column settlement.bank_lines.transaction_id is 'Id of the transfer.';
comment on column settlement.bank_lines.description is 'Text of the line.';
comment on column settlement.bank_lines.source is 'Statement or file it came from.';

create table settlement.batches (
    bank_day date not null,
    channel text not null,
    expected_count integer not null,
    expected_cents bigint not null,
    actual_count integer not null,
    actual_cents bigint not null,
    variance_cents bigint not null generated always as (actual_cents - expected_cents) stored,
    status text not null check (status in ('settled', 'variance', 'late')),
    primary key (bank_day, channel)
);
comment on table settlement.batches is 'What each rail should deliver to the bank on a day, and what it did.';
comment on column settlement.batches.bank_day is 'Bank day.';
comment on column settlement.batches.channel is 'Rail.';
comment on column settlement.batches.expected_count is 'Payments that should settle.';
comment on column settlement.batches.expected_cents is 'Their sum.';
comment on column settlement.batches.actual_count is 'Credits on the bank''s side.';
comment on column settlement.batches.actual_cents is 'Their sum.';
comment on column settlement.batches.variance_cents is 'Actual less expected.';
comment on column settlement.batches.status is 'settled, variance, or late where the bank shows nothing yet.';

create table reconciliation.matches (
    bank_day date not null,
    line_id text not null,
    loan_id bigint not null,
    payment_id uuid not null,
    kind text not null,
    bank_cents bigint not null,
    our_cents bigint not null,
    method text not null
) partition by range (bank_day);
comment on table reconciliation.matches is
'Pairs of a line of the bank and a movement of ours; each side is used at most once.';
comment on column reconciliation.matches.bank_day is 'Bank day.';
comment on column reconciliation.matches.line_id is 'Line of the bank.';
comment on column reconciliation.matches.loan_id is 'Loan of the payment.';
comment on column reconciliation.matches.payment_id is 'Payment.';
comment on column reconciliation.matches.kind is 'credit or return.';
comment on column reconciliation.matches.bank_cents is 'Amount at the bank.';
comment on column reconciliation.matches.our_cents is 'Amount in our books.';
comment on column reconciliation.matches.method is 'How they were matched.';

create table reconciliation.items (
    bank_day date not null,
    channel text not null,
    side text not null check (side in ('bank', 'ours', 'both')),
    item_id text not null,
    loan_id bigint,
    payment_id uuid,
    cause text not null check (cause in ('missing_here', 'missing_at_bank', 'amount_differs', 'duplicate_at_bank')),
    variance_cents bigint not null,
    description text not null,
    primary key (bank_day, side, item_id)
);
comment on table reconciliation.items is 'The very items that make up a variance: their amounts sum to it.';
comment on column reconciliation.items.bank_day is 'Bank day.';
comment on column reconciliation.items.channel is 'Rail.';
comment on column reconciliation.items.side is 'Who has the item: the bank, we, or both with different amounts.';
comment on column reconciliation.items.item_id is 'Line of the bank, or payment and kind of ours.';
comment on column reconciliation.items.loan_id is 'Loan, where known.';
comment on column reconciliation.items.payment_id is 'Payment, where known.';
comment on column reconciliation.items.cause is 'Why it is open.';
comment on column reconciliation.items.variance_cents is 'Its share of bank less ours.';
comment on column reconciliation.items.description is 'The item in a sentence.';

create table reconciliation.days (
    bank_day date not null,
    channel text not null,
    bank_cents bigint not null,
    our_cents bigint not null,
    variance_cents bigint not null generated always as (bank_cents - our_cents) stored,
    matched_count integer not null,
    open_count integer not null,
    status text not null check (status in ('balanced', 'variance')),
    primary key (bank_day, channel),
    check ((status = 'balanced') = (bank_cents = our_cents))
);
comment on table reconciliation.days is
'Each channel and day: what the bank has, what we have, and whether they agree.';
comment on column reconciliation.days.bank_day is 'Bank day.';
comment on column reconciliation.days.channel is 'Rail.';
comment on column reconciliation.days.bank_cents is 'Sum of the bank''s lines.';
comment on column reconciliation.days.our_cents is 'Sum of our movements that settle on this day.';
comment on column reconciliation.days.variance_cents is 'Bank less ours.';
comment on column reconciliation.days.matched_count is 'Movements matched one to one.';
comment on column reconciliation.days.open_count is 'Items that explain the variance.';
comment on column reconciliation.days.status is 'balanced exactly where the variance is zero.';

create table operations.exception_cases (
    case_id uuid primary key,
    category text not null,
    subcategory text not null,
    severity text not null check (severity in ('low', 'medium', 'high', 'critical')),
    state text not null check (state in ('open', 'pending', 'resolved', 'cancelled')),
    business_date date not null,
    loan_id bigint,
    payment_id uuid,
    batch_id uuid,
    line integer,
    summary text not null,
    next_step text not null,
    details jsonb not null default '{}',
    assigned_to text,
    resolution text,
    created_at timestamptz not null default now(),
    resolved_at timestamptz,
    check ((state in ('resolved', 'cancelled')) = (resolution is not null))
);
create index exception_cases_open on operations.exception_cases (business_date, category)
where state in ('open', 'pending');
create index exception_cases_day on operations.exception_cases (business_date);
comment on table operations.exception_cases is
'What a person must look at, or what healed by itself; each says what to do next.';
comment on column operations.exception_cases.case_id is
'Case, derived from what it is about: the same trouble is one case.';
comment on column operations.exception_cases.category is
'rejected_row, validation, ach_return, orphan_return, reconcile_variance, artifact and so on.';
comment on column operations.exception_cases.subcategory is 'The finer kind: column, status, return code or channel.';
comment on column operations.exception_cases.severity is 'low, medium, high or critical.';
comment on column operations.exception_cases.state is 'open, pending, resolved or cancelled.';
comment on column operations.exception_cases.business_date is 'Day it concerns.';
comment on column operations.exception_cases.loan_id is 'Loan, where known.';
comment on column operations.exception_cases.payment_id is 'Payment, where known.';
comment on column operations.exception_cases.batch_id is 'Batch, where it came from one.';
comment on column operations.exception_cases.line is 'Row within the batch.';
comment on column operations.exception_cases.summary is 'What is wrong.';
comment on column operations.exception_cases.next_step is 'What to do.';
comment on column operations.exception_cases.details is 'The figures behind it.';
comment on column operations.exception_cases.assigned_to is 'Who has it.';
comment on column operations.exception_cases.resolution is 'How it ended.';
comment on column operations.exception_cases.created_at is 'When it was opened.';
comment on column operations.exception_cases.resolved_at is 'When it ended.';

create table operations.day_requests (
    business_date date not null,
    reason text not null,
    subject text not null,
    requested_at timestamptz not null default now(),
    satisfied_at timestamptz,
    primary key (business_date, reason, subject)
);
comment on table operations.day_requests is
'Days that ask to be run: a batch brought rows for them, a status came late, or their variance asks for a backfill.';
comment on column operations.day_requests.business_date is 'Day to run.';
comment on column operations.day_requests.reason is
'ingested; variance; status, learned late; boarded, where loans came after it was run; reposted, where posting another '
'day changed it; missed, where no run came on its evening; unfinished, while or after a run broke off.';
comment on column operations.day_requests.subject is
'The batch, rail, boarding date, day that was posted, run, or evening, or when the status was learned.';
comment on column operations.day_requests.requested_at is 'When it was asked.';
comment on column operations.day_requests.satisfied_at is 'When the day was run since.';

create view operations.posted_days as
select d.business_date
from ledger.days as d
where not exists (
    select from operations.day_requests as r
    where
        r.business_date = d.business_date and r.satisfied_at is null
        -- a run that has not finished its day has posted it: it says so in the transaction that posts
        and r.reason not in ('variance', 'unfinished')
);
comment on view operations.posted_days is
'Days that have been posted since anything came for them: what was told of them has had its effect. What was told of '
'others is pending, not lost.';
comment on column operations.posted_days.business_date is 'Day.';

insert into operations.day_tables values
('settlement.bank_lines', 'bank_day', 'bank_day, line_id', null),
('reconciliation.matches', 'bank_day', 'line_id', null);

grant usage on schema settlement, reconciliation, operations, reporting to payments_pipeline;
grant create on schema reporting to payments_pipeline;
grant select on all tables in schema settlement, reconciliation, operations to payments_pipeline;
grant insert on settlement.bank_lines to payments_pipeline;
grant insert, update, delete on settlement.rules, settlement.calendar, settlement.batches to payments_pipeline;
grant insert, update, delete on reconciliation.matches, reconciliation.items, reconciliation.days to payments_pipeline;
grant insert, update on operations.exception_cases, operations.day_requests to payments_pipeline;
