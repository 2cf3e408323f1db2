-- A decision, and what others said of it.
select
    d.*,
    (
        select r.decision
        from reconciliation.decisions as r
        where r.approves = d.decision_id
        order by r.decision_no desc
        limit 1
    ) as verdict
from reconciliation.decisions as d
where d.decision_id = %(decision_id)s::uuid
