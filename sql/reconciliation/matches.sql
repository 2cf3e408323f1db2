-- The matches that the passes found, from the temporary table `found`, for :day and the neighbours :near that it has a
-- part in, in place of those that no longer stand. The day's pairs come after: neither is held against a million rows.

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

-- What is found again in another way makes room: its key is the same.
delete from reconciliation.matches as m
using found as f
where
    m.bank_day = any(%(near)s::date[] || %(day)s::date)
    and f.bank_day = m.bank_day and f.payment_id = m.payment_id and f.line_id = m.line_id and f.kind = m.kind
    and (f.our_day, f.bank_cents, f.our_cents, f.method, f.group_no)
    is distinct from (m.our_day, m.bank_cents, m.our_cents, m.method, m.group_no);

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
