-- The fees that the fold wants and the ledger lacks.
insert into ledger.fees (
    loan_id, fee_id, seq, kind, instalment, payment_id, effective_on, policy, amount_cents, booked_on, run_no, reason
)
select
    n.loan_id,
    n.fee_id,
    n.seq,
    n.kind,
    n.instalment,
    n.payment_id,
    n.effective_on,
    n.policy,
    n.amount,
    n.booked_on,
    %(run_no)s,
    n.reason
from work.new_fees as n
