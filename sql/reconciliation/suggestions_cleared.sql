-- Suggestions of :day go before it is thought about anew.
delete from reconciliation.suggestions as s
where s.bank_day = %(day)s;

-- What the days around it suggested, and has found its place by now, is no question any more.
delete from reconciliation.suggestions as s
where
    s.bank_day in (select t.day from touched as t)
    and exists (
        select from found as f
        where f.line_id = any(s.line_ids) or f.payment_id = any(s.payment_ids)
    );
