-- The working tables of a run that brings no payment and folds no loan.
create temporary table new_payments as
select p.*, null::bytea as raw_payload_hash
from payments.payments as p
where false;

create temporary table new_allocations as
select
    a.effective_on as chain_on, a.effective_on, a.loan_id, a.subject_id, a.kind, a.seq, a.channel, a.policy,
    a.booked_on, a.cash_cents as cash, a.fees_cents as fees, a.interest_cents as interest,
    a.principal_cents as principal, a.escrow_cents as escrow, a.suspense_cents as suspense,
    a.returned_cents as returned, a.reason, a.reason as return_code
from ledger.allocations as a
where false;

create temporary table new_fees as
select
    f.effective_on, f.loan_id, f.fee_id, f.seq, f.kind, f.instalment, f.payment_id, f.policy, f.amount_cents as amount,
    f.booked_on, f.reason
from ledger.fees as f
where false
