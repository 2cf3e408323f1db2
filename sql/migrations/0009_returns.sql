-- What comes after a payment went back: which reversal counts, what may be presented again and when, what the receiving
-- bank wants corrected, and how large a share of our debits is returned.

create table payments.reversals (
    loan_id bigint not null,
    payment_id uuid not null,
    seq smallint not null,
    effective_on date not null,
    signal text not null check (signal in ('returned', 'recalled')),
    occurred_at timestamptz not null,
    happened_on date not null,
    code text,
    transfer_id text,
    booked_on date not null,
    batch_id uuid not null,
    line integer not null,
    primary key (loan_id, payment_id, seq)
);
create index reversals_happened on payments.reversals (happened_on);
create index reversals_effective on payments.reversals (effective_on);
create index reversals_later on payments.reversals (loan_id, payment_id, seq) where seq > 1;
comment on table payments.reversals is
'Payments that went back, not kept by day, so that those of a date are found at once. Where two words tell of one '
'payment, the one that happened first counts, whichever we heard first: it is added under the next number.';
comment on column payments.reversals.loan_id is 'Loan.';
comment on column payments.reversals.payment_id is 'Payment that went back.';
comment on column payments.reversals.seq is
'1 as first told; 2 where it came to light that it had gone back before that. The last one counts.';
comment on column payments.reversals.effective_on is 'Value date of the payment.';
comment on column payments.reversals.signal is 'The word: returned or recalled.';
comment on column payments.reversals.occurred_at is 'Instant at which it went back.';
comment on column payments.reversals.happened_on is 'Business date of that instant.';
comment on column payments.reversals.code is 'Return code.';
comment on column payments.reversals.transfer_id is
'Id of the transfer by which the money went back, which may be one of its own; the bank''s statement shows it.';
comment on column payments.reversals.booked_on is 'Business date on which we learned it.';
comment on column payments.reversals.batch_id is 'Batch that brought the news.';
comment on column payments.reversals.line is 'Row within that batch.';

create table ingestion.reversal_days (
    happened_on date not null,
    effective_on date not null,
    primary key (happened_on, effective_on)
);
comment on table ingestion.reversal_days is
'On which day payments of which value date were returned or recalled, so that their words are looked for on those days '
'alone and not on all that there are. Derived from ingestion.payment_ingestions.';
comment on column ingestion.reversal_days.happened_on is 'Business date of the return.';
comment on column ingestion.reversal_days.effective_on is 'Value date of the payment.';

insert into ingestion.reversal_days
select distinct i.happened_on, i.effective_on
from ingestion.payment_ingestions as i
where i.signal in ('returned', 'recalled');

create view payments.reversals_in_force as
select r.*
from payments.reversals as r
where not exists (
    select from payments.reversals as later
    where
        later.loan_id = r.loan_id and later.payment_id = r.payment_id and later.seq > r.seq
        -- says nothing new, but lets the small index of those few be used
        and later.seq > 1
);
comment on view payments.reversals_in_force is 'The reversal that counts, one for each payment that went back.';
comment on column payments.reversals_in_force.loan_id is 'Loan.';
comment on column payments.reversals_in_force.payment_id is 'Payment that went back.';
comment on column payments.reversals_in_force.seq is 'Its number among the reversals of the payment.';
comment on column payments.reversals_in_force.effective_on is 'Value date of the payment.';
comment on column payments.reversals_in_force.signal is 'The word: returned or recalled.';
comment on column payments.reversals_in_force.occurred_at is 'Instant at which it went back.';
comment on column payments.reversals_in_force.happened_on is 'Business date of that instant.';
comment on column payments.reversals_in_force.code is 'Return code.';
comment on column payments.reversals_in_force.transfer_id is 'Id of the transfer by which the money went back.';
comment on column payments.reversals_in_force.booked_on is 'Business date on which we learned it.';
comment on column payments.reversals_in_force.batch_id is 'Batch that brought the news.';
comment on column payments.reversals_in_force.line is 'Row within that batch.';

