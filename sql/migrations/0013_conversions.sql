-- What a former system posted for our loans before they were boarded here: the months of a tax year that this ledger
-- was not yet there for. It comes along as facts of its own kind and is booked as double entry, so that Form 1098 of
-- that year is computed from the ledger like that of any other. It also opens one partition for all those months.

create table servicing.converted_loans (
    loan_id bigint primary key,
    books_from date not null,
    principal_cents bigint not null check (principal_cents >= 0),
    escrow_cents bigint not null,
    suspense_cents bigint not null check (suspense_cents >= 0)
);
comment on table servicing.converted_loans is
'Loans whose postings by the former system came along, from when on, and with which balances those postings begin.';
comment on column servicing.converted_loans.loan_id is 'Loan.';
comment on column servicing.converted_loans.books_from is
'Since when its postings are known: the beginning of the span, its origination, or its transfer to us.';
comment on column servicing.converted_loans.principal_cents is 'Unpaid principal before the first posting.';
comment on column servicing.converted_loans.escrow_cents is 'Escrow held before the first posting.';
comment on column servicing.converted_loans.suspense_cents is 'Money held in suspense before the first posting.';

create table ledger.conversions (
    loan_id bigint not null,
    posting_no smallint not null check (posting_no >= 1),
    kind text not null check (kind in ('receipt', 'return', 'release', 'deposit', 'disbursement')),
    effective_on date not null,
    due_on date,
    cash_cents bigint not null,
    late_charges_cents bigint not null check (late_charges_cents >= 0),
    service_fees_cents bigint not null check (service_fees_cents >= 0),
    interest_cents bigint not null check (interest_cents >= 0),
    principal_cents bigint not null check (principal_cents >= 0),
    escrow_cents bigint not null,
    suspense_cents bigint not null,
    returned_cents bigint not null,
    subject_id uuid not null generated always as (
        operations.content_id('conversion|' || loan_id::text || '|' || posting_no::text)
    ) stored,
    primary key (loan_id, posting_no),
    check (
        cash_cents = late_charges_cents + service_fees_cents + interest_cents + principal_cents + escrow_cents
        + suspense_cents + returned_cents
    ),
    check (interest_cents = 0 or due_on is not null)
);
comment on table ledger.conversions is
'Where each cent went that the former system received, paid out or released for a loan, as that system told it.';
comment on column ledger.conversions.loan_id is 'Loan.';
comment on column ledger.conversions.posting_no is 'Number of the posting within its loan, in order of dates.';
comment on column ledger.conversions.kind is
'receipt; return of a receipt that was not applied; release from suspense; deposit into escrow at closing; disbursement
of a bill from escrow.';
comment on column ledger.conversions.effective_on is 'Date from which it counts for the borrower.';
comment on column ledger.conversions.due_on is 'Date on which the interest that it pays fell due.';
comment on column ledger.conversions.cash_cents is 'Money that came in; negative where it went out.';
comment on column ledger.conversions.late_charges_cents is 'Applied to late charges.';
comment on column ledger.conversions.service_fees_cents is
'Applied to fees for a service, such as a returned payment.';
comment on column ledger.conversions.interest_cents is 'Applied to interest.';
comment on column ledger.conversions.principal_cents is 'Applied to principal.';
comment on column ledger.conversions.escrow_cents is 'Applied to escrow; negative where a bill was paid from it.';
comment on column ledger.conversions.suspense_cents is 'Put into suspense; negative where released from it.';
comment on column ledger.conversions.returned_cents is
'Held for a payment that went back, between its receipt and its return.';
comment on column ledger.conversions.subject_id is 'Id of the posting, by which the ledger''s entries name it.';

-- What was applied to loans, whichever system applied it. Escrow that was deposited or paid out is no receipt.
create view ledger.applied as
select
    a.effective_on, a.loan_id, a.subject_id, a.kind, a.fees_cents, a.interest_cents, a.principal_cents, a.escrow_cents,
    a.suspense_cents, false as is_converted
