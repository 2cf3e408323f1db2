-- The ledger: allocations (who got each cent), entries (double entry), events (hash chains), seals (chained roots).

create table ledger.accounts (
    account integer primary key,
    name text not null unique,
    type text not null check (type in ('asset', 'liability', 'equity', 'income', 'expense')),
    part text,
    channel text,
    description text not null
);
create unique index accounts_part on ledger.accounts (part, channel) nulls not distinct where part is not null;
comment on table ledger.accounts is 'Chart of accounts. Loaded from data/chart_of_accounts.csv.';
comment on column ledger.accounts.account is 'Account number.';
comment on column ledger.accounts.name is 'Name, with colons between levels.';
comment on column ledger.accounts.type is 'Asset, liability, equity, income or expense.';
comment on column ledger.accounts.part is 'The part of an allocation that is booked here.';
comment on column ledger.accounts.channel is 'Only for this rail.';
comment on column ledger.accounts.description is 'What it holds.';

create table ledger.allocations (
    effective_on date not null,
    loan_id bigint not null,
    subject_id uuid not null,
    kind text not null check (kind in ('receipt', 'return', 'release')),
    seq smallint not null,
    channel text,
    policy text not null,
    booked_on date not null,
    run_no integer not null,
    cash_cents bigint not null,
    fees_cents bigint not null,
    interest_cents bigint not null,
    principal_cents bigint not null,
    escrow_cents bigint not null,
    suspense_cents bigint not null,
    returned_cents bigint not null,
    reason text,
    check (cash_cents = fees_cents + interest_cents + principal_cents + escrow_cents + suspense_cents + returned_cents),
    check ((seq = 1) = (reason is null))
) partition by range (effective_on);
comment on table ledger.allocations is
'Where each cent went. The first row of a subject is its posting; later rows are differences that corrected it.';
comment on column ledger.allocations.effective_on is 'Date from which it counts for the borrower.';
comment on column ledger.allocations.loan_id is 'Loan.';
comment on column ledger.allocations.subject_id is 'What is allocated: a payment, or a release of suspense.';
comment on column ledger.allocations.kind is 'receipt of a payment, return of its money, or release from suspense.';
comment on column ledger.allocations.seq is '1 for the posting, then its corrections in order.';
comment on column ledger.allocations.channel is 'Rail of the payment.';
comment on column ledger.allocations.policy is 'Policy by which it was allocated.';
comment on column ledger.allocations.booked_on is 'Business date on which we learned what led to this row.';
comment on column ledger.allocations.run_no is 'Run that added it, see ledger.seals.';
comment on column ledger.allocations.cash_cents is 'Money that came in (or, for a return, went back).';
comment on column ledger.allocations.fees_cents is 'Applied to fees.';
comment on column ledger.allocations.interest_cents is 'Applied to interest.';
comment on column ledger.allocations.principal_cents is 'Applied to principal.';
comment on column ledger.allocations.escrow_cents is 'Applied to escrow.';
comment on column ledger.allocations.suspense_cents is 'Put into suspense; negative where released from it.';
comment on column ledger.allocations.returned_cents is
'Held for a payment that went back, between its receipt and its return.';
comment on column ledger.allocations.reason is 'What a correction corrects, and why.';

