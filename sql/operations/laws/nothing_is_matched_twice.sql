-- Law 7. No line of the bank and no movement of ours is used in two matches, whatever the days they are on; and what
-- is matched exists, with its amount.
with matched as (
    -- all there are: a movement matched on two days is the very thing looked for
    select m.* from reconciliation.matches as m
),

twice as materialized (
    select
        min(m.bank_day) as business_date,
        'line ' || m.line_id as keys,
        format('matched to %%s movements', count(*)) as found,
        'matched once' as expected
    from matched as m
    group by m.bank_day, m.line_id
    having count(*) > 1

    union all

    select
        min(m.bank_day),
        format('loan %%s, %%s of payment %%s', min(m.loan_id), m.kind, m.payment_id),
        format('matched to %%s lines', count(*)),
        'matched once'
    from matched as m
    group by m.payment_id, m.kind
    having count(*) > 1

    union all

    select
        m.bank_day,
        'line ' || m.line_id,
        case when b.line_id is null then 'no such line' else format('a line of %%s cents', b.amount_cents) end,
        format('a line of %%s cents', m.bank_cents)
    from matched as m
    left join settlement.lines_in_force as b on m.bank_day = b.bank_day and m.line_id = b.line_id
    where b.amount_cents is distinct from m.bank_cents
)

select t.*, count(*) over () as violations
from twice as t
order by t.business_date, t.keys
limit %(most)s
