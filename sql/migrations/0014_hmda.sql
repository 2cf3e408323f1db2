-- What a HMDA register is made from: applications, their outcomes and what was asked, decided and agreed; and the
-- register itself, version by version. Servicing gives a cross-check and nothing else: no payment is ever read for it.

-- The origination side -----------------------------------------------------------------------------------------------

create table servicing.applications (
    application_id bigint primary key,
    uli text not null,
    loan_id bigint,
    applied_on date,
    action_taken smallint not null check (action_taken between 1 and 8),
    action_taken_on date not null,
    loan_type smallint not null check (loan_type between 1 and 4),
    loan_purpose smallint not null check (loan_purpose in (1, 2, 31, 32, 4, 5)),
    is_preapproval_requested boolean not null,
    occupancy_type smallint not null check (occupancy_type between 1 and 3),
    amount_cents bigint not null check (amount_cents >= 0),
    income_thousands integer,
    debt_to_income numeric(7, 3),
    combined_loan_to_value numeric(7, 3) check (combined_loan_to_value > 0),
    property_value_cents bigint check (property_value_cents > 0),
    hoepa_status smallint not null check (hoepa_status between 1 and 3),
    submission_channel smallint not null check (submission_channel between 1 and 3),
    initially_payable smallint not null check (initially_payable between 1 and 3),
    nmlsr_id text,
    is_reverse boolean not null default false,
    is_open_end boolean not null default false,
    is_business_purpose boolean not null default false,
    -- the purchaser of a loan has no application of its own, and whoever applies has a date
    check ((action_taken = 6) = (applied_on is null)),
    check (applied_on <= action_taken_on)
);
-- A ULI is given to one application, in capitals or not (edit S306), and stays with the loan: whoever buys it, or buys
-- it back, reports the purchase under it too.
create unique index applications_uli on servicing.applications (upper(uli)) where action_taken <> 6;
create unique index applications_purchase on servicing.applications (upper(uli), action_taken_on)
where action_taken = 6;
create index applications_action on servicing.applications (action_taken_on);
create index applications_loan on servicing.applications (loan_id) where loan_id is not null;
comment on table servicing.applications is
'Covered applications, originations and purchases, whatever became of them. Codes are those of Regulation C.';
comment on column servicing.applications.application_id is 'Number that the origination system gave it.';
comment on column servicing.applications.uli is
'Universal Loan Identifier with its check digits, given once and kept for life. A purchase has that of the originator: '
'ours, where we buy back what we made.';
comment on column servicing.applications.loan_id is 'Loan that we service; none where there is none, or no longer.';
comment on column servicing.applications.applied_on is 'When the application came; none for a purchased loan.';
comment on column servicing.applications.action_taken is
'1 originated, 2 approved and not accepted, 3 denied, 4 withdrawn, 5 closed as incomplete, 6 purchased, '
'7 preapproval denied, 8 preapproval approved and not accepted.';
comment on column servicing.applications.action_taken_on is
'When that was: of an origination the date of the note. It decides in which register the row stands.';
comment on column servicing.applications.loan_type is '1 conventional, 2 FHA, 3 VA, 4 USDA.';
comment on column servicing.applications.loan_purpose is
'1 purchase, 2 improvement, 31 refinancing, 32 cash-out refinancing, 4 other, 5 not applicable.';
comment on column servicing.applications.is_preapproval_requested is 'Whether a preapproval was asked for.';
comment on column servicing.applications.occupancy_type is '1 principal residence, 2 second residence, 3 investment.';
comment on column servicing.applications.amount_cents is
'Amount of the loan or applied for; of a purchased loan what was unpaid when it was purchased.';
comment on column servicing.applications.income_thousands is
'Yearly income relied on, in thousands of dollars. Personal data; none for companies.';
comment on column servicing.applications.debt_to_income is 'Debt-to-income ratio relied on, in percent. Personal data.';
comment on column servicing.applications.combined_loan_to_value is
'Combined loan-to-value ratio relied on, in percent.';
comment on column servicing.applications.property_value_cents is 'Value of the property relied on.';
comment on column servicing.applications.hoepa_status is '1 high-cost mortgage, 2 not, 3 not applicable.';
comment on column servicing.applications.submission_channel is '1 submitted to us, 2 not, 3 not applicable.';
comment on column servicing.applications.initially_payable is '1 initially payable to us, 2 not, 3 not applicable.';
comment on column servicing.applications.nmlsr_id is 'NMLSR identifier of the loan originator.';
comment on column servicing.applications.is_reverse is 'Whether it is a reverse mortgage.';
comment on column servicing.applications.is_open_end is 'Whether it is an open-end line of credit.';
comment on column servicing.applications.is_business_purpose is
'Whether it is primarily for a business or commercial purpose.';