create table ledger.fees (
    loan_id bigint not null,
    fee_id uuid not null,
    seq smallint not null,
    kind text not null check (kind in ('late', 'nsf')),
    instalment smallint,
    payment_id uuid,
    effective_on date not null,
    policy text not null,
    amount_cents bigint not null check (amount_cents <> 0),
    booked_on date not null,
    run_no integer not null,
    reason text,
    primary key (loan_id, fee_id, seq),
    check ((seq = 1) = (reason is null)),
    check (seq > 1 or amount_cents > 0)
);
create index fees_effective on ledger.fees (effective_on);
comment on table ledger.fees is
'Fees assessed; later rows of a fee are the differences by which it was changed or taken back.';
comment on column ledger.fees.loan_id is 'Loan.';
comment on column ledger.fees.fee_id is 'Fee, derived from the instalment or the payment that caused it.';
comment on column ledger.fees.seq is '1 for the assessment, then its corrections in order.';
comment on column ledger.fees.kind is 'late or nsf.';
comment on column ledger.fees.instalment is 'Instalment that was late.';
comment on column ledger.fees.payment_id is 'Payment that was returned.';
comment on column ledger.fees.effective_on is 'Date of the charge.';
comment on column ledger.fees.policy is 'Policy that set the amount.';
comment on column ledger.fees.amount_cents is 'Amount charged, or by which the charge changed.';
comment on column ledger.fees.booked_on is 'Business date on which we learned what led to this row.';
comment on column ledger.fees.run_no is 'Run that added it.';
comment on column ledger.fees.reason is 'Why it was changed.';

create table ledger.entries (
    effective_on date not null,
    loan_id bigint not null,
    subject_id uuid not null,
    kind text not null,
    seq smallint not null,
    account integer not null,
    amount_cents bigint not null check (amount_cents <> 0),
    booked_on date not null,
    run_no integer not null
) partition by range (effective_on);
comment on table ledger.entries is
'Double entry. The entries of one subject, kind and seq are one transaction and sum to zero; debits are positive.';
comment on column ledger.entries.effective_on is 'Date from which it counts.';
comment on column ledger.entries.loan_id is 'Loan; 0 for transactions of the whole book.';
comment on column ledger.entries.subject_id is 'Payment, release, fee, accrual or boarding that it books.';
comment on column ledger.entries.kind is 'receipt, return, release, late, nsf, accrual or boarding.';
comment on column ledger.entries.seq is 'Posting or correction, as on the allocation.';
comment on column ledger.entries.account is 'Account.';
comment on column ledger.entries.amount_cents is 'Debit if positive, credit if negative.';
comment on column ledger.entries.booked_on is 'Business date on which it entered the books.';
comment on column ledger.entries.run_no is 'Run that added it.';

create table ledger.turnover (
    run_no integer not null,
    effective_on date not null,
    booked_on date not null,
    account integer not null,
    debit_cents bigint not null check (debit_cents >= 0),
    credit_cents bigint not null check (credit_cents >= 0),
    primary key (run_no, effective_on, booked_on, account)
);
comment on table ledger.turnover is
'What each run debited and credited, account by account: the sums of its entries. Balances of any date are read here.';
comment on column ledger.turnover.run_no is 'Run that added the entries.';
comment on column ledger.turnover.effective_on is 'Date from which they count.';
comment on column ledger.turnover.booked_on is 'Business date on which they entered the books.';
comment on column ledger.turnover.account is 'Account.';
comment on column ledger.turnover.debit_cents is 'Sum of the debits.';
comment on column ledger.turnover.credit_cents is 'Sum of the credits.';

create table ledger.suspense (
    loan_id bigint not null,
    effective_on date not null,
    run_no integer not null,
    cents bigint not null check (cents <> 0),
    primary key (loan_id, effective_on, run_no)
);
create index suspense_effective_on on ledger.suspense (effective_on);
comment on table ledger.suspense is
'What each run put into the suspense of a loan and took out of it, day by day: the sums of its allocations. Since when '
'money has been waiting is read here, and not from all days there ever were.';
comment on column ledger.suspense.loan_id is 'Loan.';
comment on column ledger.suspense.effective_on is 'Date from which it counts.';
comment on column ledger.suspense.run_no is 'Run that added the allocations.';
comment on column ledger.suspense.cents is 'Put into suspense; negative where more was taken out.';

