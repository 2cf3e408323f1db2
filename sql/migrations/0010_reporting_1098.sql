-- Regulatory reports: who is reported, what was reported, in which version, and who did what with it.
-- The role payments_compliance reads personal data and writes reports; the pipeline loads personal data and reads none.

create schema compliance;
comment on schema compliance is
'Reports to regulators: every version, the evidence behind each figure, and the log of who did what with them.';

-- Who a borrower is for the tax authority ----------------------------------------------------------------------------

create table servicing.tax_identities (
    borrower_id bigint not null,
    version smallint not null check (version >= 1),
    payer_kind text not null check (
        payer_kind in ('individual', 'corporation', 'partnership', 'trust', 'estate', 'association')
    ),
    tin_type text not null check (tin_type in ('ssn', 'itin', 'atin', 'ein', 'unknown')),
    is_nonresident_alien boolean not null default false,
    identity_encrypted bytea not null,
    tin_index bytea,
    identity_index bytea not null,
    address_encrypted bytea not null,
    address_index bytea not null,
    country text not null default 'US' check (country ~ '^[A-Z]{2}$'),
    known_since timestamptz not null default now(),
    primary key (borrower_id, version),
    check ((tin_type = 'unknown') = (tin_index is null))
);
create index tax_identities_tin on servicing.tax_identities (tin_index);
comment on table servicing.tax_identities is
'Who a borrower is for the tax authority, and where mail goes. What changes is a new version; none is rewritten.';
comment on column servicing.tax_identities.borrower_id is 'Borrower.';
comment on column servicing.tax_identities.version is '1, then one for each change of name, number, kind or address.';
comment on column servicing.tax_identities.payer_kind is 'What the borrower is; a sole proprietor is an individual.';
comment on column servicing.tax_identities.tin_type is 'Kind of the taxpayer number; unknown where there is none.';
comment on column servicing.tax_identities.is_nonresident_alien is 'Whether the borrower is a nonresident alien.';
comment on column servicing.tax_identities.identity_encrypted is
'Name and taxpayer number, encrypted for this borrower and version; pii.py reads it.';
comment on column servicing.tax_identities.tin_index is 'Keyed hash of the taxpayer number, to look it up by.';
comment on column servicing.tax_identities.identity_index is
'Keyed hash of name and number: the same where neither changed.';
comment on column servicing.tax_identities.address_encrypted is
'Mailing address, encrypted for this borrower and version; pii.py reads it.';
comment on column servicing.tax_identities.address_index is
'Keyed hash of the mailing address: the same for the same place, a property''s included.';
comment on column servicing.tax_identities.country is 'Mailing address: country, by its two letters.';
comment on column servicing.tax_identities.known_since is 'When we learned it.';

create table servicing.co_borrowers (
    loan_id bigint not null,
    seq smallint not null check (seq >= 1),
    identity_encrypted bytea not null,
    primary key (loan_id, seq)
);
comment on table servicing.co_borrowers is
'Who else signed. The form goes to the payer of record alone, which is the borrower of the loan.';
comment on column servicing.co_borrowers.loan_id is 'Loan.';
comment on column servicing.co_borrowers.seq is 'Order on the note, from 1.';
comment on column servicing.co_borrowers.identity_encrypted is 'Name, encrypted for this loan and place.';

-- What the tax reports need of a loan, beyond its terms --------------------------------------------------------------

create table servicing.loan_tax_terms (
    loan_id bigint primary key,
    acquired_on date,
    is_purchase boolean not null,
    is_principal_residence boolean not null,
    points_cents bigint not null default 0 check (points_cents >= 0),
    points_paid_on date,
    monthly_premium_cents bigint not null default 0 check (monthly_premium_cents >= 0),
    upfront_premium_cents bigint not null default 0 check (upfront_premium_cents >= 0),
    premium_contract_on date,
    properties smallint not null default 1 check (properties >= 1),
    property_description text,
    owner_name text,
    check ((points_cents > 0) = (points_paid_on is not null)),
    check ((monthly_premium_cents + upfront_premium_cents > 0) = (premium_contract_on is not null))
);
comment on table servicing.loan_tax_terms is
'What tax reports need of a loan beyond its terms: acquisition, points, mortgage insurance, what secures it.';
comment on column servicing.loan_tax_terms.loan_id is 'Loan.';
comment on column servicing.loan_tax_terms.acquired_on is 'When we acquired the mortgage; none where we made it.';
comment on column servicing.loan_tax_terms.is_purchase is 'Whether the loan bought the property.';
comment on column servicing.loan_tax_terms.is_principal_residence is
'Whether it is the borrower''s principal residence.';
comment on column servicing.loan_tax_terms.points_cents is
'Points that we received as lender of record at closing, seller-paid ones included.';
comment on column servicing.loan_tax_terms.points_paid_on is 'Date of that closing.';
comment on column servicing.loan_tax_terms.monthly_premium_cents is
'Mortgage insurance premium within the monthly escrow.';
comment on column servicing.loan_tax_terms.upfront_premium_cents is 'Mortgage insurance premium paid ahead.';
comment on column servicing.loan_tax_terms.premium_contract_on is 'Date of the insurance contract.';
comment on column servicing.loan_tax_terms.properties is 'How many properties secure the mortgage.';
comment on column servicing.loan_tax_terms.property_description is 'What the property is where it has no address.';
comment on column servicing.loan_tax_terms.owner_name is 'Who owns the mortgage where we only service it (box 10).';

