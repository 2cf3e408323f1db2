-- Statements of the bank in its own formats: which there were, what each line of theirs was, and what was corrected.

create table settlement.statements (
    statement_id uuid primary key,
    account text not null,
    as_of date not null,
    version integer not null,
    from_on date not null,
    nature text not null check (nature in ('new', 'correction', 'deletion')),
    is_final boolean not null,
    format text not null,
    bank text not null,
    reference text not null,
    currency text not null,
    opening_cents bigint,
    closing_cents bigint,
    line_count integer not null,
    lines_cents bigint not null,
    content_sha256 bytea not null,
    repeats uuid,
    replaces uuid,
    file_sha256 bytea not null,
    number integer not null,
    record integer not null,
    file_line integer not null,
    source text not null,
    size_bytes bigint not null,
    received_at timestamptz not null,
    unique (account, as_of, version),
    unique (file_sha256, number)
);
comment on table settlement.statements is
'Statements that the bank sent, each once for each file that brought it, with the balances that they prove.';
comment on column settlement.statements.statement_id is 'Statement, derived from its file and its number there.';
comment on column settlement.statements.account is 'Our account at the bank, as the bank writes it.';
comment on column settlement.statements.as_of is 'Day that it closes on.';
comment on column settlement.statements.version is 'First, second and so on of its account and day.';
comment on column settlement.statements.from_on is 'First day that it tells of.';
comment on column settlement.statements.nature is
'new; correction, where it takes the place of those before it; deletion, where they are void.';
comment on column settlement.statements.is_final is 'Whether the day was over.';
comment on column settlement.statements.format is 'bai2, mt940, camt053, nacha, csv or column.';
comment on column settlement.statements.bank is 'Who sent it, as the file says.';
comment on column settlement.statements.reference is 'What the bank calls it.';
comment on column settlement.statements.currency is 'Currency of all its amounts.';
comment on column settlement.statements.opening_cents is 'Booked balance at its beginning, where it says so.';
comment on column settlement.statements.closing_cents is 'Booked balance at its end, where it says so.';
comment on column settlement.statements.line_count is 'Lines in it.';
comment on column settlement.statements.lines_cents is 'Their sum.';
comment on column settlement.statements.content_sha256 is
'Hash over what it says: equal in two files that say the same.';
comment on column settlement.statements.repeats is 'The statement that said the same before; it added nothing.';
comment on column settlement.statements.replaces is
'The last statement of its account and day that it corrects or deletes.';
comment on column settlement.statements.file_sha256 is 'Hash of the file.';
comment on column settlement.statements.number is 'Its number in the file.';
comment on column settlement.statements.record is 'Record of the file on which it begins.';
comment on column settlement.statements.file_line is 'Line of the file on which it begins.';
comment on column settlement.statements.source is 'Where the file was read.';
comment on column settlement.statements.size_bytes is 'Size of the file.';
comment on column settlement.statements.received_at is 'When we received it.';

alter table settlement.bank_lines
add column statement_id uuid,
add column record integer,
add column file_line integer,
add column value_on date,
add column type_code text,
add column bank_reference text,
add column customer_reference text;
comment on column settlement.bank_lines.statement_id is
'Statement that brought it first; none for a line of our own plain form.';
comment on column settlement.bank_lines.record is 'Record of that file.';
comment on column settlement.bank_lines.file_line is 'Line of that file.';
comment on column settlement.bank_lines.value_on is 'Value date, where the bank says it.';
comment on column settlement.bank_lines.type_code is 'What the format calls it, as given.';
comment on column settlement.bank_lines.bank_reference is 'The bank''s reference.';
comment on column settlement.bank_lines.customer_reference is 'The reference that the sender or we gave it.';

create table settlement.line_corrections (
    bank_day date not null,
    line_id text not null,
    version integer not null,
    statement_id uuid not null,
    is_withdrawn boolean not null,
    primary key (bank_day, line_id, version)
);
comment on table settlement.line_corrections is
'Lines that a correction or deletion took back, and those that a later one brought back. The last word counts.';
comment on column settlement.line_corrections.bank_day is 'Bank day of the line.';
comment on column settlement.line_corrections.line_id is 'Line.';
comment on column settlement.line_corrections.version is 'First, second and so on of what was said of the line.';
comment on column settlement.line_corrections.statement_id is 'Statement that says so.';
comment on column settlement.line_corrections.is_withdrawn is 'Taken back, or else brought back.';

