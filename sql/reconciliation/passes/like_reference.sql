-- Lines whose reference was spoiled on its way: rail, account, kind and amount are those of a movement within the
-- window, and the references are alike. And lines that name nothing at all, where the amount is that of one movement
-- only. Only where line and movement have nobody else: a tie is not guessed. Ids of the same form that differ speak
-- against it.
insert into found (
    bank_day, line_id, our_day, effective_on, loan_id, payment_id, kind, bank_cents, our_cents, method
)
with near as (
    select
        l.bank_day, l.line_id, m.our_day, m.effective_on, m.loan_id, m.payment_id, m.kind, m.amount_cents,
        l.is_judged and m.is_judged as is_judged,
        count(*) over (partition by l.bank_day, l.line_id) as movements,
        count(*) over (partition by m.payment_id, m.kind) as lines
    from work.candidate_lines as l
    inner join work.candidate_movements as m using (channel, account, kind, amount_cents)
    where
        abs(l.day_no - m.day_no) <= l.reach
        and reconciliation.ids_are_silent(l.transfer_id, m.transfer_id)
        and case %(method)s
            when 'like_reference' then reconciliation.is_like(l.squeezed, m.squeezed)
            -- a deposit or payout that names nothing is looked for among batches
            else l.reference is null and l.transfer_id is null and (l.grouped_by = 'transfer' or l.kind <> 'credit')
        end
        -- whom people took apart are no rivals either
        and not exists (
            select from forbidden as f
            where f.line_id = l.line_id and f.payment_id = m.payment_id
        )
)

select
    n.bank_day, n.line_id, n.our_day, n.effective_on, n.loan_id, n.payment_id, n.kind, n.amount_cents,
    n.amount_cents as our_cents,
    %(method)s
from near as n
where
    n.movements = 1 and n.lines = 1 and n.is_judged;
