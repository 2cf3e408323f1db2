-- What a bank's line may stand for beside one payment: batches, net of fees or not; money of another day; what people
-- decided. And what finance reads of a day: its balances, and the bridge from our total to the bank's.

-- How rails settle --------------------------------------------------------------------------------------------------

alter table settlement.rules
add column account text,
add column grouped_by text,
add column fee_ppm integer not null default 0 check (fee_ppm between 0 and 999999),
add column fee_cents_each integer not null default 0 check (fee_cents_each >= 0),
add column late_after_bank_days smallint not null default 0 check (late_after_bank_days >= 0),
add column window_bank_days smallint not null default 1 check (window_bank_days >= 0);
-- until the file is read again, which follows every migration
update settlement.rules set
    account = case
        when channel = 'check' then 'lockbox' when channel in ('card', 'paypal', 'venmo') then 'processors'
        else 'collections'
    end,
    grouped_by = 'transfer';
alter table settlement.rules
alter column account set not null,
alter column grouped_by set not null,
add constraint rules_grouped_by check (grouped_by in ('transfer', 'deposit', 'payout'));
comment on column settlement.rules.account is 'Our account on which the rail settles.';
comment on column settlement.rules.grouped_by is
'What a line of the bank is: a transfer, a deposit of checks, or the payout of a processor.';
comment on column settlement.rules.fee_ppm is
'Share of each payment that the processor withholds from its payout, in parts per million.';
comment on column settlement.rules.fee_cents_each is 'What it withholds of each payment besides.';
comment on column settlement.rules.late_after_bank_days is
'Bank days after the day of settlement that the money may take before it is late.';
comment on column settlement.rules.window_bank_days is
'How many bank days a line and its movement may lie apart and still be matched.';

create function settlement.fee_cents(amount_cents bigint, fee_ppm integer, fee_cents_each integer) returns bigint
language sql immutable strict parallel safe
return case when amount_cents > 0 then (amount_cents * fee_ppm + 500000) / 1000000 + fee_cents_each else 0 end;
comment on function settlement.fee_cents(bigint, integer, integer) is
'What a processor withholds of a payment: its share, rounded half up, and a fixed part. Nothing of what goes back.';

drop table settlement.batches;
create table settlement.batches (
    bank_day date not null,
    account text not null,
    channel text not null,
    expected_count integer not null,
    expected_cents bigint not null,
    expected_fee_cents bigint not null,
    actual_count integer not null,
    actual_cents bigint not null,
    variance_cents bigint not null generated always as (actual_cents - expected_cents + expected_fee_cents) stored,
    status text not null check (status in ('settled', 'variance', 'late', 'pending')),
    late_bank_days smallint not null default 0,
    reference text,
    primary key (bank_day, account, channel)
);
comment on table settlement.batches is 'What each rail should deliver to the bank on a day, and what it did.';
comment on column settlement.batches.bank_day is 'Bank day on which it is due.';
comment on column settlement.batches.account is 'Our account.';
comment on column settlement.batches.channel is 'Rail.';
comment on column settlement.batches.expected_count is 'Payments that should settle.';
comment on column settlement.batches.expected_cents is 'Their sum, before fees.';
comment on column settlement.batches.expected_fee_cents is
'What the processor withholds; nothing where it paid out in full.';
comment on column settlement.batches.actual_count is 'Credits of the bank for it.';
comment on column settlement.batches.actual_cents is 'Their sum.';
comment on column settlement.batches.variance_cents is 'Actual less expected, after fees.';
comment on column settlement.batches.status is
'settled; variance; pending where the bank shows nothing yet; late where it should have by now.';
comment on column settlement.batches.late_bank_days is
'Bank days from the day due to the day it came or, while it has not, to the last day that the bank has told of.';
comment on column settlement.batches.reference is
'Number of the deposit or payout, where the bank''s lines name a single one.';

-- What matches may be -----------------------------------------------------------------------------------------------

