-- Adds a decision. Its number makes it another than one that said the same before.
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
select
    operations.content_id(row(
        'decision', n.decision_no, %(decision)s::text, %(day)s::date, %(line_ids)s::text[], %(payment_ids)s::uuid[],
        %(cents)s::bigint, %(reason)s::text, %(decided_by)s::text, %(approves)s::uuid
    )::text),
    n.decision_no, %(decision)s, %(day)s, %(line_ids)s, %(payment_ids)s::uuid[], %(cents)s,
    %(may_need_approval)s and %(cents)s > (
        select l.cents from reconciliation.limits as l
        where l.limit_name = 'approval'
    ),
    %(reason)s, %(decided_by)s, %(approves)s
from (
    select coalesce(max(d.decision_no), 0) + 1 as decision_no from reconciliation.decisions as d
) as n
returning decision_id, decision_no, decision, bank_day, cents, needs_approval
