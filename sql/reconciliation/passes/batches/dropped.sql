-- Claims that must not stand: what people took apart stays apart, and what reaches further than is judged is for the
-- runs of other days.
with taken_apart as (
    select l.group_id
    from claim_lines as l
    inner join claim_members as m on l.group_id = m.group_id
    inner join forbidden as f on l.line_id = f.line_id and m.payment_id = f.payment_id
),

beyond as (
    select l.group_id
    from claim_lines as l
    inner join work.candidate_lines as o on l.bank_day = o.bank_day and l.line_id = o.line_id
    where not o.is_judged
    union
    select m.group_id
    from claim_members as m
    inner join work.candidate_movements as o on m.payment_id = o.payment_id
    where not o.is_judged and o.kind = 'credit'
)

delete from batch_claims as c
where
    c.group_id in (select t.group_id from taken_apart as t)
    or c.group_id in (select b.group_id from beyond as b);
