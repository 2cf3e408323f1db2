-- What people matched, as long as all of it is still there: lines and payments of a decision, share by share; the
-- difference, if there is one, stays with the first of them. Money that went out, and of which the statement does not
-- say why, is a return if they say so.
insert into found (
    bank_day, line_id, our_day, effective_on, loan_id, payment_id, kind, bank_cents, our_cents, method, group_no
)
with decisions as (
    select d.*
    from reconciliation.decisions_in_force as d
    where
        d.decision = 'match' and d.bank_day = any(%(near)s::date[] || %(day)s::date)
        and not exists (
            select from reconciliation.decisions_in_force as later
            where
                later.decision in ('match', 'unmatch') and later.decision_no > d.decision_no
                and (
                    (
                        later.bank_day = d.bank_day and later.line_ids && d.line_ids
                        and (later.decision = 'match' or later.payment_ids && d.payment_ids)
                    )
                    or (
                        later.decision = 'match' and later.payment_ids && d.payment_ids
                        -- the payment and its return are matched each by itself
                        and exists (
                            select from settlement.bank_lines as one
                            inner join settlement.bank_lines as other
                                on (one.kind = 'credit') = (other.kind = 'credit')
                            where
                                one.bank_day = d.bank_day and one.line_id = any(d.line_ids)
                                and other.bank_day = later.bank_day and other.line_id = any(later.line_ids)
                        )
                    )
                )
        )
),

lines as (
    select
        d.decision_id, l.bank_day, l.line_id, l.amount_cents, l.is_judged,
        case when l.kind = 'other' and l.amount_cents < 0 then 'return' else l.kind end as kind,
        sum(l.amount_cents) over along - l.amount_cents as from_cents,
        sum(l.amount_cents) over along as to_cents,
        sum(l.amount_cents) over (partition by d.decision_id) as total,
        count(*) over (partition by d.decision_id) as lines,
        count(*) over (partition by d.decision_id) = cardinality(d.line_ids) as is_complete
    from decisions as d
    inner join work.candidate_lines as l on d.bank_day = l.bank_day and l.line_id = any(d.line_ids)
    window along as (partition by d.decision_id order by l.line_id)
),

members as (
    select
        d.decision_id, m.our_day, m.effective_on, m.loan_id, m.payment_id, m.kind, m.amount_cents, m.is_judged,
        sum(m.amount_cents) over along - m.amount_cents as from_cents,
        sum(m.amount_cents) over along as to_cents,
        sum(m.amount_cents) over (partition by d.decision_id) as total,
        row_number() over along as nth,
        count(*) over (partition by d.decision_id) as members,
        count(*) over (partition by d.decision_id) = cardinality(d.payment_ids) as is_complete
    from decisions as d
    inner join work.candidate_movements as m on m.payment_id = any(d.payment_ids)
    where
        m.kind in (
            select l.kind from lines as l
            where l.decision_id = d.decision_id
        )
    window along as (partition by d.decision_id order by m.payment_id)
),

standing as (
    -- one line, or sides that add up: several lines with a difference would have no place for it
    select d.decision_id
    from decisions as d
    where
        exists (
            select from lines as l
            where l.decision_id = d.decision_id and l.is_complete
        )
        and exists (
            select from members as m
            inner join lines as l on m.decision_id = l.decision_id
            where m.decision_id = d.decision_id and m.is_complete and (l.lines = 1 or l.total = m.total)
        )
        and (
            exists (
                select from lines as l
                where l.decision_id = d.decision_id and l.is_judged
            )
            or exists (
                select from members as m
                where m.decision_id = d.decision_id and m.is_judged
            )
        )
)

select
    l.bank_day, l.line_id, m.our_day, m.effective_on, m.loan_id, m.payment_id, m.kind,
    case
        when l.lines = 1 then m.amount_cents + case m.nth when 1 then l.total - m.total else 0 end
        else least(l.to_cents, m.to_cents) - greatest(l.from_cents, m.from_cents)
    end,
    case
        when l.lines = 1 then m.amount_cents else least(l.to_cents, m.to_cents) - greatest(l.from_cents, m.from_cents)
    end,
    'decision',
    case
        when l.lines > 1 or m.members > 1
            then hashtextextended(min(l.line_id) over (partition by l.decision_id), 0)
    end
from standing as s
inner join lines as l on s.decision_id = l.decision_id
inner join members as m
    on l.decision_id = m.decision_id and (l.lines = 1 or (l.from_cents < m.to_cents and m.from_cents < l.to_cents));
