-- Loans and what is due on them.

create table servicing.borrowers (
    borrower_id bigint primary key,
    contact_encrypted bytea not null
);
comment on table servicing.borrowers is
'Who owes, and how to reach them. Personal data: encrypted, and never copied into metadata or logs.';
comment on column servicing.borrowers.borrower_id is 'Borrower.';
comment on column servicing.borrowers.contact_encrypted is
'Name as on the note, e-mail, telephone and mailing address as JSON, encrypted for this borrower; pii.py reads it.';

create table servicing.properties (
    property_id bigint primary key,
    street text not null,
    city text not null,
    state text not null,
    zip text not null,
    county_fips text,
    property_type text not null,
    value_cents bigint not null check (value_cents > 0),
    address_index bytea not null
);
comment on table servicing.properties is 'What secures the loan.';
comment on column servicing.properties.property_id is 'Property.';
comment on column servicing.properties.street is
'Street of the property, which is often where the borrower lives: not for the pipeline.';
comment on column servicing.properties.city is 'City of the property.';
comment on column servicing.properties.state is 'State of the property.';
comment on column servicing.properties.zip is 'Postal code of the property.';
comment on column servicing.properties.county_fips is 'County, as its five-digit FIPS code.';
comment on column servicing.properties.property_type is 'Single family, condominium and so on.';
comment on column servicing.properties.value_cents is 'Value at origination.';
comment on column servicing.properties.address_index is
'Keyed hash of the address, which tells whether it is where the borrower gets mail.';

create table servicing.loans (
    loan_id bigint primary key,
    loan_number text not null,
    cif text not null,
    borrower_id bigint not null,
    property_id bigint not null,
    product text not null,
    originated_on date not null,
    original_principal_cents bigint not null,
    boarded_on date not null,
    principal_cents bigint not null check (principal_cents >= 0),
    rate_ppm integer not null check (rate_ppm between 0 and 300000),
    payment_cents bigint not null check (payment_cents >= 0),
    escrow_cents bigint not null check (escrow_cents >= 0),
    escrow_shortage_cents bigint not null check (escrow_shortage_cents >= 0),
    first_due_on date not null,
    term_instalments smallint not null check (term_instalments >= 0),
    last_instalment smallint not null,
    grace_days smallint not null check (grace_days between 0 and 31),
    due_day smallint not null generated always as (extract(day from first_due_on)) stored,
    first_due_month integer not null generated always as (
        12 * extract(year from first_due_on) + extract(month from first_due_on)
    ) stored,
    check (last_instalment between 0 and term_instalments),
    check (extract(day from first_due_on) <= 28),
    -- a payment below the interest would make the principal part negative; no product of ours does that
    check (term_instalments = 0 or payment_cents * 12000000 > principal_cents * rate_ppm),
    -- a term that outlives the principal, as after a curtailment, would go on collecting what is not owed
    constraint something_is_owed_until_the_last_instalment check (
        term_instalments < 2
        or (
            payment_cents * (power(1 + rate_ppm / 12e6::double precision, term_instalments - 1) - 1)
            <= principal_cents * rate_ppm / 12e6::double precision
            * power(1 + rate_ppm / 12e6::double precision, term_instalments - 1)
            and (rate_ppm > 0 or payment_cents * (term_instalments - 1) <= principal_cents)
        )
    )
);
create index loans_due on servicing.loans (due_day, grace_days);
comment on table servicing.loans is
'The terms of each loan as boarded. What falls due is a pure function of these terms; nothing here is a balance.';
comment on column servicing.loans.loan_id is
'Loan; the digits of its number. 0 stands for receipts whose loan is not known.';
comment on column servicing.loans.loan_number is 'Number that borrowers and banks quote, LN and ten digits.';
comment on column servicing.loans.cif is 'Customer number.';
comment on column servicing.loans.borrower_id is 'Who owes.';
comment on column servicing.loans.property_id is 'What secures it.';
comment on column servicing.loans.product is 'Product, e.g. fixed30.';
comment on column servicing.loans.originated_on is 'Date of the note.';
comment on column servicing.loans.original_principal_cents is 'Principal at origination.';
comment on column servicing.loans.boarded_on is 'Date from which we service the loan.';
comment on column servicing.loans.principal_cents is 'Unpaid principal at boarding.';
comment on column servicing.loans.rate_ppm is 'Annual rate in parts per million: 6.125% is 61250.';
comment on column servicing.loans.payment_cents is 'Monthly principal and interest.';
comment on column servicing.loans.escrow_cents is 'Monthly escrow for taxes and insurance.';
comment on column servicing.loans.escrow_shortage_cents is
'Monthly repayment of an escrow shortage, due with the escrow.';
comment on column servicing.loans.first_due_on is 'Due date of instalment 1: the oldest one unpaid at boarding.';
comment on column servicing.loans.term_instalments is 'Instalment with which the loan is fully amortised.';
comment on column servicing.loans.last_instalment is
'Last instalment that falls due; before the term where the loan ended early.';
comment on column servicing.loans.grace_days is 'Days after the due date until a late fee.';
comment on column servicing.loans.due_day is 'Day of the month on which instalments fall due.';
comment on column servicing.loans.first_due_month is 'Month of instalment 1, counted from the year 0.';