create table ledger.events (
    effective_on date not null,
    loan_id bigint not null,
    subject_id uuid not null,
    event_no smallint not null,
    type text not null,
    booked_on date not null,
    run_no integer not null,
    actor text not null,
    data json not null,
    prev_hash bytea,
    hash bytea not null
) partition by range (effective_on);
comment on table ledger.events is
'What happened to each payment, release and fee, as a chain: each event carries the hash of the one before.';
comment on column ledger.events.effective_on is 'Value date of the subject; a chain lies within one day.';
comment on column ledger.events.loan_id is 'Loan.';
comment on column ledger.events.subject_id is 'Payment, release, fee, accrual or boarding.';
comment on column ledger.events.event_no is 'Place in the chain, from 1.';
comment on column ledger.events.type is
'payment.ingested, payment.posted, payment.reallocated, payment.reversed and so on.';
comment on column ledger.events.booked_on is 'Business date on which we learned it.';
comment on column ledger.events.run_no is 'Run that added it.';
comment on column ledger.events.actor is 'Who did it: system, or a person.';
comment on column ledger.events.data is 'What happened, in the very text that was hashed.';
comment on column ledger.events.prev_hash is 'Hash of the event before; none for the first.';
comment on column ledger.events.hash is 'sha256 over the hash before and this event.';

-- One definition of the hash, for those who write it and those who verify it. Stable, because convert_to is: declared
-- immutable, it would not be inlined, and a call costs three times what it does.
create function ledger.event_hash(
    prev_hash bytea, subject_id uuid, event_no integer, type text, actor text, effective_on date, booked_on date,
    data text
) returns bytea
language sql stable parallel safe
return sha256(
    coalesce(prev_hash, ''::bytea)
    || convert_to(
        subject_id::text || '|' || event_no::text || '|' || type || '|' || actor
        || '|' || (effective_on - date '2000-01-01')::text || '|' || (booked_on - date '2000-01-01')::text
        || '|' || data, 'UTF8'
    )
);
comment on function ledger.event_hash(bytea, uuid, integer, text, text, date, date, text) is
'Hash of an event over the event before it; dates enter as days since 2000-01-01.';

-- What the event of an allocation says, built as text because the text is what is hashed. Null for no allocation.
create function ledger.allocation_event(
    kind text, seq integer, effective_on date, policy text, cash bigint, fees bigint, interest bigint, principal bigint,
    escrow bigint, suspense bigint, returned bigint, return_code text, reason text
) returns text
language sql stable parallel safe
return '{"kind":"' || kind || '","seq":' || seq || ',"effective_on":"' || effective_on || '","policy":"' || policy
|| '","cash":' || cash || ',"fees":' || fees || ',"interest":' || interest || ',"principal":' || principal
|| ',"escrow":' || escrow || ',"suspense":' || suspense || ',"returned":' || returned
|| coalesce(',"code":"' || return_code || '"', '') || coalesce(',"reason":"' || reason || '"', '') || '}';
comment on function ledger.allocation_event(
    text, integer, date, text, bigint, bigint, bigint, bigint, bigint, bigint, bigint, text, text
) is 'The data of the event of an allocation, as JSON.';

-- What the sealed event of a boarding says of the terms of its loans, for those who write it and those who verify it;
-- in buckets of loans, so that no step holds all of them.
create function ledger.terms_event(boarding_day date) returns text
language sql stable parallel safe
set datestyle = 'ISO'
return (
    with buckets as (
        select
            count(*) as loans,
            sha256(
                convert_to(string_agg(l::text || coalesce(e::text, ''), '|' order by l.loan_id), 'UTF8')
            ) as hash,
            l.loan_id / 4096 as bucket
        from servicing.loans as l
        left join servicing.escrow as e on l.loan_id = e.loan_id
        where l.boarded_on = terms_event.boarding_day
        group by l.loan_id / 4096
    )

    select
        '{"kind":"terms","loans":' || sum(b.loans) || ',"loans_sha256":"'
        || encode(sha256(string_agg(b.hash, ''::bytea order by b.bucket)), 'hex') || '"}'
    from buckets as b
);
comment on function ledger.terms_event(date) is
'What the event of the terms of the loans boarded on a day says, as JSON; null where none was.';

