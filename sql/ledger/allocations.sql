-- The allocations that the fold wants and the ledger lacks.
insert into ledger.allocations (
    effective_on,
    loan_id,
    subject_id,
    kind,
    seq,
    channel,
    policy,
    booked_on,
    run_no,
    cash_cents,
    fees_cents,
    interest_cents,
    principal_cents, escrow_cents, suspense_cents, returned_cents, reason
)
select
    n.effective_on,
    n.loan_id,
    n.subject_id,
    n.kind,
    n.seq,
    n.channel,
    n.policy,
    n.booked_on,
    %(run_no)s,
    n.cash,
    n.fees,
    n.interest, n.principal, n.escrow, n.suspense, n.returned, n.reason
from new_allocations as n
