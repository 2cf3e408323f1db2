-- Lines without a payment: counted apart, since they are few and all of a large day is looked through for them.
drop table if exists work.open_lines;

-- Of those of the days around it that name a payment which is matched now, what was said is said anew.
update work.candidate_lines as l
set is_released = true
from payments.payments as p, reconciliation.matches as m
where
    not (l.is_own or l.is_released) and l.kind = 'credit'
    and l.transfer_id = p.transfer_id and l.channel = p.channel and l.amount_cents = p.amount_cents
    and p.effective_on between %(day)s::date - settlement.most_days_to_settle()
    and %(day)s::date + settlement.most_days_to_settle()
    and p.loan_id = m.loan_id and p.payment_id = m.payment_id and m.kind = 'credit'
    and m.bank_day = any(%(near)s::date[] || %(day)s::date);

create unlogged table work.open_lines as
select l.*, hashtextextended(coalesce(l.transfer_id, l.reference), l.amount_cents) as hash
from work.candidate_lines as l
where l.is_own or l.is_released;

analyze work.open_lines;