create table servicing.applicants (
    application_id bigint not null,
    seq smallint not null check (seq >= 1),
    answers_encrypted bytea not null,
    primary key (application_id, seq)
);
comment on table servicing.applicants is
'Who applied: ethnicity, race, sex, date of birth and credit score, encrypted. A register reports the first two.';
comment on column servicing.applicants.application_id is 'Application.';
comment on column servicing.applicants.seq is '1 the applicant, from 2 co-applicants.';
comment on column servicing.applicants.answers_encrypted is
'What the applicant answered and was scored, encrypted for this application and place; pii.py reads it.';

create table servicing.application_denials (
    application_id bigint not null,
    seq smallint not null check (seq between 1 and 4),
    reason smallint not null check (reason between 1 and 9),
    reason_text text,
    primary key (application_id, seq),
    check ((reason = 9) = (reason_text is not null))
);
comment on table servicing.application_denials is 'Why an application or a preapproval was denied.';
comment on column servicing.application_denials.application_id is 'Application.';
comment on column servicing.application_denials.seq is 'Order in which the reasons are reported.';
comment on column servicing.application_denials.reason is 'Reason, by its code.';
comment on column servicing.application_denials.reason_text is 'The reason in words, where its code is 9 (other).';

create table servicing.aus_results (
    application_id bigint not null,
    seq smallint not null check (seq between 1 and 5),
    system smallint not null check (system in (1, 2, 3, 4, 5, 7)),
    system_text text,
    result smallint not null check (result between 1 and 24 and result <> 17),
    result_text text,
    primary key (application_id, seq),
    check ((system = 5) = (system_text is not null)),
    check ((result = 16) = (result_text is not null))
);
comment on table servicing.aus_results is 'What automated underwriting systems said of an application.';
comment on column servicing.aus_results.application_id is 'Application.';
comment on column servicing.aus_results.seq is 'Order in which they are reported.';
comment on column servicing.aus_results.system is 'System, by its code.';
comment on column servicing.aus_results.system_text is 'The system in words, where its code is 5 (other).';
comment on column servicing.aus_results.result is 'Result, by its code.';
comment on column servicing.aus_results.result_text is 'The result in words, where its code is 16 (other).';

create table servicing.application_terms (
    application_id bigint primary key,
    lien_status smallint not null check (lien_status in (1, 2)),
    note_rate_ppm integer check (note_rate_ppm >= 0),
    term_months smallint check (term_months > 0),
    introductory_months smallint check (introductory_months > 0),
    prepayment_penalty_months smallint check (prepayment_penalty_months > 0),
    has_balloon boolean not null default false,
    is_interest_only boolean not null default false,
    is_negatively_amortizing boolean not null default false,
    is_otherwise_non_amortizing boolean not null default false,
    apr_ppm integer,
    apor_ppm integer,
    rate_set_on date
);
comment on table servicing.application_terms is 'Terms of the note, or those that were applied for or approved.';
comment on column servicing.application_terms.application_id is 'Application.';
comment on column servicing.application_terms.lien_status is '1 first lien, 2 subordinate lien.';
comment on column servicing.application_terms.note_rate_ppm is 'Annual rate in parts per million; none if never set.';
comment on column servicing.application_terms.term_months is 'Months until it matures; none where it has no end.';
comment on column servicing.application_terms.introductory_months is 'Months until the rate may first change.';
comment on column servicing.application_terms.prepayment_penalty_months is 'Months during which paying early costs.';
comment on column servicing.application_terms.has_balloon is 'Whether it has a balloon payment.';
comment on column servicing.application_terms.is_interest_only is 'Whether it has interest-only payments.';
comment on column servicing.application_terms.is_negatively_amortizing is 'Whether it may amortize negatively.';
comment on column servicing.application_terms.is_otherwise_non_amortizing is
'Whether it has other features that are not fully amortizing.';
comment on column servicing.application_terms.apr_ppm is
'Annual percentage rate in parts per million; none where no rate spread is owed.';
comment on column servicing.application_terms.apor_ppm is
'Average prime offer rate of a comparable transaction on the day the rate was set. The spread is APR less this.';
comment on column servicing.application_terms.rate_set_on is 'Day on which the rate was set for the last time.';

