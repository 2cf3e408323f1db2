-- Decisions that count only once somebody else approves them.
select d.decision_id, d.decision, d.bank_day, d.line_ids, d.payment_ids, d.cents, d.decided_by, d.reason
from reconciliation.decisions as d
where
    d.needs_approval
    and not exists (
        select from reconciliation.decisions as r
        where r.approves = d.decision_id
    )
order by d.decision_no
