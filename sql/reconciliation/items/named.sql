-- The payment of ours that a line without one names by the id of its transfer; a return names it by its reference, too.
-- A table of its own: all of a large day is read for it, which several cores may share for a table that is made, and
-- not for an insert.
drop table if exists work.named;

create unlogged table work.named as
select distinct on (l.bank_day, l.line_id)
    l.bank_day, l.line_id, l.kind, p.loan_id, p.payment_id, p.effective_on,
    coalesce(l.transfer_id = p.transfer_id, false) as is_by_id
from work.open_lines as l
inner join payments.payments as p on abs(l.amount_cents) = p.amount_cents and l.channel = p.channel
where
    p.effective_on between %(day)s::date - settlement.most_days_to_settle()
    and %(day)s::date + settlement.most_days_to_settle()
    -- a return that was itself turned back brings money
    and (l.kind <> 'return' or l.amount_cents < 0)
    and (
        l.transfer_id = p.transfer_id
        or (l.kind = 'return' and l.reference = reconciliation.folded(p.reference))
    )
order by l.bank_day asc, l.line_id asc, p.effective_on desc, p.payment_id asc;