-- What was posted before this list was made.
insert into payments.reversals (
    loan_id, payment_id, seq, effective_on, signal, occurred_at, happened_on, code, transfer_id, booked_on, batch_id,
    line
)
select
    t.loan_id, t.payment_id, 1, t.effective_on, coalesce(i.signal, 'returned'), t.occurred_at, t.happened_on, t.code,
    i.transfer_id, t.booked_on, t.batch_id, t.line
from payments.transitions as t
left join ingestion.payment_ingestions as i
    on
        t.effective_on = i.effective_on and t.loan_id = i.loan_id and t.payment_id = i.payment_id
        and t.batch_id = i.batch_id and t.line = i.line
where t.status = 'reversed';

alter table payments.return_codes
add column deadline_days smallint check (deadline_days > 0),
add column deadline_unit text check (deadline_unit in ('bank', 'calendar'));
comment on column payments.return_codes.deadline_days is
'Days from settlement within which the receiving bank must return a debit for this reason; none where no such rule is.';
comment on column payments.return_codes.deadline_unit is 'Whether those are bank days or calendar days.';

create table payments.notice_of_change_codes (
    code text primary key,
    meaning text not null,
    is_refusal boolean not null,
    corrects text
);
comment on table payments.notice_of_change_codes is
'What a notice of change asks for. Loaded from data/notice_of_change_codes.csv.';
comment on column payments.notice_of_change_codes.code is 'Change code.';
comment on column payments.notice_of_change_codes.meaning is 'Its meaning.';
comment on column payments.notice_of_change_codes.is_refusal is 'Whether it refuses a notice, rather than gives one.';
comment on column payments.notice_of_change_codes.corrects is
'Fields that the corrected data holds, in its order, separated by a bar.';

create table servicing.external_accounts (
    loan_id bigint not null,
    counterparty_id text not null,
    version smallint not null,
    account_last4 text check (length(account_last4) <= 4),
    account_fingerprint bytea,
    routing_number text,
    account_type text,
    change_code text,
    transfer_id text,
    effective_on date not null,
    correct_by date,
    booked_on date not null,
    batch_id uuid not null,
    line integer not null,
    primary key (loan_id, counterparty_id, version),
    check ((version = 1) = (change_code is null)),
    check ((change_code is null) = (correct_by is null))
);
create index external_accounts_told on servicing.external_accounts (batch_id, line);
comment on table servicing.external_accounts is
'The accounts at other banks from which we collect. Version 1 is the account as we first used it, each later one what '
'a notice of change said of it: what it does not speak of stays as it was. Account numbers are never kept whole.';
comment on column servicing.external_accounts.loan_id is 'Loan for which we collect.';
comment on column servicing.external_accounts.counterparty_id is 'The account, as our bank names it.';
comment on column servicing.external_accounts.version is '1, then one for each notice.';
comment on column servicing.external_accounts.account_last4 is 'Last digits of the account number, where known.';
comment on column servicing.external_accounts.account_fingerprint is
'Hash of the account number with the counterparty: tells whether two are the same, and is no secret-keeping.';
comment on column servicing.external_accounts.routing_number is 'Routing number of the bank, where known.';
comment on column servicing.external_accounts.account_type is 'checking, savings or loan, where known.';
comment on column servicing.external_accounts.change_code is 'Code of the notice.';
comment on column servicing.external_accounts.transfer_id is 'Transfer by which we learned it.';
comment on column servicing.external_accounts.effective_on is 'Date from which it is so.';
comment on column servicing.external_accounts.correct_by is
'Bank day by which the account must be corrected at our bank, or before the next debit if that is earlier.';
comment on column servicing.external_accounts.booked_on is 'Business date on which we learned it.';
comment on column servicing.external_accounts.batch_id is 'Batch that brought it.';
comment on column servicing.external_accounts.line is 'Row within that batch.';

