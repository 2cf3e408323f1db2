-- Step 3 of a day: the receipts of one turn run down the waterfall. Laid end to end, the receipts of a loan are one
-- line and what is due of it another; a part of a receipt is where the two overlap.
insert into pg_temp.wanted
with receipt as (
    select
        r.*,
        operations.total(r.amount_cents) over (partition by r.loan_id order by r.occurred_at, r.payment_id) as upto
    from pg_temp.receipts as r
    where r.effective_on = %(day)s and r.turn = %(turn)s
),

due as (
    -- each step begins where those ranked before it end
    select
        t.loan_id, t.policy, t.fees, t.interest, t.principal, t.escrow,
        t.interest * (t.interest_rank < t.fees_rank)::int + t.principal * (t.principal_rank < t.fees_rank)::int
        + t.escrow * (t.escrow_rank < t.fees_rank)::int as fees_from,
        t.fees * (t.fees_rank < t.interest_rank)::int + t.principal * (t.principal_rank < t.interest_rank)::int
        + t.escrow * (t.escrow_rank < t.interest_rank)::int as interest_from,
        t.fees * (t.fees_rank < t.principal_rank)::int + t.interest * (t.interest_rank < t.principal_rank)::int
        + t.escrow * (t.escrow_rank < t.principal_rank)::int as principal_from,
        t.fees * (t.fees_rank < t.escrow_rank)::int + t.interest * (t.interest_rank < t.escrow_rank)::int
        + t.principal * (t.principal_rank < t.escrow_rank)::int as escrow_from
    from pg_temp.today as t
),

parts as (
    select
        r.loan_id, r.payment_id, r.channel, r.booked_on, r.amount_cents, d.policy,
        greatest(0, least(r.upto, d.fees_from + d.fees) - greatest(r.upto - r.amount_cents, d.fees_from)) as fees,
        greatest(0, least(r.upto, d.interest_from + d.interest) - greatest(r.upto - r.amount_cents, d.interest_from))
            as interest,
        greatest(
            0, least(r.upto, d.principal_from + d.principal) - greatest(r.upto - r.amount_cents, d.principal_from)
        ) as principal,
        greatest(0, least(r.upto, d.escrow_from + d.escrow) - greatest(r.upto - r.amount_cents, d.escrow_from))
            as escrow
    from receipt as r
    inner join due as d on r.loan_id = d.loan_id
)

select
    %(day)s::date, %(day)s::date, p.loan_id, p.payment_id, 'receipt', p.channel, p.policy, p.booked_on, p.amount_cents,
    p.fees, p.interest, p.principal, p.escrow, p.amount_cents - p.fees - p.interest - p.principal - p.escrow, 0, null,
    %(turn)s::smallint
from parts as p