create table servicing.escrow (
    loan_id bigint primary key,
    annual_tax_cents bigint not null check (annual_tax_cents >= 0),
    annual_insurance_cents bigint not null check (annual_insurance_cents >= 0),
    opening_balance_cents bigint not null
);
comment on table servicing.escrow is
'What stands behind the monthly escrow: the bills it must cover, and what was held at boarding.';
comment on column servicing.escrow.loan_id is 'Loan.';
comment on column servicing.escrow.annual_tax_cents is 'Property taxes a year.';
comment on column servicing.escrow.annual_insurance_cents is 'Insurance premiums a year.';
comment on column servicing.escrow.opening_balance_cents is 'Escrow held at boarding.';

create table servicing.loan_statuses (
    loan_id bigint not null,
    effective_on date not null,
    status text not null check (
        status in
        ('active', 'bankruptcy', 'legal_hold', 'stop_pay', 'charged_off', 'closed', 'unknown', 'unidentified')
    ),
    reason text not null,
    seq smallint not null default 1 check (seq > 0),
    booked_on date not null default (now() at time zone 'America/New_York')::date,
    learned_at timestamptz not null default now(),
    primary key (loan_id, effective_on, seq)
);
create index loan_statuses_learned on servicing.loan_statuses (effective_on, learned_at);
comment on table servicing.loan_statuses is
'Dated statuses set from outside. A loan without a row is active. One learned after its day was run asks for it. '
'Nothing is rewritten: a correction is the next number of its date, and the last one counts; a wrong date gets the '
'status that held before.';
comment on column servicing.loan_statuses.loan_id is 'Loan.';
comment on column servicing.loan_statuses.effective_on is 'Date from which the status is in force.';
comment on column servicing.loan_statuses.status is 'The status.';
comment on column servicing.loan_statuses.reason is 'Why, for a person.';
comment on column servicing.loan_statuses.seq is '1 as first set on its date, then its corrections in order.';
comment on column servicing.loan_statuses.booked_on is
'Business date on which we learned it: what it changes in the books is booked then. Today, unless the source says.';
comment on column servicing.loan_statuses.learned_at is 'When the row was written; left to the database.';

create table servicing.amortisation_factors (
    rate_ppm integer not null,
    n smallint not null,
    growth double precision not null,
    annuity double precision not null,
    primary key (rate_ppm, n)
);
comment on table servicing.amortisation_factors is
'For each rate in the book (1+r)^n and ((1+r)^n - 1)/r, exact to the last bit of a double, by rules/amortisation.';
comment on column servicing.amortisation_factors.rate_ppm is 'Annual rate in parts per million.';
comment on column servicing.amortisation_factors.n is 'Number of instalments.';
comment on column servicing.amortisation_factors.growth is '(1+r)^n, r the monthly rate.';
comment on column servicing.amortisation_factors.annuity is '((1+r)^n - 1)/r; n where the rate is zero.';