from ledger.allocations as a
union all
select
    c.effective_on, c.loan_id, c.subject_id, c.kind, c.late_charges_cents + c.service_fees_cents, c.interest_cents,
    c.principal_cents, c.escrow_cents, c.suspense_cents, true
from ledger.conversions as c
where c.kind in ('receipt', 'return', 'release');
comment on view ledger.applied is
'What was applied to loans, by this ledger or by the former system before it: one row a posting, corrections included.';
comment on column ledger.applied.effective_on is 'Date from which it counts for the borrower.';
comment on column ledger.applied.loan_id is 'Loan.';
comment on column ledger.applied.subject_id is 'Payment, release or converted posting.';
comment on column ledger.applied.kind is 'receipt, return or release.';
comment on column ledger.applied.fees_cents is 'Applied to fees.';
comment on column ledger.applied.interest_cents is 'Applied to interest.';
comment on column ledger.applied.principal_cents is 'Applied to principal.';
comment on column ledger.applied.escrow_cents is 'Applied to escrow.';
comment on column ledger.applied.suspense_cents is 'Put into suspense; negative where released from it.';
comment on column ledger.applied.is_converted is 'Whether the former system applied it.';

-- What the sealed event of a conversion says, for those who write it and those who verify it: the sums, and a hash over
-- every posting, in buckets of loans so that no step holds all of them.
create function ledger.conversion_event(boarding_day date) returns text
language sql stable parallel safe
return (
    with loans as (
        select c.* from servicing.converted_loans as c
        inner join servicing.loans as l on c.loan_id = l.loan_id
        where l.boarded_on = conversion_event.boarding_day
    ),

    postings as (
        select
            count(*) as postings, min(p.effective_on) as since, sum(p.cash_cents) as cash,
            sum(p.interest_cents) as interest, sum(p.principal_cents) as principal,
            sum(p.late_charges_cents + p.service_fees_cents) as fees, sum(p.escrow_cents) as escrow
        from ledger.conversions as p
        inner join loans as l on p.loan_id = l.loan_id
    ),

    buckets as (
        select
            p.loan_id / 4096 as bucket,
            sha256(convert_to(string_agg(p::text, '|' order by p.loan_id, p.posting_no), 'UTF8')) as hash
        from ledger.conversions as p
        inner join loans as l on p.loan_id = l.loan_id
        group by p.loan_id / 4096
    ),

    opened as (
        select
            l.loan_id / 4096 as bucket,
            sha256(convert_to(string_agg(l::text, '|' order by l.loan_id), 'UTF8')) as hash
        from loans as l
        group by l.loan_id / 4096
    )

    select
        '{"kind":"conversion","loans":' || (select count(*) from loans) || ',"postings":' || p.postings
        || ',"from":"' || p.since || '","cash":' || p.cash || ',"interest":' || p.interest
        || ',"principal":' || p.principal || ',"fees":' || p.fees || ',"escrow":' || p.escrow
        || ',"postings_sha256":"'
        || (select encode(sha256(string_agg(b.hash, ''::bytea order by b.bucket)), 'hex') from buckets as b)
        || '","loans_sha256":"'
        || (select encode(sha256(string_agg(o.hash, ''::bytea order by o.bucket)), 'hex') from opened as o) || '"}'
    from postings as p
);
comment on function ledger.conversion_event(date) is
'What the event of the conversion of the loans boarded on a day says, as JSON; null where nothing came along.';

-- Months before the first day of a book are one partition: nobody runs them again, and a year of days would be hundreds
-- of tables for every statement to plan over. A day within such a span has that partition.
create table operations.spans (
    table_name text not null,
    first_day date not null,
    next_day date not null,
    partition_name text not null,
    primary key (table_name, first_day),
    check (first_day < next_day)
);
comment on table operations.spans is 'Partitions that hold many days of a table at once.';
comment on column operations.spans.table_name is 'Schema and name of the partitioned table.';
comment on column operations.spans.first_day is 'First day of the span.';
comment on column operations.spans.next_day is 'First day that is no longer in it.';
comment on column operations.spans.partition_name is 'Schema and name of the partition.';