create table ledger.publications (
    effective_on date not null,
    loan_id bigint not null,
    subject_id uuid not null,
    event_no smallint not null,
    attempt_no integer not null check (attempt_no > 0),
    attempted_at timestamptz not null default now(),
    error text
) partition by range (effective_on);
comment on table ledger.publications is
'Each attempt to tell an event to the world outside, and what came of it.';
comment on column ledger.publications.effective_on is 'Day of the event.';
comment on column ledger.publications.loan_id is 'Loan.';
comment on column ledger.publications.subject_id is 'Subject of the event.';
comment on column ledger.publications.event_no is 'Event.';
comment on column ledger.publications.attempt_no is 'Which attempt it was, from 1.';
comment on column ledger.publications.attempted_at is 'When.';
comment on column ledger.publications.error is 'What went wrong; none if the event has left.';

-- An event is in the outbox by having happened: there is no second row of it that could be missing.
create view ledger.outbox as
select
    e.effective_on, e.loan_id, e.subject_id, e.event_no, e.run_no, p.published_at,
    coalesce(p.attempt_count, 0) as attempt_count, p.last_error
from ledger.events as e
left join lateral (
    select
        min(q.attempted_at) filter (where q.error is null) as published_at, count(*)::integer as attempt_count,
        (array_agg(q.error order by q.attempt_no desc) filter (where q.error is not null))[1] as last_error
    from ledger.publications as q
    where
        q.effective_on = e.effective_on and q.loan_id = e.loan_id and q.subject_id = e.subject_id
        and q.event_no = e.event_no
) as p on true;
comment on view ledger.outbox is
'Each event as a message that must leave the house, and whether it has. Runs are published in their order.';
comment on column ledger.outbox.effective_on is 'Day of the event.';
comment on column ledger.outbox.loan_id is 'Loan.';
comment on column ledger.outbox.subject_id is 'Subject of the event.';
comment on column ledger.outbox.event_no is 'Event.';
comment on column ledger.outbox.run_no is 'Run that added it, see ledger.seals.';
comment on column ledger.outbox.published_at is 'When it first left; none while it waits.';
comment on column ledger.outbox.attempt_count is 'How often it was tried.';
comment on column ledger.outbox.last_error is 'What went wrong last.';

create table ledger.seals (
    run_no integer primary key,
    business_date date not null,
    chains bigint not null,
    events bigint not null,
    root bytea not null,
    prev_hash bytea,
    hash bytea not null,
    sealed_at timestamptz not null default now()
);
comment on table ledger.seals is
'One seal for each run that added facts: a root over the heads of the chains it extended, chained to the last seal.';
comment on column ledger.seals.run_no is 'Number of the run, without gaps.';
comment on column ledger.seals.business_date is 'Partition that it ran.';
comment on column ledger.seals.chains is 'Chains that it began or extended.';
comment on column ledger.seals.events is 'Events that it added.';
comment on column ledger.seals.root is
'sha256 over the last hash of each of those chains, in order of day, loan and subject.';
comment on column ledger.seals.prev_hash is 'Hash of the seal before.';
comment on column ledger.seals.hash is 'sha256 over the seal before and this one.';
comment on column ledger.seals.sealed_at is 'When the run committed.';

create function ledger.seal_hash(
    prev_hash bytea, run_no integer, business_date date, chains bigint, events bigint, root bytea
) returns bytea
language sql immutable parallel safe
return sha256(
    coalesce(prev_hash, ''::bytea) || root
    || convert_to(
        run_no::text || '|' || (business_date - date '2000-01-01')::text
        || '|' || chains::text || '|' || events::text, 'UTF8'
    )
);
comment on function ledger.seal_hash(bytea, integer, date, bigint, bigint, bytea) is
'Hash of a seal over the seal before it.';