-- The schedule in closed form. Only +, - and * on doubles: the same cent on every machine.
create function servicing.scheduled_balance(
    principal_cents bigint, payment_cents bigint, growth double precision, annuity double precision
) returns bigint
language sql immutable parallel safe
return round(principal_cents * growth - payment_cents * annuity)::bigint;
comment on function servicing.scheduled_balance(bigint, bigint, double precision, double precision) is
'Principal left after the instalments that the factors stand for, to the cent.';

create function servicing.interest_through(
    principal_cents bigint, payment_cents bigint, n integer, growth double precision, annuity double precision
) returns bigint
language sql immutable parallel safe
return n * payment_cents - principal_cents
+ servicing.scheduled_balance(principal_cents, payment_cents, growth, annuity);
comment on function servicing.interest_through(bigint, bigint, integer, double precision, double precision) is
'Interest of instalments 1 to n together.';

create function servicing.principal_through(
    principal_cents bigint, payment_cents bigint, term_instalments integer, n integer,
    growth double precision, annuity double precision
) returns bigint
language sql immutable parallel safe
return principal_cents
- case
    when n < term_instalments then servicing.scheduled_balance(principal_cents, payment_cents, growth, annuity)
    else 0
end;
comment on function servicing.principal_through(bigint, bigint, integer, integer, double precision, double precision) is
'Principal of instalments 1 to n together; the last instalment of the term clears the balance.';

-- Months are counted so that nothing but two integers of the loan enters: the rest is worked out once a statement.
create function servicing.instalments_due(
    first_due_month integer, due_day smallint, last_instalment smallint, day date
) returns smallint
language sql immutable parallel safe
return greatest(0, least(
    last_instalment,
    (12 * extract(year from day) + extract(month from day))::int
    - first_due_month
    + (due_day <= extract(day from day)::int)::int
))::smallint;
comment on function servicing.instalments_due(integer, smallint, smallint, date) is
'How many instalments have fallen due by the end of a day.';

create function servicing.falls_due(
    first_due_month integer, due_day smallint, last_instalment smallint, day date
) returns boolean
language sql immutable parallel safe
return servicing.instalments_due(first_due_month, due_day, last_instalment, day)
> servicing.instalments_due(first_due_month, due_day, last_instalment, day - 1);
comment on function servicing.falls_due(integer, smallint, smallint, date) is
'Whether an instalment falls due on the very day.';

create function servicing.is_paid_through(
    principal_cents bigint, payment_cents bigint, term_instalments integer, escrow_cents bigint,
    n integer, growth double precision, annuity double precision,
    interest_paid_cents bigint, principal_paid_cents bigint, escrow_paid_cents bigint
) returns boolean
language sql immutable parallel safe
return servicing.interest_through(principal_cents, payment_cents, n, growth, annuity) <= interest_paid_cents
and servicing.principal_through(principal_cents, payment_cents, term_instalments, n, growth, annuity)
<= principal_paid_cents
and n * escrow_cents <= escrow_paid_cents;
comment on function servicing.is_paid_through(
    bigint, bigint, integer, bigint, integer, double precision, double precision, bigint, bigint, bigint
) is 'Whether what was paid in all covers instalments 1 to n, each part of them.';

create function servicing.due_on(first_due_on date, instalment integer) returns date
language sql immutable parallel safe
return (first_due_on + make_interval(months => instalment - 1))::date;
comment on function servicing.due_on(date, integer) is 'Due date of an instalment.';

create table servicing.instalments (
    loan_id bigint not null,
    due_on date not null,
    instalment smallint not null,
    interest_cents bigint not null,
    principal_cents bigint not null,
    escrow_cents bigint not null
) partition by range (due_on);
comment on table servicing.instalments is
'What fell due on each day, loan by loan: the terms worked out for people and marts to read.';
comment on column servicing.instalments.loan_id is 'Loan.';
comment on column servicing.instalments.due_on is 'Date on which it falls due.';
comment on column servicing.instalments.instalment is 'Number of the instalment, from 1 at boarding.';
comment on column servicing.instalments.interest_cents is 'Interest part.';
comment on column servicing.instalments.principal_cents is 'Principal part.';
comment on column servicing.instalments.escrow_cents is 'Escrow part, shortage included.';

