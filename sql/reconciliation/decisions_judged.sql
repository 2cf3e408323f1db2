-- The decision :decision_id, or without one all that wait for a second person: what others said of each, and whether a
-- later one is about the same line or payment.
with judged as (
    select
        d.*,
        (
            select r.decision
            from reconciliation.decisions as r
            where r.approves = d.decision_id
            order by r.decision_no desc
            limit 1
        ) as verdict,
        exists(
            select from reconciliation.decisions_in_force as later
            where
                later.decision in ('match', 'unmatch') and later.decision_no > d.decision_no
                and (
                    (later.bank_day = d.bank_day and later.line_ids && d.line_ids)
                    or later.payment_ids && d.payment_ids
                )
        ) as is_overtaken
    from reconciliation.decisions as d
)

select j.*
from judged as j
where
    case
        when %(decision_id)s::uuid is null then j.needs_approval and j.verdict is null
        else j.decision_id = %(decision_id)s::uuid
    end
order by j.decision_no