create table servicing.interest_refunds (
    loan_id bigint not null,
    refund_id uuid not null,
    refunded_on date not null,
    received_in_year smallint not null,
    amount_cents bigint not null check (amount_cents > 0),
    reason text not null,
    primary key (loan_id, refund_id),
    check (received_in_year <= extract(year from refunded_on))
);
comment on table servicing.interest_refunds is
'Overpaid interest that was given back or credited to the borrower, by the year in which it had been received.';
comment on column servicing.interest_refunds.loan_id is 'Loan.';
comment on column servicing.interest_refunds.refund_id is 'Refund.';
comment on column servicing.interest_refunds.refunded_on is 'When it was given back.';
comment on column servicing.interest_refunds.received_in_year is 'Year in which the interest had been received.';
comment on column servicing.interest_refunds.amount_cents is 'How much.';
comment on column servicing.interest_refunds.reason is 'Why, for a person.';

create table servicing.payments_by_others (
    loan_id bigint not null,
    payment_id uuid not null,
    payer_class text not null check (
        payer_class in ('seller', 'buydown', 'subsidy', 'government', 'housing_assistance_fund', 'other')
    ),
    primary key (loan_id, payment_id)
);
comment on table servicing.payments_by_others is
'Payments that somebody else made for the borrower. Their interest is not the borrower''s and is not reported.';
comment on column servicing.payments_by_others.loan_id is 'Loan.';
comment on column servicing.payments_by_others.payment_id is 'Payment.';
comment on column servicing.payments_by_others.payer_class is 'Who paid.';

-- Reports and their lives --------------------------------------------------------------------------------------------

create table compliance.reports (
    report_id uuid primary key,
    kind text not null,
    period text not null,
    version integer not null check (version >= 1),
    parameters json not null,
    summary json not null,
    content_hash bytea not null,
    prepared_by text not null,
    prepared_at timestamptz not null default now(),
    retain_until date not null,
    unique (kind, period, version)
);
comment on table compliance.reports is
'Each version of each report. A version is never changed: what differs afterwards is the next version.';
comment on column compliance.reports.report_id is 'Report, derived from its kind, period and version.';
comment on column compliance.reports.kind is 'form_1098 and so on.';
comment on column compliance.reports.period is 'Tax year, activity year or quarter.';
comment on column compliance.reports.version is '1, then one for each computation that found a difference.';
comment on column compliance.reports.parameters is 'The choices that were made for it.';
comment on column compliance.reports.summary is 'Counts and totals.';
comment on column compliance.reports.content_hash is 'sha256 over all it says, so that a changed one is noticed.';
comment on column compliance.reports.prepared_by is 'Who had it made. Somebody else approves it.';
comment on column compliance.reports.prepared_at is 'When it was made.';
comment on column compliance.reports.retain_until is 'How long it must be kept.';

create table compliance.report_files (
    report_id uuid not null,
    file_name text not null,
    format text not null,
    records bigint not null,
    size_bytes bigint not null,
    sha256 bytea not null,
    written_at timestamptz not null default now(),
    primary key (report_id, file_name, sha256)
);
comment on table compliance.report_files is 'Files written for a report, each validated before it got its name.';
comment on column compliance.report_files.report_id is 'Report.';
comment on column compliance.report_files.file_name is 'Name of the file.';
comment on column compliance.report_files.format is 'fire, iris, csv and so on.';
comment on column compliance.report_files.records is 'How many returns it holds.';
comment on column compliance.report_files.size_bytes is 'Its size.';
comment on column compliance.report_files.sha256 is 'Its hash.';
comment on column compliance.report_files.written_at is 'When it was written.';

