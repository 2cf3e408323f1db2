-- The payments of the days of a run, as expectations look at them.
select
    effective_on,
    settles_on,
    payment_id,
    channel,
    amount_cents,
    (loan_id = 0)::int as loan_unknown,
    (booked_on > effective_on)::int as learned_later
from payments.payments
where effective_on between %(first)s and %(last)s