create table reconciliation.methods (
    method text primary key,
    tier smallint not null,
    confidence smallint not null check (confidence between 0 and 100),
    is_automatic boolean not null,
    description text not null
);
comment on table reconciliation.methods is
'How a line and a movement may be matched, and what speaks for it. Loaded from data/match_methods.csv.';
comment on column reconciliation.methods.method is 'Method.';
comment on column reconciliation.methods.tier is 'Its pass: each works on what those before it have left.';
comment on column reconciliation.methods.confidence is 'How sure it is, from 0 to 100.';
comment on column reconciliation.methods.is_automatic is 'Whether no person had a part in it.';
comment on column reconciliation.methods.description is 'The evidence in a sentence.';

create table reconciliation.limits (
    limit_name text primary key,
    cents bigint not null check (cents >= 0),
    description text not null
);
comment on table reconciliation.limits is
'Amounts from which on somebody, or somebody else, must look. Loaded from data/reconciliation_limits.csv.';
comment on column reconciliation.limits.limit_name is 'Limit.';
comment on column reconciliation.limits.cents is 'Up to this amount, included, it is not reached.';
comment on column reconciliation.limits.description is 'What it is for.';

alter table reconciliation.matches
add column our_day date,
add column group_no bigint;
update reconciliation.matches set
    our_day = bank_day,
    method = case method when 'exact' then 'reference_amount' else 'reference_other_amount' end;
alter table reconciliation.matches alter column our_day set not null;
comment on table reconciliation.matches is
'Which line of the bank is which movement of ours, one row for each pair: a line or a movement has several rows only '
'within one group, and its shares in them are its amount.';
comment on column reconciliation.matches.bank_day is 'Bank day of the line.';
comment on column reconciliation.matches.kind is 'credit or return.';
comment on column reconciliation.matches.bank_cents is 'Share of the line: after fees, where they were withheld.';
comment on column reconciliation.matches.our_cents is 'Share of the movement.';
comment on column reconciliation.matches.method is 'How they were matched: a row of reconciliation.methods.';
comment on column reconciliation.matches.our_day is 'Day on which we expected the movement.';
comment on column reconciliation.matches.group_no is
'The same in all rows of a batch or of a split payment; none for a pair.';

update operations.day_tables set
    primary_key = 'payment_id, line_id, kind',
    -- those of several days, and those that a rival may undo
    further_index = '(our_day) where our_day <> bank_day or method in (''like_reference'', ''amount_window'', '
    '''transfer_id_other_amount'', ''reference_other_amount'', ''batch_of_several_lines'', ''batch_of_the_day'', '
    '''batch_less_one'', ''batch_with_return'', ''batch_and_one'', ''batch_in_part'')'
where table_name = 'reconciliation.matches';
do $$
declare
    key record;
begin
    for key in
        select k.conrelid::regclass as day, k.conname as name
        from pg_constraint as k
        inner join pg_inherits as i on k.conrelid = i.inhrelid
        where i.inhparent = 'reconciliation.matches'::regclass and k.contype = 'p'
    loop
        execute format('alter table %s drop constraint %I', key.day, key.name);
        execute format('alter table %s add primary key (payment_id, line_id, kind)', key.day);
        execute format(
            'create index on %s %s', key.day,
            (select t.further_index from operations.day_tables as t where t.table_name = 'reconciliation.matches')
        );
    end loop;
end $$;

-- References are compared as in the payment's key: trimmed, and without regard to the case of plain letters.
create function reconciliation.folded(reference text) returns text
language sql immutable parallel safe
return lower(btrim(reference, E' \t\n\r\f\x0b') collate "C");
comment on function reconciliation.folded(text) is
'A reference as it is compared: without blanks around it, plain letters in lower case.';

-- Numbers that run on differ in one place, or in two with others in them: only letters that changed places count.
create function reconciliation.is_swapped(one text, other text) returns boolean
language sql immutable strict parallel safe
return (
    select
        count(*) <= 2
        and coalesce(string_agg(substr(one, place, 1), '' order by substr(one, place, 1)), '')
        = coalesce(string_agg(substr(other, place, 1), '' order by substr(other, place, 1)), '')
    from generate_series(1, length(one)) as place
    where substr(one, place, 1) <> substr(other, place, 1)
);
comment on function reconciliation.is_swapped(text, text) is
'Whether two texts of one length are equal but for two letters that changed places.';