create table servicing.application_costs (
    application_id bigint primary key,
    loan_costs_cents bigint check (loan_costs_cents >= 0),
    points_and_fees_cents bigint check (points_and_fees_cents >= 0),
    origination_charges_cents bigint check (origination_charges_cents >= 0),
    discount_points_cents bigint not null default 0 check (discount_points_cents >= 0),
    lender_credits_cents bigint not null default 0 check (lender_credits_cents >= 0),
    -- a loan has a Closing Disclosure or it has not: total loan costs are of it, points and fees of the others
    check (loan_costs_cents is null or points_and_fees_cents is null)
);
comment on table servicing.application_costs is 'Costs of closed loans, as disclosed at closing.';
comment on column servicing.application_costs.application_id is 'Application.';
comment on column servicing.application_costs.loan_costs_cents is 'Total loan costs of the Closing Disclosure.';
comment on column servicing.application_costs.points_and_fees_cents is
'Total points and fees, where there is no Closing Disclosure.';
comment on column servicing.application_costs.origination_charges_cents is 'Origination charges paid by the borrower.';
comment on column servicing.application_costs.discount_points_cents is 'Points paid to reduce the rate; 0 if none.';
comment on column servicing.application_costs.lender_credits_cents is 'Credits of the lender; 0 if none.';

create table servicing.application_properties (
    application_id bigint primary key,
    street text,
    city text,
    state text,
    zip text,
    county_fips text check (county_fips ~ '^[0-9]{5}$'),
    census_tract text check (census_tract ~ '^[0-9]{11}$'),
    units integer not null check (units >= 1),
    affordable_units integer check (affordable_units between 0 and units),
    is_manufactured boolean not null,
    manufactured_secured_by smallint not null default 3 check (manufactured_secured_by between 1 and 3),
    manufactured_land_interest smallint not null default 5 check (manufactured_land_interest between 1 and 5)
);
comment on table servicing.application_properties is
'The property that an application is about, as the origination system knows it, and where the census has it.';
comment on column servicing.application_properties.application_id is 'Application.';
comment on column servicing.application_properties.street is 'Street; none where no property was identified.';
comment on column servicing.application_properties.city is 'City.';
comment on column servicing.application_properties.state is 'State.';
comment on column servicing.application_properties.zip is 'Postal code.';
comment on column servicing.application_properties.county_fips is
'County as its five-digit FIPS code; Connecticut''s are its planning regions from 2024.';
comment on column servicing.application_properties.census_tract is
'Tract of the year''s census list, eleven digits; none where the geocoder found none.';
comment on column servicing.application_properties.units is 'Dwelling units.';
comment on column servicing.application_properties.affordable_units is
'Of five or more units, those with income restrictions.';
comment on column servicing.application_properties.is_manufactured is 'Whether it is a manufactured home.';
comment on column servicing.application_properties.manufactured_secured_by is
'1 home and land, 2 home without land, 3 not applicable.';
comment on column servicing.application_properties.manufactured_land_interest is
'1 direct ownership, 2 indirect, 3 paid leasehold, 4 unpaid leasehold, 5 not applicable.';

