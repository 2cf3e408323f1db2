-- The pairs of :day, from `work.pairs`, that are not stored yet.
insert into reconciliation.matches (
    bank_day, line_id, loan_id, payment_id, kind, bank_cents, our_cents, method, our_day
)
select
    %(day)s, p.line_id, p.loan_id, p.payment_id, p.kind, p.bank_cents, p.our_cents,
    case when p.is_by_id then 'transfer_id' else 'reference_amount' end, %(day)s
from work.pairs as p
where
    p.line_id is not null
    and p.payment_id is not null
    and not exists (
        select from reconciliation.matches as m
        where m.bank_day = %(day)s and m.payment_id = p.payment_id and m.line_id = p.line_id and m.kind = p.kind
    );
