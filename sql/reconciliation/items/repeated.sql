-- Lines without a payment that say what a matched line of their day says already, or that name a payment which the bank
-- shows on a day around it: more likely told twice than a payment that we lack.
drop table if exists work.repeated;

create unlogged table work.repeated as
with found_lines as (
    select distinct
        b.channel, f.kind, b.amount_cents, b.bank_day,
        coalesce(b.transaction_id, reconciliation.folded(b.reference)) as key
    from found as f
    inner join settlement.bank_lines as b on f.bank_day = b.bank_day and f.line_id = b.line_id
    where b.bank_day = any(%(near)s::date[] || %(day)s::date)
)

select l.bank_day, l.line_id
from work.open_lines as l
inner join work.pairs as p using (hash, channel, kind)
where l.is_own and p.line_id is not null and p.payment_id is not null and l.amount_cents = p.bank_cents
union
select l.bank_day, l.line_id
from work.open_lines as l
inner join found_lines as f using (bank_day, channel, kind, amount_cents)
where f.key = coalesce(l.transfer_id, l.reference)
union
select n.bank_day, n.line_id
from work.named as n
inner join reconciliation.matches as m on n.loan_id = m.loan_id and n.payment_id = m.payment_id and n.kind = m.kind
where n.is_by_id and m.bank_day = any(%(near)s::date[] || %(day)s::date);