create table payments.representment_rules (
    code text not null check (code in ('R01', 'R09')),
    attempt smallint not null check (attempt in (1, 2)),
    wait_bank_days smallint not null check (wait_bank_days > 0),
    description text not null,
    primary key (code, attempt)
);
comment on table payments.representment_rules is
'When a debit that came back is presented again. The rules of the network allow it for want of funds only, and twice. '
'Loaded from data/representment_rules.csv.';
comment on column payments.representment_rules.code is 'Return code.';
comment on column payments.representment_rules.attempt is 'First or second time that it is presented again.';
comment on column payments.representment_rules.wait_bank_days is 'Bank days from the return until then.';
comment on column payments.representment_rules.description is 'The rule in a sentence.';

create table payments.representments (
    loan_id bigint not null,
    payment_id uuid not null,
    attempt smallint not null check (attempt in (1, 2)),
    representment_id uuid not null,
    returned_payment_id uuid not null,
    returned_effective_on date not null,
    returned_on date not null,
    code text not null,
    amount_cents bigint not null check (amount_cents > 0),
    scheduled_on date not null,
    latest_on date not null,
    booked_on date not null,
    primary key (loan_id, payment_id, attempt),
    check (returned_on < scheduled_on and scheduled_on <= latest_on)
);
create index representments_scheduled on payments.representments (scheduled_on);
comment on table payments.representments is
'Debits that came back for want of funds, and when each is presented again.';
comment on column payments.representments.loan_id is 'Loan.';
comment on column payments.representments.payment_id is 'The payment as it was presented first.';
comment on column payments.representments.attempt is 'First or second time that it is presented again.';
comment on column payments.representments.representment_id is
'Derived from payment and attempt; the bank is given it as the key that keeps it from being done twice.';
comment on column payments.representments.returned_payment_id is
'The payment whose return gives cause: the first one, or its first re-presentment.';
comment on column payments.representments.returned_effective_on is 'Value date of that payment.';
comment on column payments.representments.returned_on is 'Date of that return.';
comment on column payments.representments.code is 'Code of that return.';
comment on column payments.representments.amount_cents is 'Amount, the very one that came back.';
comment on column payments.representments.scheduled_on is 'Bank day from which it is to be presented.';
comment on column payments.representments.latest_on is 'Last day on which it may be: 180 days after it settled first.';
comment on column payments.representments.booked_on is 'Business date on which we learned of the return.';

create table payments.representment_requests (
    loan_id bigint not null,
    payment_id uuid not null,
    attempt smallint not null,
    requested_on date not null,
    primary key (loan_id, payment_id, attempt)
);
comment on table payments.representment_requests is
'Re-presentments that our bank was about to be asked for, noted before it was. While one has no outcome, the bank may '
'have it or not, and is looked through for it before anything else is done.';
comment on column payments.representment_requests.loan_id is 'Loan.';
comment on column payments.representment_requests.payment_id is 'The payment as it was presented first.';
comment on column payments.representment_requests.attempt is 'First or second time that it is presented again.';
comment on column payments.representment_requests.requested_on is 'Business date of the first request.';

create table payments.representment_outcomes (
    loan_id bigint not null,
    payment_id uuid not null,
    attempt smallint not null,
    outcome text not null check (outcome in ('sent', 'refused', 'withdrawn')),
    transfer_id text,
    reason text,
    decided_on date not null,
    primary key (loan_id, payment_id, attempt),
    check ((outcome = 'sent') = (transfer_id is not null)),
    check ((outcome = 'sent') = (reason is null))
);
create index representment_outcomes_transfer on payments.representment_outcomes (transfer_id)
where transfer_id is not null;
comment on table payments.representment_outcomes is 'What became of each re-presentment, once its day had come.';
comment on column payments.representment_outcomes.loan_id is 'Loan.';
comment on column payments.representment_outcomes.payment_id is 'The payment as it was presented first.';
comment on column payments.representment_outcomes.attempt is 'First or second time that it is presented again.';
comment on column payments.representment_outcomes.outcome is
'sent, refused by the bank, or withdrawn by us because it is no longer allowed or needed.';
comment on column payments.representment_outcomes.transfer_id is 'The transfer that presents it again.';
comment on column payments.representment_outcomes.reason is 'Why it was not sent.';
comment on column payments.representment_outcomes.decided_on is 'Business date.';