create table ledger.days (
    business_date date primary key,
    first_run_at timestamptz not null default now(),
    last_run_at timestamptz not null default now()
);
comment on table ledger.days is 'Days that have been posted. The latest is the horizon to which loans are folded.';
comment on column ledger.days.business_date is 'Day.';
comment on column ledger.days.first_run_at is 'When it was first posted.';
comment on column ledger.days.last_run_at is 'When it was last posted.';

create view ledger.status_days as
select s.loan_id, s.effective_on, s.seq, s.booked_on, s.learned_at, s.effective_on as taken_up_on
from servicing.loan_statuses as s
union all
select s.loan_id, s.effective_on, s.seq, s.booked_on, s.learned_at, (select min(d.business_date) from ledger.days as d)
from servicing.loan_statuses as s
where
    s.effective_on < (select min(d.business_date) from ledger.days as d)
    -- what was known by then is folded in whenever its loan is
    and s.learned_at > (select min(d.first_run_at) from ledger.days as d);
comment on view ledger.status_days is
'The day whose run takes up each status: its own. One dated before the first day of the books, and learned once they '
'are kept, is taken up by that first day, too: nothing is posted before it.';
comment on column ledger.status_days.loan_id is 'Loan.';
comment on column ledger.status_days.effective_on is 'Date from which the status is in force.';
comment on column ledger.status_days.seq is 'Its number among those of its date.';
comment on column ledger.status_days.booked_on is 'Business date on which we learned it.';
comment on column ledger.status_days.learned_at is 'When the row was written.';
comment on column ledger.status_days.taken_up_on is 'Day whose run takes it up.';

create table ledger.balances (
    loan_id bigint primary key,
    fees_assessed_cents bigint not null default 0,
    fees_paid_cents bigint not null default 0,
    interest_paid_cents bigint not null default 0,
    principal_paid_cents bigint not null default 0,
    escrow_paid_cents bigint not null default 0,
    suspense_cents bigint not null default 0,
    instalments_paid smallint not null default 0,
    last_effective_on date not null default '-infinity'
) with (fillfactor = 45);
-- so that whose suspense may be released is found without reading the book
create index balances_suspense on ledger.balances (loan_id) where suspense_cents > 0;
comment on table ledger.balances is
'Running totals of each loan over all that is posted. Derived from allocations and fees; law 2 compares them.';
comment on column ledger.balances.loan_id is 'Loan.';
comment on column ledger.balances.fees_assessed_cents is 'Fees charged.';
comment on column ledger.balances.fees_paid_cents is 'Fees paid.';
comment on column ledger.balances.interest_paid_cents is 'Interest paid since boarding.';
comment on column ledger.balances.principal_paid_cents is 'Principal paid since boarding.';
comment on column ledger.balances.escrow_paid_cents is 'Escrow paid since boarding.';
comment on column ledger.balances.suspense_cents is 'Held in suspense.';
comment on column ledger.balances.instalments_paid is
'Instalments with nothing unpaid; the next one is the oldest unpaid.';
comment on column ledger.balances.last_effective_on is 'Latest date on which anything is posted for the loan.';

insert into ledger.balances (loan_id) values (0);

insert into operations.day_tables values
('ledger.allocations', 'effective_on', 'loan_id, subject_id, kind, seq', null),
('ledger.entries', 'effective_on', 'loan_id, subject_id, kind, seq, account', null),
('ledger.events', 'effective_on', 'loan_id, subject_id, event_no', null),
('ledger.publications', 'effective_on', 'loan_id, subject_id, event_no, attempt_no', null);

grant usage on schema ledger to payments_pipeline;
grant select on all tables in schema ledger to payments_pipeline;
grant insert
on ledger.allocations, ledger.fees, ledger.entries, ledger.turnover, ledger.suspense, ledger.events,
ledger.publications, ledger.seals
to payments_pipeline;
grant insert, update on ledger.days to payments_pipeline;
grant insert, update, delete on ledger.accounts, ledger.balances to payments_pipeline;