-- References suffer on their way: letters change places, the end is cut off. Blanks and signs are gone before. If two
-- places differ at most, two of four parts at least are equal: nearly all that are unlike end there, which is why this
-- has to be a function that PostgreSQL can take into the statement.
create function reconciliation.is_like(one text, other text) returns boolean
language sql immutable parallel safe
return least(length(one), length(other)) >= 6 and case
    when length(one) <> length(other) then position(one in other) > 0 or position(other in one) > 0
    else
        case when left(one, length(one) / 4) = left(other, length(one) / 4) then 1 else 0 end
        + case
            when
                substr(one, length(one) / 4 + 1, length(one) / 4)
                = substr(other, length(one) / 4 + 1, length(one) / 4)
                then 1
            else 0
        end
        + case
            when
                substr(one, length(one) / 4 * 2 + 1, length(one) / 4)
                = substr(other, length(one) / 4 * 2 + 1, length(one) / 4)
                then 1
            else 0
        end
        + case when substr(one, length(one) / 4 * 3 + 1) = substr(other, length(one) / 4 * 3 + 1) then 1 else 0 end
        >= 2
        and reconciliation.is_swapped(one, other)
end;
comment on function reconciliation.is_like(text, text) is
'Whether two references may be one: equal but for two letters that changed places, or one a part of the other; none '
'shorter than six.';

create function reconciliation.ids_are_silent(one text, other text) returns boolean
language sql immutable parallel safe
return one is null or other is null or split_part(one, '_', 1) <> split_part(other, '_', 1);
comment on function reconciliation.ids_are_silent(text, text) is
'Whether two ids of transfers say nothing of each other: one is missing, or they are of different forms. Ids of one form
are the same transfer or another one.';

-- What explains a day -----------------------------------------------------------------------------------------------

alter table reconciliation.items
add column account text not null default '',
add column status text not null default 'open' check (status in ('open', 'explained', 'settled_by_person')),
add column kind text,
add column effective_on date,
add column opened_on date,
add column next_step text,
drop constraint items_cause_check,
add constraint items_cause_check check (cause in (
    'timing', 'fee', 'return', 'missing_at_bank', 'missing_here', 'duplicate_at_bank', 'amount_differs', 'write_off',
    'unknown'
));
create index items_open on reconciliation.items (bank_day) where status = 'open';
comment on table reconciliation.items is
'The very items that make up a variance: their amounts sum to it. Those that need nobody are explained.';
comment on column reconciliation.items.account is 'Our account.';
comment on column reconciliation.items.status is
'open while somebody must look; explained where the cause needs nobody; settled_by_person where somebody wrote it off.';
comment on column reconciliation.items.kind is 'What the line or the movement is: credit, return, fee or other.';
comment on column reconciliation.items.effective_on is 'Value date of the payment, where known.';
comment on column reconciliation.items.opened_on is 'Day since which it is as it is: its age counts from here.';
comment on column reconciliation.items.next_step is 'What to do about it; nothing where it is explained.';

alter table reconciliation.days
drop constraint days_pkey,
drop constraint days_check,
add column account text,
add column movement_count integer not null default 0,
add column line_count integer not null default 0,
add column auto_matched_count integer not null default 0,
add column opening_cents bigint,
add column closing_cents bigint,
add column proof text not null default 'not_stated' check (proof in ('proven', 'broken', 'not_stated'));
comment on table reconciliation.days is
'Each account, channel and day: what the bank has, what we have, and whether they agree.';
comment on column reconciliation.days.account is 'Our account.';
comment on column reconciliation.days.matched_count is 'Movements that the bank shows, whenever it does.';
comment on column reconciliation.days.open_count is 'Items that somebody must look at.';
comment on column reconciliation.days.status is
'balanced where what is open sums to zero: every other cent is matched, or has a cause that needs nobody.';
comment on column reconciliation.days.movement_count is 'Movements of ours that settle on this day.';
comment on column reconciliation.days.line_count is 'Lines of the bank.';
comment on column reconciliation.days.auto_matched_count is
'Of the matched movements, those that no person had to match.';
comment on column reconciliation.days.opening_cents is
'Balance of the whole account at the beginning of the day, where a statement says it.';
comment on column reconciliation.days.closing_cents is 'Balance of the whole account at its end.';
comment on column reconciliation.days.proof is
'proven where opening balance and all lines of the account make up the closing balance; broken; not_stated.';