create table compliance.compliance_audit_log (
    entry_no bigint primary key check (entry_no >= 1),
    at timestamptz not null,
    actor text not null check (actor <> ''),
    action text not null,
    report_id uuid not null,
    details text not null,
    prev_hash bytea,
    hash bytea not null
);
create index compliance_audit_log_report on compliance.compliance_audit_log (report_id, entry_no);
comment on table compliance.compliance_audit_log is
'Who did what with which report, and when: appended to, never changed, each entry hashed over the one before.';
comment on column compliance.compliance_audit_log.entry_no is 'Number of the entry, from 1 without gaps.';
comment on column compliance.compliance_audit_log.at is 'When.';
comment on column compliance.compliance_audit_log.actor is 'Who.';
comment on column compliance.compliance_audit_log.action is
'drafted, validated, approved, submitted, corrected, or what else was done.';
comment on column compliance.compliance_audit_log.report_id is 'Report.';
comment on column compliance.compliance_audit_log.details is 'What was said about it, as JSON, as it was hashed.';
comment on column compliance.compliance_audit_log.prev_hash is 'Hash of the entry before; none for the first.';
comment on column compliance.compliance_audit_log.hash is 'sha256 over the hash before and this entry.';

create function compliance.audit_hash(
    prev_hash bytea, entry_no bigint, at timestamptz, actor text, action text, report_id uuid, details text
) returns bytea
language sql stable parallel safe
return sha256(
    coalesce(prev_hash, ''::bytea)
    || convert_to(
        entry_no::text || '|' || (extract(epoch from at) * 1000000)::bigint::text || '|' || actor || '|' || action
        || '|' || report_id::text || '|' || details, 'UTF8'
    )
);
comment on function compliance.audit_hash(bytea, bigint, timestamptz, text, text, uuid, text) is
'Hash of an entry of the log over the entry before it; the time enters in microseconds.';

create view compliance.report_statuses as
select distinct on (r.report_id)
    r.report_id, r.kind, r.period, r.version, a.action as status, a.actor, a.at, r.prepared_by, r.retain_until
from compliance.reports as r
inner join compliance.compliance_audit_log as a on r.report_id = a.report_id
where a.action in ('drafted', 'validated', 'approved', 'submitted', 'corrected')
order by r.report_id asc, a.entry_no desc;
comment on view compliance.report_statuses is 'How far each version of each report is in its life.';
comment on column compliance.report_statuses.report_id is 'Report.';
comment on column compliance.report_statuses.kind is 'Its kind.';
comment on column compliance.report_statuses.period is 'Its period.';
comment on column compliance.report_statuses.version is 'Its version.';
comment on column compliance.report_statuses.status is 'drafted, validated, approved, submitted or corrected.';
comment on column compliance.report_statuses.actor is 'Who took it there.';
comment on column compliance.report_statuses.at is 'When.';
comment on column compliance.report_statuses.prepared_by is 'Who had it made.';
comment on column compliance.report_statuses.retain_until is 'How long it must be kept.';

-- Form 1098 ----------------------------------------------------------------------------------------------------------

