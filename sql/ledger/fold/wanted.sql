-- Where the fold writes what it wants. Receipts that went back take no part in it: their money is wanted as held from
-- its value date to its return, and the return is not booked before the receipt is.
create temporary table wanted as
select
    r.effective_on as chain_on, r.returned_on as effective_on, r.loan_id, r.payment_id as subject_id, 'return' as kind,
    r.channel, 'returned' as policy, greatest(r.booked_on, r.return_booked_on) as booked_on, -r.amount_cents as cash,
    0::bigint as fees, 0::bigint as interest, 0::bigint as principal, 0::bigint as escrow, 0::bigint as suspense,
    -r.amount_cents as returned, r.return_code, 0::smallint as turn
from pg_temp.receipts as r
where r.returned_on is not null

union all

select
    r.effective_on as chain_on, r.effective_on, r.loan_id, r.payment_id, 'receipt',
    r.channel, 'returned', r.booked_on, r.amount_cents as cash,
    0, 0, 0, 0, 0, r.amount_cents, r.return_code, 0
from pg_temp.receipts as r
where r.returned_on is not null;

create temporary table wanted_fees (
    loan_id bigint, fee_id uuid, kind text, instalment smallint, payment_id uuid, effective_on date, policy text,
    amount bigint
);

create temporary table released (
    loan_id bigint, effective_on date, policy text, booked_on date, interest bigint, principal bigint, escrow bigint
);

delete from pg_temp.receipts
where returned_on is not null