create table reconciliation.bridge (
    bank_day date not null,
    account text not null,
    channel text not null,
    cause text not null,
    items integer not null,
    cents bigint not null,
    primary key (bank_day, account, channel, cause)
);
comment on table reconciliation.bridge is
'From our total to the bank''s, cause by cause: all that is added to ours to make the bank''s.';

-- What was reconciled before goes on to be what it was: every line stood for one movement then.
update reconciliation.items as i set
    account = coalesce(
        (
            select r.account from settlement.rules as r
            where r.channel = i.channel
        ), ''
    ),
    opened_on = i.bank_day;
update reconciliation.days as d set
    account = coalesce(
        (
            select r.account from settlement.rules as r
            where r.channel = d.channel
        ), ''
    ),
    auto_matched_count = d.matched_count,
    movement_count = d.matched_count + i.ours,
    line_count = d.matched_count + i.banks
from (
    select
        k.bank_day, k.channel, count(o.item_id) filter (where o.side = 'ours') as ours,
        count(o.item_id) filter (where o.side = 'bank') as banks
    from reconciliation.days as k
    left join reconciliation.items as o on k.bank_day = o.bank_day and k.channel = o.channel
    group by k.bank_day, k.channel
) as i
where d.bank_day = i.bank_day and d.channel = i.channel;
alter table reconciliation.days
alter column account set not null,
add primary key (bank_day, account, channel);
insert into reconciliation.bridge (bank_day, account, channel, cause, items, cents)
select i.bank_day, i.account, i.channel, i.cause, count(*), sum(i.variance_cents)
from reconciliation.items as i
group by i.bank_day, i.account, i.channel, i.cause;

comment on column reconciliation.bridge.bank_day is 'Bank day.';
comment on column reconciliation.bridge.account is 'Our account.';
comment on column reconciliation.bridge.channel is 'Rail.';
comment on column reconciliation.bridge.cause is
'timing, fee, return, missing_at_bank, missing_here, duplicate_at_bank, amount_differs, write_off or unknown.';
comment on column reconciliation.bridge.items is 'Items of this cause.';
comment on column reconciliation.bridge.cents is 'Their sum.';

create table reconciliation.suggestions (
    bank_day date not null,
    suggestion_id uuid not null,
    line_ids text[] not null,
    payment_ids uuid[] not null,
    method text not null,
    score smallint not null check (score between 0 and 100),
    evidence text not null,
    primary key (bank_day, suggestion_id)
);
comment on table reconciliation.suggestions is
'What may belong together, but is tied or unsure: never matched, only shown to people.';
comment on column reconciliation.suggestions.bank_day is 'Bank day that was reconciled.';
comment on column reconciliation.suggestions.suggestion_id is 'Suggestion, derived from what it suggests.';
comment on column reconciliation.suggestions.line_ids is 'Lines of the bank.';
comment on column reconciliation.suggestions.payment_ids is 'Payments.';
comment on column reconciliation.suggestions.method is 'What led to it: a row of reconciliation.methods.';
comment on column reconciliation.suggestions.score is 'How much speaks for it, from 0 to 100.';
comment on column reconciliation.suggestions.evidence is 'What speaks for it and what against, in a sentence.';

-- What people decided -----------------------------------------------------------------------------------------------

