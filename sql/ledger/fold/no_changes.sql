-- The working tables of a run that folds no loan; there may be several such runs in a transaction.
drop table if exists pg_temp.new_allocations;
drop table if exists pg_temp.new_fees;

create temporary table new_allocations on commit drop as
select
    a.effective_on as chain_on,
    a.effective_on,
    a.loan_id,
    a.subject_id,
    a.kind,
    a.seq,
    a.policy,
    a.booked_on,
    a.cash_cents as cash,
    a.fees_cents as fees, a.interest_cents as interest, a.principal_cents as principal, a.escrow_cents as escrow,
    a.suspense_cents as suspense, a.returned_cents as returned, a.reason as return_code
from ledger.allocations as a
where false;

create temporary table new_fees on commit drop as
select f.effective_on, f.loan_id, f.fee_id, f.seq, f.kind, f.policy, f.amount_cents as amount, f.booked_on
from ledger.fees as f
where false