create table compliance.forms_1098 (
    tax_year smallint not null,
    loan_id bigint not null,
    version smallint not null check (version >= 1),
    report_version integer not null,
    disposition text not null check (
        disposition in (
            'reportable', 'entity_payer', 'unknown_payer', 'negative_interest', 'below_threshold', 'nothing_received'
        )
    ),
    borrower_id bigint not null,
    identity_version smallint not null,
    ledger_interest_cents bigint not null,
    ledger_fees_cents bigint not null,
    service_fees_cents bigint not null,
    paid_by_others_cents bigint not null,
    reported_last_year_cents bigint not null,
    prepaid_now_cents bigint not null,
    refunded_cents bigint not null,
    box_1_cents bigint not null,
    box_2_cents bigint not null,
    box_2_on date not null,
    box_2_is_as_boarded boolean not null,
    box_3_on date not null,
    box_4_cents bigint not null check (box_4_cents >= 0),
    box_5_cents bigint not null check (box_5_cents >= 0),
    box_6_cents bigint not null check (box_6_cents >= 0),
    box_7_is_mailing_address boolean not null,
    box_8_property text,
    box_9_properties smallint check (box_9_properties >= 2),
    box_10_other text,
    box_11_on date,
    hash bytea not null,
    primary key (tax_year, loan_id, version),
    check (
        box_1_cents = ledger_interest_cents + ledger_fees_cents - service_fees_cents - paid_by_others_cents
        - reported_last_year_cents + prepaid_now_cents - refunded_cents
    ),
    check (disposition <> 'reportable' or box_1_cents >= 0)
);
comment on table compliance.forms_1098 is
'What Form 1098 says of each mortgage in each tax year, reportable or not. A change is a new version of the form.';
comment on column compliance.forms_1098.tax_year is 'Tax year.';
comment on column compliance.forms_1098.loan_id is 'Mortgage; the form is per mortgage, not per borrower.';
comment on column compliance.forms_1098.version is '1, then one for each change.';
comment on column compliance.forms_1098.report_version is 'Version of the report with which it came.';
comment on column compliance.forms_1098.disposition is 'Whether a form is due, and if not, by which rule.';
comment on column compliance.forms_1098.borrower_id is 'Payer of record.';
comment on column compliance.forms_1098.identity_version is
'Version of the payer''s tax identity; 0 where there is none.';
comment on column compliance.forms_1098.ledger_interest_cents is 'Interest received in the year, by the ledger.';
comment on column compliance.forms_1098.ledger_fees_cents is 'Fees received in the year, by the ledger.';
comment on column compliance.forms_1098.service_fees_cents is
'Of these, fees for a service: only late charges are interest.';
comment on column compliance.forms_1098.paid_by_others_cents is 'Of the interest, what others than the borrower paid.';
comment on column compliance.forms_1098.reported_last_year_cents is
'Of the interest, what was prepaid and reported for last year.';
comment on column compliance.forms_1098.prepaid_now_cents is
'Interest held at the year''s end for an instalment of January, as far as it belongs to this year.';
comment on column compliance.forms_1098.refunded_cents is 'Refunds of this very year''s interest.';
comment on column compliance.forms_1098.box_1_cents is 'Box 1: mortgage interest received.';
comment on column compliance.forms_1098.box_2_cents is 'Box 2: outstanding principal.';
comment on column compliance.forms_1098.box_2_on is 'As of when: January 1, origination or acquisition.';
comment on column compliance.forms_1098.box_2_is_as_boarded is
'Whether our books begin after that date, so that box 2 is the balance at boarding: for a person to confirm.';
comment on column compliance.forms_1098.box_3_on is 'Box 3: date of the note.';
comment on column compliance.forms_1098.box_4_cents is 'Box 4: refunds of prior years'' interest.';
comment on column compliance.forms_1098.box_5_cents is 'Box 5: mortgage insurance premiums.';
comment on column compliance.forms_1098.box_6_cents is 'Box 6: points on the purchase of the principal residence.';
comment on column compliance.forms_1098.box_7_is_mailing_address is
'Box 7: whether the property is at the mailing address.';
comment on column compliance.forms_1098.box_8_property is 'Box 8: the property, where box 7 is not marked.';
comment on column compliance.forms_1098.box_9_properties is 'Box 9: number of properties, from 2.';
comment on column compliance.forms_1098.box_10_other is 'Box 10: other.';
comment on column compliance.forms_1098.box_11_on is 'Box 11: when the mortgage was acquired, if in the year.';
comment on column compliance.forms_1098.hash is 'sha256 over all that the form says, the payer''s identity included.';

create table compliance.filed_1098 (
    report_id uuid not null,
    tax_year smallint not null,
    loan_id bigint not null,
    part smallint not null check (part in (1, 2)),
    version smallint not null,
    transaction text not null check (transaction in ('original', 'corrected', 'withdrawn', 'replaced')),
    file_name text not null,
    submission_id text not null,
    record_id text not null,
    primary key (loan_id, report_id, part, file_name)
);
comment on table compliance.filed_1098 is
'Where each form stands in the files of a report: what a later correction refers to.';
comment on column compliance.filed_1098.report_id is 'Report.';
comment on column compliance.filed_1098.tax_year is 'Tax year.';
comment on column compliance.filed_1098.loan_id is 'Mortgage.';
comment on column compliance.filed_1098.part is '1, or 2 for the second record of a two-transaction correction.';
comment on column compliance.filed_1098.version is 'Version of the form that the record says.';
comment on column compliance.filed_1098.transaction is
'original; corrected: one-transaction correction; withdrawn and replaced: the two records of a two-transaction one.';
comment on column compliance.filed_1098.file_name is 'File.';
comment on column compliance.filed_1098.submission_id is 'Submission within the file; empty for FIRE.';
comment on column compliance.filed_1098.record_id is 'Record within the submission, or number of the record for FIRE.';