create table reconciliation.decisions (
    decision_id uuid primary key,
    decision_no integer not null unique,
    decided_at timestamptz not null default clock_timestamp(),
    decision text not null check (decision in ('match', 'unmatch', 'write_off', 'approve', 'reject')),
    bank_day date not null,
    line_ids text[] not null default '{}',
    payment_ids uuid[] not null default '{}',
    cents bigint not null,
    needs_approval boolean not null,
    reason text not null check (reason ~ '[[:alnum:]]'),
    decided_by text not null check (decided_by ~ '[[:alnum:]]'),
    approves uuid references reconciliation.decisions,
    check ((approves is not null) = (decision in ('approve', 'reject')))
);
comment on table reconciliation.decisions is
'What people decided about lines and payments, and who approved it. Nothing is rewritten: the last word counts.';
comment on column reconciliation.decisions.decision_id is
'Decision, derived from what it says, its number and the decision before it.';
comment on column reconciliation.decisions.decision_no is 'First, second and so on: the order in which they count.';
comment on column reconciliation.decisions.decided_at is 'When it was decided.';
comment on column reconciliation.decisions.decision is
'match; unmatch; write_off; approve or reject, which are about a decision of somebody else.';
comment on column reconciliation.decisions.bank_day is 'Bank day whose reconciliation it changes.';
comment on column reconciliation.decisions.line_ids is 'Lines of the bank.';
comment on column reconciliation.decisions.payment_ids is 'Payments.';
comment on column reconciliation.decisions.cents is
'What is at stake: the amount written off, or by how much bank and books differ in what is matched.';
comment on column reconciliation.decisions.needs_approval is
'Whether it counts only once somebody else approves it, by the limit of that day.';
comment on column reconciliation.decisions.reason is 'Why.';
comment on column reconciliation.decisions.decided_by is 'Who.';
comment on column reconciliation.decisions.approves is 'Decision that is approved or rejected.';

-- One definition of the id, for those who decide and those who verify it. It holds the one before, so that none can be
-- altered or dropped unless all that follow are made anew.
create function reconciliation.decision_id(d reconciliation.decisions, decision_before uuid) returns uuid
language sql stable parallel safe
set datestyle = 'ISO'
return operations.content_id(row(
    'decision', decision_before, d.decision_no, d.decision, d.bank_day, d.line_ids, d.payment_ids, d.cents,
    d.needs_approval, d.reason, d.decided_by, d.approves
)::text);
comment on function reconciliation.decision_id(reconciliation.decisions, uuid) is
'The id of a decision that follows another.';

create view reconciliation.decisions_in_force as
select d.*
from reconciliation.decisions as d
where
    d.approves is null
    and not exists (
        select from reconciliation.decisions as r
        where r.approves = d.decision_id and r.decision = 'reject'
    )
    and (
        not d.needs_approval
        or exists (
            select from reconciliation.decisions as a
            where a.approves = d.decision_id and a.decision = 'approve' and a.decided_by <> d.decided_by
        )
    );
comment on view reconciliation.decisions_in_force is
'What people decided and, where that takes two, another person approved.';
comment on column reconciliation.decisions_in_force.decision_id is
'Decision, derived from what it says and its number.';
comment on column reconciliation.decisions_in_force.decision_no is
'First, second and so on: the order in which they count.';
comment on column reconciliation.decisions_in_force.decided_at is 'When it was decided.';
comment on column reconciliation.decisions_in_force.decision is 'match, unmatch or write_off.';
comment on column reconciliation.decisions_in_force.bank_day is 'Bank day whose reconciliation it changes.';
comment on column reconciliation.decisions_in_force.line_ids is 'Lines of the bank.';
comment on column reconciliation.decisions_in_force.payment_ids is 'Payments.';
comment on column reconciliation.decisions_in_force.cents is 'What is at stake.';
comment on column reconciliation.decisions_in_force.needs_approval is 'Whether it took a second person.';
comment on column reconciliation.decisions_in_force.reason is 'Why.';
comment on column reconciliation.decisions_in_force.decided_by is 'Who.';
comment on column reconciliation.decisions_in_force.approves is 'Always empty here.';

grant select on all tables in schema settlement, reconciliation to payments_pipeline;
grant insert, update, delete on settlement.batches, reconciliation.methods, reconciliation.limits,
reconciliation.bridge, reconciliation.suggestions to payments_pipeline;
grant insert on reconciliation.decisions to payments_pipeline;