create table servicing.loan_sales (
    application_id bigint primary key,
    sold_on date not null,
    purchaser_type smallint not null check (purchaser_type in (1, 2, 3, 4, 5, 6, 71, 72, 8, 9))
);
comment on table servicing.loan_sales is 'Loans that we sold: to whom, by the codes of Regulation C, and when.';
comment on column servicing.loan_sales.application_id is 'Application from which the loan came.';
comment on column servicing.loan_sales.sold_on is
'When. A register names the purchaser of a loan only if it was sold in the year of its origination or purchase.';
comment on column servicing.loan_sales.purchaser_type is
'1 Fannie Mae, 2 Ginnie Mae, 3 Freddie Mac, 4 Farmer Mac, 5 private securitizer, 6 bank, '
'71 credit union or mortgage company, 72 life insurer, 8 affiliate, 9 other.';

create table servicing.subordinate_liens (
    loan_id bigint primary key,
    lien_position smallint not null check (lien_position >= 2)
);
comment on table servicing.subordinate_liens is
'Loans that we service behind another lien. A loan without a row is a first lien.';
comment on column servicing.subordinate_liens.loan_id is 'Loan.';
comment on column servicing.subordinate_liens.lien_position is 'Its place among the liens, from 2.';

-- The register -------------------------------------------------------------------------------------------------------

create table compliance.hmda_lar (
    period text not null,
    application_id bigint not null,
    version smallint not null check (version >= 1),
    report_version integer not null,
    loan_id bigint,
    action_taken smallint not null,
    action_taken_on date not null,
    is_reported boolean not null,
    hash bytea not null,
    line_encrypted bytea,
    primary key (period, application_id, version),
    check (is_reported = (line_encrypted is not null))
);
comment on table compliance.hmda_lar is
'Rows of each HMDA register, for each year and quarter. A change is a new version of the row; none is rewritten.';
comment on column compliance.hmda_lar.period is 'Activity year (2025) or quarter (2025-Q2).';
comment on column compliance.hmda_lar.application_id is 'Application, origination or purchase.';
comment on column compliance.hmda_lar.version is '1, then one for each change.';
comment on column compliance.hmda_lar.report_version is 'Version of the report with which it came.';
comment on column compliance.hmda_lar.loan_id is 'Loan that we service, if there is one.';
comment on column compliance.hmda_lar.action_taken is 'What became of it, by its code.';
comment on column compliance.hmda_lar.action_taken_on is 'When.';
comment on column compliance.hmda_lar.is_reported is
'Whether it stands in the register: a row that no longer belongs there has a last version without a line.';
comment on column compliance.hmda_lar.hash is 'Keyed hash of the line: the same where nothing changed.';
comment on column compliance.hmda_lar.line_encrypted is
'The 110 fields as they are filed, encrypted; pii.py reads them.';

create table compliance.hmda_edits (
    report_id uuid not null,
    edit text not null,
    kind text not null check (kind in ('parser', 'syntactic', 'validity', 'quality', 'macro')),
    rows bigint not null check (rows >= 1),
    evidence bytea not null,
    wording text not null,
    checked_at timestamptz not null default now(),
    primary key (report_id, edit, evidence)
);
comment on table compliance.hmda_edits is
'Which edits of CFPB''s platform each version of a register breaks. The same version checked again says the same.';
comment on column compliance.hmda_edits.report_id is 'Version of the register.';
comment on column compliance.hmda_edits.edit is 'Edit; parser for formatting errors.';
comment on column compliance.hmda_edits.kind is
'parser, syntactic and validity edits block filing; quality and macro edits are confirmed or mended.';
comment on column compliance.hmda_edits.rows is 'How many rows break it; 1 for an edit of the whole file.';
comment on column compliance.hmda_edits.evidence is
'Keyed hash over these rows and what stands in them: a confirmation holds as long as it is the same.';
comment on column compliance.hmda_edits.wording is 'CFPB''s wording.';
comment on column compliance.hmda_edits.checked_at is 'When it was found.';