create table compliance.filing_references (
    report_id uuid not null,
    file_name text not null,
    reference text not null check (reference <> ''),
    submitted_by text not null,
    submitted_at timestamptz not null default now(),
    primary key (report_id, file_name)
);
comment on table compliance.filing_references is
'What the authority gave back for each file that was submitted: the receipt that corrections refer to.';
comment on column compliance.filing_references.report_id is 'Report.';
comment on column compliance.filing_references.file_name is 'File.';
comment on column compliance.filing_references.reference is 'Receipt id (IRIS) or file name given by FIRE.';
comment on column compliance.filing_references.submitted_by is 'Who submitted it.';
comment on column compliance.filing_references.submitted_at is 'When.';

create view compliance.submitted_1098 as
select
    d.tax_year, d.loan_id, p.version as report_version, d.part, d.version, f.disposition, f.borrower_id,
    f.identity_version, r.reference || '|' || d.submission_id || '|' || d.record_id as unique_record_id
from compliance.filed_1098 as d
inner join compliance.filing_references as r on d.report_id = r.report_id and d.file_name = r.file_name
inner join compliance.reports as p on d.report_id = p.report_id
inner join compliance.forms_1098 as f on d.tax_year = f.tax_year and d.loan_id = f.loan_id and d.version = f.version;
comment on view compliance.submitted_1098 is
'The records that went to the authority, with the form that each says: what is compared to tell what to correct.';
comment on column compliance.submitted_1098.tax_year is 'Tax year.';
comment on column compliance.submitted_1098.loan_id is 'Mortgage.';
comment on column compliance.submitted_1098.report_version is 'Version of the report with which it was submitted.';
comment on column compliance.submitted_1098.part is '1, or 2 for the second record of a two-transaction correction.';
comment on column compliance.submitted_1098.version is 'Version of the form that the record says.';
comment on column compliance.submitted_1098.disposition is
'Whether that form was due. The record of one that was not says zeros, under the name that was filed before.';
comment on column compliance.submitted_1098.borrower_id is 'Payer of record of that form.';
comment on column compliance.submitted_1098.identity_version is 'Version of the payer''s tax identity.';
comment on column compliance.submitted_1098.unique_record_id is 'Id by which the authority knows the record.';

-- As before, with this wing among ours: what fills millions of forms tells the planner so before it reads them back.
create or replace function operations.analyze_table(target text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if to_regclass(target) is null or not exists (
        select from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.oid = to_regclass(target) and n.nspname in (
            'servicing', 'ingestion', 'payments', 'ledger', 'settlement', 'reconciliation', 'operations', 'compliance'
        )
    ) then
        raise exception 'operations.analyze_table: % is not one of ours', target;
    end if;
    execute format('analyze %s', to_regclass(target));
end $$;

-- Who may do what ----------------------------------------------------------------------------------------------------

grant usage on schema servicing, payments, ledger, operations, compliance to payments_compliance;
grant select on all tables in schema servicing, payments, ledger, compliance to payments_compliance;
grant insert on servicing.tax_identities, servicing.co_borrowers, servicing.interest_refunds,
servicing.payments_by_others, servicing.loan_tax_terms to payments_compliance;
grant insert on compliance.reports, compliance.report_files, compliance.compliance_audit_log, compliance.forms_1098,
compliance.filed_1098, compliance.filing_references to payments_compliance;
-- terms that turn out wrong are set right by compliance; the forms keep what they said
grant update on servicing.loan_tax_terms to payments_compliance;

grant insert on servicing.tax_identities, servicing.co_borrowers to payments_pipeline;
grant select (borrower_id, version, payer_kind, tin_type, is_nonresident_alien, known_since)
on servicing.tax_identities to payments_pipeline;
grant select, insert on servicing.loan_tax_terms, servicing.interest_refunds, servicing.payments_by_others
to payments_pipeline;
grant usage on schema compliance to payments_pipeline;
grant select on compliance.reports, compliance.report_files, compliance.report_statuses, compliance.filed_1098,
compliance.filing_references to payments_pipeline;
-- what people noted about a report may name anybody
grant select (entry_no, at, actor, action, report_id, prev_hash, hash)
on compliance.compliance_audit_log to payments_pipeline;
-- the property is an address
grant select (
    tax_year, loan_id, version, report_version, disposition, borrower_id, identity_version, ledger_interest_cents,
    ledger_fees_cents, service_fees_cents, paid_by_others_cents, reported_last_year_cents, prepaid_now_cents,
    refunded_cents, box_1_cents, box_2_cents, box_2_on, box_2_is_as_boarded, box_3_on, box_4_cents, box_5_cents,
    box_6_cents, box_7_is_mailing_address, box_9_properties, box_11_on, hash
) on compliance.forms_1098 to payments_pipeline;
