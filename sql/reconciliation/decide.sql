-- Adds a decision, the next after all there are.
insert into reconciliation.decisions (
    decision_id,
    decision_no,
    decision,
    bank_day,
    line_ids,
    payment_ids,
    cents,
    needs_approval,
    reason,
    decided_by,
    approves
)
with last_one as (
    select d.decision_id, d.decision_no from reconciliation.decisions as d
    order by d.decision_no desc
    limit 1
),

decided as (
    select row(
        null, coalesce((select l.decision_no from last_one as l), 0) + 1, null, %(decision)s::text, %(day)s::date,
        %(line_ids)s::text[], %(payment_ids)s::uuid[], %(cents)s::bigint,
        %(may_need_approval)s and %(cents)s > (
            select l.cents from reconciliation.limits as l
            where l.limit_name = 'approval'
        ),
        %(reason)s::text, %(decided_by)s::text, %(approves)s::uuid
    )::reconciliation.decisions as d
)

select
    reconciliation.decision_id(q.d, (select l.decision_id from last_one as l)), (q.d).decision_no, (q.d).decision,
    (q.d).bank_day, (q.d).line_ids, (q.d).payment_ids, (q.d).cents, (q.d).needs_approval, (q.d).reason,
    (q.d).decided_by, (q.d).approves
from decided as q
returning decision_id, decision_no, decision, bank_day, cents, needs_approval
