-- The matches of :day, from the temporary tables `pairs` and `found`, and those of its neighbours :near that it has a
-- part in. Only what has changed since is written: a rerun of a large day brings a few pairs, and replacing a million
-- would cost more than finding them.

delete from reconciliation.matches as m
where
    m.bank_day = %(day)s
    and not exists (
        select from pairs as p
        where
            p.payment_id = m.payment_id
            and p.line_id = m.line_id
            and p.kind = m.kind
            and p.loan_id = m.loan_id
            and p.bank_cents = m.bank_cents
            and p.our_cents = m.our_cents
            and case when p.is_by_id then 'transfer_id' else 'reference_amount' end = m.method
            and m.our_day = m.bank_day
            and m.group_no is null
    )
    and not exists (
        select from found as f
        where
            f.bank_day = m.bank_day and f.payment_id = m.payment_id and f.line_id = m.line_id and f.kind = m.kind
            and (f.our_day, f.bank_cents, f.our_cents, f.method, f.group_no)
            is not distinct from (m.our_day, m.bank_cents, m.our_cents, m.method, m.group_no)
    );

delete from reconciliation.matches as m
using released as r
where
    m.bank_day = any(%(near)s) and m.bank_day = r.bank_day and m.payment_id = r.payment_id and m.line_id = r.line_id
    and m.kind = r.kind
    and not exists (
        select from found as f
        where
            f.bank_day = m.bank_day and f.payment_id = m.payment_id and f.line_id = m.line_id and f.kind = m.kind
            and (f.our_day, f.bank_cents, f.our_cents, f.method, f.group_no)
            is not distinct from (m.our_day, m.bank_cents, m.our_cents, m.method, m.group_no)
    );

-- First what is little: on a day that is new, neither has to be held against a million rows then.
insert into reconciliation.matches (
    bank_day, line_id, loan_id, payment_id, kind, bank_cents, our_cents, method, our_day, group_no
)
select
    f.bank_day, f.line_id, f.loan_id, f.payment_id, f.kind, f.bank_cents, f.our_cents, f.method, f.our_day, f.group_no
from found as f
where
    not exists (
        select from reconciliation.matches as m
        where
            m.bank_day = any(%(near)s::date[] || %(day)s::date)
            and m.bank_day = f.bank_day
            and m.payment_id = f.payment_id
            and m.line_id = f.line_id and m.kind = f.kind
    );

insert into reconciliation.matches (
    bank_day, line_id, loan_id, payment_id, kind, bank_cents, our_cents, method, our_day
)
select
    %(day)s, p.line_id, p.loan_id, p.payment_id, p.kind, p.bank_cents, p.our_cents,
    case when p.is_by_id then 'transfer_id' else 'reference_amount' end, %(day)s
from pairs as p
where
    p.line_id is not null
    and p.payment_id is not null
    and not exists (
        select from reconciliation.matches as m
        where m.bank_day = %(day)s and m.payment_id = p.payment_id and m.line_id = p.line_id and m.kind = p.kind
    );
