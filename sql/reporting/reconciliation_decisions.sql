-- What people decided about :day, in the order in which it counts, and whether it is in force.
select
    d.decision_no, d.decision_id::text as decision_id, d.decided_at, d.decision, d.decided_by, d.reason, d.cents,
    cardinality(d.line_ids) as lines, cardinality(d.payment_ids) as payments, a.decision_no as about_no,
    case
        when d.approves is not null then 'done'
        when f.decision_id is not null then 'in force'
        when r.decision_id is not null then 'rejected'
        else 'waits for approval'
    end as state
from reconciliation.decisions as d
left join reconciliation.decisions as a on d.approves = a.decision_id
left join reconciliation.decisions_in_force as f on d.decision_id = f.decision_id
left join reconciliation.decisions as r on d.decision_id = r.approves and r.decision = 'reject'
where d.bank_day = %(day)s
order by d.decision_no;
