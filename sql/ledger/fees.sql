-- The fees that the fold wants and the ledger lacks.
insert into work.fees
select
    n.loan_id, n.fee_id, n.seq, n.kind, n.instalment, n.payment_id, n.effective_on, n.policy, n.amount, n.booked_on,
    %(run_no)s, n.reason
from pg_temp.new_fees as n
