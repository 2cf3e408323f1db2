-- A day of :payments payments by ACH and the bank's lines for them, for the benchmark: of a hundred payments, 94 lines
-- name the transfer, 3 the reference only, 2 nothing but the amount, and one is not shown.
insert into payments.payments (
    effective_on, loan_id, payment_id, channel, provider, reference, loan_number, amount_cents, occurred_at, settles_on,
    transfer_id, booked_on, batch_id, line
)
select
    %(day)s, 1 + mod(n, 600000), md5('payment ' || n)::uuid, 'ach', 'column', 'Trc0910' || to_char(n, 'FM0000000000'),
    'LN' || to_char(1 + mod(n, 600000), 'FM0000000000'), 40000 + n, %(day)s::timestamptz + interval '16 hours', %(day)s,
    'acht_' || md5('transfer ' || n), %(day)s, md5('batch')::uuid, n
from generate_series(1, %(payments)s) as n;

insert into payments.transitions (
    effective_on, loan_id, payment_id, status, occurred_at, happened_on, booked_on, batch_id, line
)
select
    p.effective_on, p.loan_id, p.payment_id, 'completed', p.occurred_at, p.effective_on as happened_on,
    p.booked_on, p.batch_id, p.line
from payments.payments as p
where p.effective_on = %(day)s;

insert into settlement.bank_lines (
    bank_day, line_id, account, channel, kind, amount_cents, reference, transaction_id, description, source
)
select
    p.effective_on, 'BL' || to_char(row_number() over (order by md5(p.reference)), 'FM00000000'), 'collections', 'ach',
    'credit', p.amount_cents, case when mod(p.line, 100) not in (97, 98) then upper(p.reference) end,
    case when mod(p.line, 100) < 94 then p.transfer_id end, 'ACH CREDIT', 'synthetic'
from payments.payments as p
where p.effective_on = %(day)s and mod(p.line, 100) <> 99;