create view settlement.lines_in_force as
select b.*
from settlement.bank_lines as b
where
    -- a line without money is a message: its file counts it, and there is nothing to reconcile
    b.amount_cents <> 0
    and not exists (
        select from settlement.line_corrections as c
        where
            c.bank_day = b.bank_day and c.line_id = b.line_id and c.is_withdrawn
            and not exists (
                select from settlement.line_corrections as l
                where l.bank_day = c.bank_day and l.line_id = c.line_id and l.version > c.version
            )
    );
comment on view settlement.lines_in_force is
'The bank''s lines without those that it has taken back and those without money: what counts.';
comment on column settlement.lines_in_force.bank_day is 'Bank day.';
comment on column settlement.lines_in_force.line_id is 'Line, as the bank identifies it.';
comment on column settlement.lines_in_force.account is 'Our account at the bank.';
comment on column settlement.lines_in_force.channel is 'Rail.';
comment on column settlement.lines_in_force.kind is 'credit, return, fee or other.';
comment on column settlement.lines_in_force.amount_cents is 'Amount; negative where money left.';
comment on column settlement.lines_in_force.reference is 'Reference as the bank writes it.';
comment on column settlement.lines_in_force.transaction_id is 'Id of the transfer.';
comment on column settlement.lines_in_force.description is 'Text of the line.';
comment on column settlement.lines_in_force.source is 'Statement or file it came from.';
comment on column settlement.lines_in_force.statement_id is 'Statement that brought it first.';
comment on column settlement.lines_in_force.record is 'Record of that file.';
comment on column settlement.lines_in_force.file_line is 'Line of that file.';
comment on column settlement.lines_in_force.value_on is 'Value date, where the bank says it.';
comment on column settlement.lines_in_force.type_code is 'What the format calls it, as given.';
comment on column settlement.lines_in_force.bank_reference is 'The bank''s reference.';
comment on column settlement.lines_in_force.customer_reference is 'The reference that the sender or we gave it.';

create view settlement.balances as
with last_words as (
    -- what was said last of each account and day; who only repeats says nothing new
    select distinct on (s.account, s.as_of) s.*
    from settlement.statements as s
    where s.repeats is null
    order by s.account asc, s.as_of asc, s.version desc
)

select
    w.account, w.as_of as bank_day, c.from_on, w.currency, c.opening_cents, w.closing_cents, c.lines_cents, w.is_final,
    c.opening_cents + c.lines_cents = w.closing_cents as is_proven, w.statement_id
-- a statement that begins where one before it ended goes on with it: they are proven together
from last_words as w
cross join
    lateral (
        with recursive parts as (
            select w.version, w.from_on, w.opening_cents, w.lines_cents
            union all
            select b.version, b.from_on, b.opening_cents, b.lines_cents
            from parts as p
            cross join lateral (
                select s.version, s.from_on, s.opening_cents, s.lines_cents
                from settlement.statements as s
                where
                    s.account = w.account and s.as_of = w.as_of and s.repeats is null and s.version < p.version
                    and s.closing_cents = p.opening_cents and s.opening_cents <> s.closing_cents
                    -- the last file that corrected the day, or took it back, left nothing of what was before it
                    and s.version >= coalesce(
                        (
                            select coalesce(max(k.version) filter (where k.nature = 'deletion') + 1, min(k.version))
                            from settlement.statements as k
                            where
                                k.account = w.account and k.as_of = w.as_of and k.repeats is null and k.nature <> 'new'
                            group by k.file_sha256
                            order by max(k.version) desc
                            limit 1
                        ),
                        1
                    )
                order by s.version desc
                limit 1
            ) as b
        )

        select
            min(p.from_on) as from_on, (array_agg(p.opening_cents order by p.version))[1] as opening_cents,
            sum(p.lines_cents)::bigint as lines_cents
        from parts as p
    ) as c
where w.nature <> 'deletion';
comment on view settlement.balances is
'What was on each account at the end of each day that a statement closes on; statements that go on are one.';
comment on column settlement.balances.account is 'Our account at the bank.';
comment on column settlement.balances.bank_day is 'Day.';
comment on column settlement.balances.from_on is 'First day that is told of, where there are several.';
comment on column settlement.balances.currency is 'Currency.';
comment on column settlement.balances.opening_cents is
'Booked balance at the beginning of the first, where the bank says it.';
comment on column settlement.balances.closing_cents is
'Booked balance at the end of the last, where the bank says it.';
comment on column settlement.balances.lines_cents is 'Sum of the lines between them.';
comment on column settlement.balances.is_final is 'Whether the day was over.';
comment on column settlement.balances.is_proven is
'Whether opening plus lines is closing; empty where the bank does not give both.';
comment on column settlement.balances.statement_id is 'The last statement that says so.';

grant select, insert on settlement.statements, settlement.line_corrections to payments_pipeline;
grant select on settlement.lines_in_force, settlement.balances to payments_pipeline;