create table payments.return_rate_limits (
    monitor text primary key,
    limit_ppm integer not null check (limit_ppm between 1 and 1000000),
    warn_ppm integer not null check (warn_ppm between 1 and limit_ppm),
    window_days smallint not null check (window_days > 0),
    min_debits integer not null,
    codes text,
    description text not null
);
comment on table payments.return_rate_limits is
'Which share of our debits may be returned, and for which reasons. Loaded from data/return_rate_limits.csv.';
comment on column payments.return_rate_limits.monitor is 'unauthorized, administrative or overall.';
comment on column payments.return_rate_limits.limit_ppm is 'The limit, in parts per million.';
comment on column payments.return_rate_limits.warn_ppm is 'From where on to warn.';
comment on column payments.return_rate_limits.window_days is 'Over how many days, the last one included.';
comment on column payments.return_rate_limits.min_debits is
'With fewer debits in the window the rate is shown and not judged.';
comment on column payments.return_rate_limits.codes is 'Codes that count, separated by a bar; all if none are named.';
comment on column payments.return_rate_limits.description is 'The limit in a sentence.';

create table operations.return_counts (
    business_date date not null,
    outcome text not null,
    entries bigint not null,
    primary key (business_date, outcome)
);
comment on table operations.return_counts is
'How many ACH debits of ours a day has: those that settled on it, and those that were returned on it, by code.';
comment on column operations.return_counts.business_date is 'Day.';
comment on column operations.return_counts.outcome is 'debits, or the return code; none for a return without one.';
comment on column operations.return_counts.entries is 'How many.';

create view operations.return_rates as
select
    d.business_date, l.monitor, w.debits, w.returns,
    case when w.debits > 0 then round(1000000.0 * w.returns / w.debits)::bigint end as rate_ppm, l.limit_ppm,
    case
        when w.debits = 0 or w.debits < l.min_debits then 'few'
        when w.returns * 1000000 > w.debits * l.limit_ppm then 'over'
        when w.returns * 1000000 > w.debits * l.warn_ppm then 'near'
        else 'within'
    end as status
from operations.return_counts as d
cross join payments.return_rate_limits as l
left join lateral (
    select
        coalesce(sum(c.entries) filter (where c.outcome = 'debits'), 0)::bigint as debits,
        coalesce(sum(c.entries) filter (
            where c.outcome <> 'debits' and (l.codes is null or c.outcome = any(string_to_array(l.codes, '|')))
        ), 0)::bigint as returns
    from operations.return_counts as c
    where c.business_date > d.business_date - l.window_days and c.business_date <= d.business_date
) as w on true
where d.outcome = 'debits';
comment on view operations.return_rates is
'Share of our ACH debits that were returned, by monitor and day, over the window that ends with the day.';
comment on column operations.return_rates.business_date is 'Last day of the window.';
comment on column operations.return_rates.monitor is 'unauthorized, administrative or overall.';
comment on column operations.return_rates.debits is 'Debits that settled in the window.';
comment on column operations.return_rates.returns is 'Of all debits, those that were returned in the window.';
comment on column operations.return_rates.rate_ppm is 'Returns by debits, in parts per million.';
comment on column operations.return_rates.limit_ppm is 'The limit.';
comment on column operations.return_rates.status is 'within, near, over, or few where too few to judge.';

grant select on payments.reversals, payments.reversals_in_force, payments.notice_of_change_codes,
payments.representment_rules, payments.representments, payments.representment_requests,
payments.representment_outcomes, payments.return_rate_limits, servicing.external_accounts, operations.return_counts,
operations.return_rates, ingestion.reversal_days
to payments_pipeline;
grant insert on payments.reversals, payments.representments, payments.representment_requests,
payments.representment_outcomes, servicing.external_accounts to payments_pipeline;
grant insert, update, delete on payments.notice_of_change_codes, payments.representment_rules,
payments.return_rate_limits, operations.return_counts to payments_pipeline;
grant insert, delete on ingestion.reversal_days to payments_pipeline;

-- Notices of change are few among millions of events, and asked for by their type.
update operations.day_tables
set lookup_index = '(booked_on) where type = ''ach.outgoing_transfer.noc'''
where table_name = 'ingestion.bank_events';