create or replace function operations.day_partition(parent text, day date) returns text
language sql stable strict parallel safe
return coalesce(
    (
        select s.partition_name from operations.spans as s
        where s.table_name = parent and day >= s.first_day and day < s.next_day
    ),
    parent || '_' || to_char(day::timestamp, 'YYYYMMDD')
);

create function operations.open_span(parent text, first_day date, next_day date) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    child text := parent || '_before_' || to_char(next_day::timestamp, 'YYYYMMDD');
begin
    if not exists (select from operations.day_tables d where d.table_name = parent) then
        raise exception 'operations.open_span: % is not a table partitioned by day', parent;
    end if;
    execute format(
        'create table %s (like %s including defaults including constraints including storage)', child, parent
    );
    execute format(
        'alter table %s attach partition %s for values from (%L) to (%L)', parent, child, first_day, next_day
    );
    insert into operations.spans values (parent, first_day, next_day, child);
end $$;
comment on function operations.open_span(text, date, date) is
'Makes one partition for many days of a table, none of which has one; close_day of any of them gives it its indexes.';

-- Receivables fall by what is received, goes back or is released from suspense, and by what the former system had
-- received; accruals, boarding and what the book booked of conversions are no receipts.
create function ledger.is_receipt(kind text) returns boolean
language sql immutable parallel safe
return kind in ('receipt', 'return', 'release', 'conversion');
comment on function ledger.is_receipt(text) is
'Whether entries of a kind are money received, or what came of it later; as Form 1098 counts it.';

-- From each box to what is behind it, the postings of the former system among them: read as entries, like all else.
create view compliance.form_1098_evidence as
with forms as not materialized (
    -- the last version of each form; a question about one form reads that form alone
    select distinct on (f.tax_year, f.loan_id)
        f.*, make_date(f.tax_year, 1, 1) as year_begins, make_date(f.tax_year + 1, 1, 1) as next_year_begins
    from compliance.forms_1098 as f
    order by f.tax_year asc, f.loan_id asc, f.version desc
)

select
    f.tax_year, f.loan_id, 1::smallint as box, 'interest received' as what, e.effective_on, e.booked_on,
    e.subject_id, e.kind, e.seq, e.account, -e.amount_cents as amount_cents
from forms as f
inner join ledger.entries as e
    on f.loan_id = e.loan_id and e.effective_on >= f.year_begins and e.effective_on < f.next_year_begins
inner join ledger.accounts as a on e.account = a.account and a.part = 'interest'
where ledger.is_receipt(e.kind)
union all
select
    f.tax_year, f.loan_id, 1, 'fees received', e.effective_on, e.booked_on,
    e.subject_id, e.kind, e.seq, e.account, -e.amount_cents
from forms as f
inner join ledger.entries as e
    on f.loan_id = e.loan_id and e.effective_on >= f.year_begins and e.effective_on < f.next_year_begins
inner join ledger.accounts as a on e.account = a.account and a.part = 'fees'
where ledger.is_receipt(e.kind)
union all
select f.tax_year, f.loan_id, 1, v.what, v.day, null, null, null, null, null, v.cents
from forms as f
cross join
    lateral (
        values
        ('less fees for a service, which are no interest', null::date, -f.service_fees_cents),
        ('less interest that others paid', null, -f.paid_by_others_cents),
        ('less interest reported last year, received before January', f.year_begins, -f.reported_last_year_cents),
        ('interest held for an instalment of January', f.next_year_begins, f.prepaid_now_cents)
    ) as v (what, day, cents)
where v.cents <> 0
union all
select
    f.tax_year, f.loan_id, 1, 'less refund of this year''s interest: ' || r.reason, r.refunded_on, null, r.refund_id,
    'refund', null, null, -r.amount_cents
