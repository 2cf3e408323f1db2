-- Matches of a :day that was reconciled before and that are found no more, neither as pairs nor by a pass. The others
-- stay: a rerun of a large day changes a few, and replacing a million would cost more than finding them.

-- unread, the table passes for one of few keys, and each pair is looked up alone
analyze work.pairs (payment_id);

delete from reconciliation.matches as m
where
    m.bank_day = %(day)s
    and not exists (
        select from work.pairs as p
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
