-- The book once more, for the benchmark: its loans :loans numbers on, its borrowers and properties :borrowers and
-- :properties on, for the :nth time. Of the general ledger come the entries of interest and fees, which is what forms
-- are held against; the other three quarters of the double entry say nothing of a form and would fill a disk.
insert into servicing.properties (
    property_id, street, city, state, zip, county_fips, property_type, value_cents, address_index
)
select
    p.property_id + %(nth)s * %(properties)s, p.street, p.city, p.state, p.zip, p.county_fips, p.property_type,
    p.value_cents, p.address_index
from servicing.properties as p
where p.property_id <= %(properties)s;

insert into servicing.loans (
    loan_id, loan_number, cif, borrower_id, property_id, product, originated_on, original_principal_cents, boarded_on,
    principal_cents, rate_ppm, payment_cents, escrow_cents, escrow_shortage_cents, first_due_on, term_instalments,
    last_instalment, grace_days
)
select
    l.loan_id + %(nth)s * %(loans)s, 'LN' || to_char(l.loan_id + %(nth)s * %(loans)s, 'FM0000000000'), l.cif,
    l.borrower_id + %(nth)s * %(borrowers)s, l.property_id + %(nth)s * %(properties)s, l.product, l.originated_on,
    l.original_principal_cents, l.boarded_on, l.principal_cents, l.rate_ppm, l.payment_cents, l.escrow_cents,
    l.escrow_shortage_cents, l.first_due_on, l.term_instalments, l.last_instalment, l.grace_days
from servicing.loans as l
where l.loan_id between 1 and %(loans)s;

insert into servicing.loan_tax_terms (
    loan_id, acquired_on, is_purchase, is_principal_residence, points_cents, points_paid_on, monthly_premium_cents,
    upfront_premium_cents, premium_contract_on, properties, property_description, owner_name
)
select
    t.loan_id + %(nth)s * %(loans)s, t.acquired_on, t.is_purchase, t.is_principal_residence, t.points_cents,
    t.points_paid_on, t.monthly_premium_cents, t.upfront_premium_cents, t.premium_contract_on, t.properties,
    t.property_description, t.owner_name
from servicing.loan_tax_terms as t
where t.loan_id <= %(loans)s;

insert into servicing.converted_loans (loan_id, books_from, principal_cents, escrow_cents, suspense_cents)
select c.loan_id + %(nth)s * %(loans)s, c.books_from, c.principal_cents, c.escrow_cents, c.suspense_cents
from servicing.converted_loans as c
where c.loan_id <= %(loans)s;

insert into servicing.interest_refunds (loan_id, refund_id, refunded_on, received_in_year, amount_cents, reason)
select r.loan_id + %(nth)s * %(loans)s, r.refund_id, r.refunded_on, r.received_in_year, r.amount_cents, r.reason
from servicing.interest_refunds as r
where r.loan_id <= %(loans)s;

insert into ledger.balances (
    loan_id, fees_assessed_cents, fees_paid_cents, interest_paid_cents, principal_paid_cents, escrow_paid_cents,
    suspense_cents, instalments_paid, last_effective_on
)
select
    b.loan_id + %(nth)s * %(loans)s, b.fees_assessed_cents, b.fees_paid_cents, b.interest_paid_cents,
    b.principal_paid_cents, b.escrow_paid_cents, b.suspense_cents, b.instalments_paid, b.last_effective_on
from ledger.balances as b
where b.loan_id between 1 and %(loans)s;

insert into ledger.conversions (
    loan_id, posting_no, kind, effective_on, due_on, cash_cents, late_charges_cents, service_fees_cents, interest_cents,
    principal_cents, escrow_cents, suspense_cents, returned_cents
)
select
    c.loan_id + %(nth)s * %(loans)s, c.posting_no, c.kind, c.effective_on, c.due_on, c.cash_cents,
    c.late_charges_cents, c.service_fees_cents, c.interest_cents, c.principal_cents, c.escrow_cents, c.suspense_cents,
    c.returned_cents
from ledger.conversions as c
where c.loan_id <= %(loans)s;

insert into ledger.entries (
    effective_on, loan_id, subject_id, kind, seq, account, amount_cents, booked_on, run_no
)
select
    e.effective_on, e.loan_id + %(nth)s * %(loans)s, e.subject_id, e.kind, e.seq, e.account, e.amount_cents,
    e.booked_on, e.run_no
from ledger.entries as e
inner join ledger.accounts as a on e.account = a.account
where e.loan_id between 1 and %(loans)s and a.part in ('interest', 'fees') and e.kind = 'conversion'