create table compliance.hmda_confirmations (
    period text not null,
    edit text not null,
    evidence bytea not null,
    reason text not null check (reason <> ''),
    confirmed_by text not null check (confirmed_by <> ''),
    confirmed_at timestamptz not null default now(),
    primary key (period, edit, evidence)
);
comment on table compliance.hmda_confirmations is
'What somebody confirmed to be right although a quality or macro edit asks about it, and why it is.';
comment on column compliance.hmda_confirmations.period is 'Year or quarter of the register.';
comment on column compliance.hmda_confirmations.edit is 'Edit.';
comment on column compliance.hmda_confirmations.evidence is 'The very rows and values that were confirmed.';
comment on column compliance.hmda_confirmations.reason is 'Why they are right.';
comment on column compliance.hmda_confirmations.confirmed_by is 'Who said so.';
comment on column compliance.hmda_confirmations.confirmed_at is 'When.';

create table compliance.hmda_differences (
    period text not null,
    subject text not null,
    field text not null check (
        field in (
            'loan', 'application', 'date', 'amount', 'rate', 'term', 'lien', 'street', 'city', 'state', 'zip', 'county'
        )
    ),
    application_id bigint,
    loan_id bigint,
    reported text,
    serviced text,
    primary key (period, subject, field)
);
comment on table compliance.hmda_differences is
'Where origination and servicing say different things of the same loan. Flagged for a person; neither is overwritten.';
comment on column compliance.hmda_differences.period is 'Year or quarter of the register.';
comment on column compliance.hmda_differences.subject is 'What differs: application or loan, with its number.';
comment on column compliance.hmda_differences.field is
'What differs; loan: servicing has none of that number; application: a loan of the period is in no register.';
comment on column compliance.hmda_differences.application_id is 'Application, where there is one.';
comment on column compliance.hmda_differences.loan_id is 'Loan.';
comment on column compliance.hmda_differences.reported is 'What the register says.';
comment on column compliance.hmda_differences.serviced is 'What servicing says.';

-- A field of text as a register may hold it: the separator, quotes and line ends are the file's own.
create function compliance.hmda_text(value text) returns text
language sql immutable parallel safe
return btrim(translate(value, E'|"\r\n\t', '     '));
comment on function compliance.hmda_text(text) is
'A text without what would end the field or the line, or what the platform''s parser drops.';

-- Who may do what ----------------------------------------------------------------------------------------------------

-- The pipeline brings what the origination system says and reads back none that is personal.
grant insert on servicing.applications, servicing.applicants, servicing.application_denials, servicing.aus_results,
servicing.application_terms, servicing.application_costs, servicing.application_properties, servicing.loan_sales,
servicing.subordinate_liens to payments_pipeline;
grant select (
    application_id, uli, loan_id, applied_on, action_taken, action_taken_on, loan_type, loan_purpose,
    amount_cents
) on servicing.applications to payments_pipeline;
grant select on servicing.subordinate_liens to payments_pipeline;
grant select (
    period, application_id, version, report_version, loan_id, action_taken, action_taken_on, is_reported,
    hash
) on compliance.hmda_lar to payments_pipeline;
grant select on compliance.hmda_edits, compliance.hmda_confirmations to payments_pipeline;
grant select (period, subject, field, application_id, loan_id) on compliance.hmda_differences to payments_pipeline;

-- What turns out wrong is set right by compliance; the registers keep what they said.
grant select, insert, update on servicing.applications, servicing.applicants, servicing.application_denials,
servicing.aus_results, servicing.application_terms, servicing.application_costs, servicing.application_properties,
servicing.loan_sales, servicing.subordinate_liens to payments_compliance;
grant delete on servicing.application_denials, servicing.aus_results, servicing.loan_sales to payments_compliance;
grant select, insert on compliance.hmda_lar, compliance.hmda_edits, compliance.hmda_confirmations
to payments_compliance;
grant select, insert, delete on compliance.hmda_differences to payments_compliance;
