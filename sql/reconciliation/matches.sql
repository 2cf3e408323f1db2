-- The pairs of :day, from the temporary table `pairs`. Only what has changed since the day was last reconciled is
-- written: a rerun of a large day brings a few pairs, and replacing a million would cost more than finding them.

delete from reconciliation.matches
where
    matches.bank_day = %(day)s
    and not exists (
        select from pairs
        where
            pairs.line_id = matches.line_id
            and pairs.payment_id = matches.payment_id
            and pairs.loan_id = matches.loan_id
            and pairs.kind = matches.kind
            and pairs.bank_cents = matches.bank_cents
            and pairs.our_cents = matches.our_cents
            and pairs.method = matches.method
    );

insert into reconciliation.matches (bank_day, line_id, loan_id, payment_id, kind, bank_cents, our_cents, method)
select
    %(day)s, pairs.line_id, pairs.loan_id, pairs.payment_id, pairs.kind, pairs.bank_cents, pairs.our_cents, pairs.method
from pairs
where
    pairs.line_id is not null
    and pairs.payment_id is not null
    and not exists (
        select from reconciliation.matches
        where matches.bank_day = %(day)s and matches.line_id = pairs.line_id
    );
