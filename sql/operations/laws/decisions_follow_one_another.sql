-- Law 5. What people decided about lines and payments stands as it was said: each decision has the id that follows from
-- its words and from the decision before it, and none is missing.
with numbered as (
    select
        d.bank_day, d.decision_no, d.decision_id, coalesce(lag(d.decision_no) over later, 0) as number_before,
        reconciliation.decision_id(d, lag(d.decision_id) over later) as recomputed
    from reconciliation.decisions as d
    window later as (order by d.decision_no)
),

broken as materialized (
    select
        n.bank_day as business_date,
        format('decision %%s, number %%s', n.decision_id, n.decision_no) as keys,
        case
            when n.number_before <> n.decision_no - 1 then format('follows number %%s', n.number_before)
            else 'the id ' || n.decision_id
        end as found,
        case
            when n.number_before <> n.decision_no - 1 then format('follows number %%s', n.decision_no - 1)
            else format('the id %%s, of what it says', n.recomputed)
        end as expected
    from numbered as n
    where n.number_before <> n.decision_no - 1 or n.decision_id <> n.recomputed
)

select b.*, count(*) over () as violations
from broken as b
order by b.business_date, b.keys
limit %(most)s