from forms as f
inner join servicing.interest_refunds as r on f.loan_id = r.loan_id and f.tax_year = r.received_in_year
where r.refunded_on < f.next_year_begins
union all
select
    f.tax_year, f.loan_id, 2,
    case
        when f.box_2_on = l.originated_on and f.box_11_on is null then 'principal of the note'
        when c.loan_id is not null then 'principal when the postings that came along begin'
        else 'principal at boarding'
    end,
    least(f.box_2_on, coalesce(c.books_from, l.boarded_on)), null, null, null, null, null,
    case
        when f.box_2_on = l.originated_on and f.box_11_on is null then l.original_principal_cents
        else coalesce(c.principal_cents, l.principal_cents)
    end
from forms as f
inner join servicing.loans as l on f.loan_id = l.loan_id
left join servicing.converted_loans as c on f.loan_id = c.loan_id
union all
select
    f.tax_year, f.loan_id, 2, 'principal paid before', e.effective_on, e.booked_on,
    e.subject_id, e.kind, e.seq, e.account, e.amount_cents
from forms as f
inner join servicing.loans as l on f.loan_id = l.loan_id
inner join ledger.entries as e on f.loan_id = e.loan_id and e.effective_on < f.box_2_on
inner join ledger.accounts as a on e.account = a.account and a.part = 'principal'
where
    ledger.is_receipt(e.kind)
    and not (f.box_2_on = l.originated_on and f.box_11_on is null)
union all
select
    f.tax_year, f.loan_id, 4, 'refund of interest of ' || r.received_in_year || ': ' || r.reason, r.refunded_on, null,
    r.refund_id, 'refund', null, null, r.amount_cents
from forms as f
inner join servicing.interest_refunds as r
    on f.loan_id = r.loan_id and r.refunded_on >= f.year_begins and r.refunded_on < f.next_year_begins
where r.received_in_year < f.tax_year
union all
select
    f.tax_year, f.loan_id, 5, 'mortgage insurance premiums within the escrow received', null, null, null, null, null,
    null, f.box_5_cents
from forms as f
where f.box_5_cents > 0
union all
select f.tax_year, f.loan_id, 6, 'points at closing', t.points_paid_on, null, null, null, null, null, t.points_cents
from forms as f
inner join servicing.loan_tax_terms as t on f.loan_id = t.loan_id
where f.box_6_cents > 0;
comment on view compliance.form_1098_evidence is
'What is behind each box of the last version of each form, entry by entry. The amounts of a box add up to it.';
comment on column compliance.form_1098_evidence.tax_year is 'Tax year.';
comment on column compliance.form_1098_evidence.loan_id is 'Mortgage.';
comment on column compliance.form_1098_evidence.box is 'Box.';
comment on column compliance.form_1098_evidence.what is 'What it is.';
comment on column compliance.form_1098_evidence.effective_on is 'From when it counts.';
comment on column compliance.form_1098_evidence.booked_on is 'When it entered the books.';
comment on column compliance.form_1098_evidence.subject_id is 'Payment, release, converted posting or refund.';
comment on column compliance.form_1098_evidence.kind is 'receipt, return, release, conversion or refund.';
comment on column compliance.form_1098_evidence.seq is 'Posting or correction, as on the ledger entry.';
comment on column compliance.form_1098_evidence.account is 'Account of the ledger entry.';
comment on column compliance.form_1098_evidence.amount_cents is 'What it adds to the box.';

comment on column ledger.entries.kind is
'receipt, return, release, late, nsf, accrual or boarding; conversion for what the former system received, and
conversion_book for what the book as a whole booked of it.';

grant select on operations.spans to payments_pipeline, payments_webhooks, payments_compliance;
grant select, insert on servicing.converted_loans, ledger.conversions to payments_pipeline;
grant select on servicing.converted_loans, ledger.conversions, ledger.applied, compliance.form_1098_evidence
to payments_pipeline, payments_compliance;
