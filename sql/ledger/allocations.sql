-- The allocations that the fold wants and the ledger lacks.
insert into work.allocations
select
    n.effective_on, n.loan_id, n.subject_id, n.kind, n.seq, n.channel, n.policy, n.booked_on, %(run_no)s as run_no,
    n.cash as cash_cents, n.fees as fees_cents, n.interest as interest_cents, n.principal as principal_cents,
    n.escrow as escrow_cents, n.suspense as suspense_cents, n.returned as returned_cents, n.reason
from pg_temp.new_allocations as n
