-- Lines and movements of one name whose amounts differ, each the only one of that name: :method says whether by the id
-- of the transfer, or by the reference, and then on the same day only, since a reference may come back with other
-- money.
insert into found (
    bank_day, line_id, our_day, effective_on, loan_id, payment_id, kind, bank_cents, our_cents, method
)
with lines as (
    select c.*, case %(method)s when 'transfer_id_other_amount' then c.transfer_id else c.reference end as key
    from work.candidate_lines as c
),

movements as (
    select c.*, case %(method)s when 'transfer_id_other_amount' then c.transfer_id else c.reference end as key
    from work.candidate_movements as c
),

near as (
    select
        l.bank_day, l.line_id, m.our_day, m.effective_on, m.loan_id, m.payment_id, m.kind,
        l.amount_cents as bank_cents, m.amount_cents as our_cents, l.is_judged and m.is_judged as is_judged,
        count(*) over (partition by l.bank_day, l.line_id) as movements,
        count(*) over (partition by m.payment_id, m.kind) as lines
    from lines as l
    inner join movements as m using (channel, account, kind, key)
    where
        case %(method)s
            when 'transfer_id_other_amount' then abs(l.day_no - m.day_no) <= l.reach
            else l.bank_day = m.our_day and reconciliation.ids_are_silent(l.transfer_id, m.transfer_id)
        end
        -- whom people took apart are no rivals either
        and not exists (
            select from forbidden as f
            where f.line_id = l.line_id and f.payment_id = m.payment_id
        )
)

select
    n.bank_day, n.line_id, n.our_day, n.effective_on, n.loan_id, n.payment_id, n.kind, n.bank_cents, n.our_cents,
    %(method)s
from near as n
where
    n.movements = 1 and n.lines = 1 and n.is_judged and n.bank_cents <> n.our_cents;