create table servicing.delinquency (
    loan_id bigint not null,
    business_date date not null,
    delinquent_since date not null,
    days_past_due integer not null,
    bucket text not null,
    instalments_past_due smallint not null,
    interest_cents bigint not null,
    principal_cents bigint not null,
    escrow_cents bigint not null,
    fees_cents bigint not null,
    suspense_cents bigint not null
) partition by range (business_date);
comment on table servicing.delinquency is 'Each loan that was behind at the end of a day, and with what.';
comment on column servicing.delinquency.loan_id is 'Loan.';
comment on column servicing.delinquency.business_date is 'End of this day.';
comment on column servicing.delinquency.delinquent_since is
'Due date of the oldest instalment with anything unpaid but fees.';
comment on column servicing.delinquency.days_past_due is 'Days since then.';
comment on column servicing.delinquency.bucket is
'Ageing bucket: 1-29, 30-59, 60-89, 90-119 or 120+ days; 0 on the due date itself.';
comment on column servicing.delinquency.instalments_past_due is 'How many instalments have something unpaid.';
comment on column servicing.delinquency.interest_cents is 'Interest due and unpaid.';
comment on column servicing.delinquency.principal_cents is 'Principal due and unpaid.';
comment on column servicing.delinquency.escrow_cents is 'Escrow due and unpaid.';
comment on column servicing.delinquency.fees_cents is 'Fees assessed and unpaid.';
comment on column servicing.delinquency.suspense_cents is 'Money of the borrower held in suspense.';

create table servicing.delinquency_days (
    business_date date primary key,
    run_no integer not null
);
comment on table servicing.delinquency_days is
'Days worked out in servicing.delinquency, and how far changes by runs of other days were followed up.';
comment on column servicing.delinquency_days.business_date is 'Day.';
comment on column servicing.delinquency_days.run_no is
'The last run of this day whose changes to other days have been worked into them; 0 if none.';

insert into operations.day_tables values
('servicing.instalments', 'due_on', 'loan_id, due_on', null),
('servicing.delinquency', 'business_date', 'loan_id, business_date', null);

-- Receipts whose loan nobody knows belong to this one: it owes nothing, so all it gets stays in suspense.
insert into servicing.loans (
    loan_id, loan_number, cif, borrower_id, property_id, product, originated_on, original_principal_cents, boarded_on,
    principal_cents, rate_ppm, payment_cents, escrow_cents, escrow_shortage_cents, first_due_on, term_instalments,
    last_instalment, grace_days
) values (
    0, 'LN0000000000', 'CIF000000000', 0, 0, 'unidentified', '1970-01-01', 0, '1970-01-01',
    0, 0, 0, 0, 0, '1970-01-01', 0, 0, 0
);
insert into servicing.loan_statuses (loan_id, effective_on, status, reason, booked_on) values
(0, '1970-01-01', 'unidentified', 'stands for receipts whose loan is not known', '1970-01-01');
insert into servicing.amortisation_factors values (0, 0, 1, 0);

grant usage on schema servicing to payments_pipeline;
grant select on all tables in schema servicing to payments_pipeline;
-- the pipeline brings whom we reach and where, and does not read it back
revoke select on servicing.borrowers, servicing.properties from payments_pipeline;
grant select (borrower_id) on servicing.borrowers to payments_pipeline;
grant select (property_id, city, state, zip, county_fips, property_type, value_cents)
on servicing.properties to payments_pipeline;
grant insert on servicing.borrowers, servicing.properties, servicing.loans, servicing.escrow, servicing.loan_statuses,
servicing.amortisation_factors to payments_pipeline;
grant insert, delete on servicing.instalments, servicing.delinquency to payments_pipeline;
grant insert, update on servicing.delinquency_days to payments_pipeline;
