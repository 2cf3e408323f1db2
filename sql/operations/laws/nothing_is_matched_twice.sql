-- Law 7. No line of the bank and no movement of ours is used in two matches, whatever the days they are on: a line or a
-- movement has several rows only within one group, and its shares in them are its amount. And what is matched exists.
with lines as (
    select
        m.bank_day, m.line_id, sum(m.bank_cents)::bigint as cents, count(*) as matches,
        count(distinct m.group_no) + count(*) filter (where m.group_no is null) as uses
    from reconciliation.matches as m
    group by m.bank_day, m.line_id
),

movements as (
    select
        min(m.bank_day) as bank_day, m.loan_id, m.payment_id, m.kind, sum(m.our_cents)::bigint as cents,
        count(distinct m.group_no) + count(*) filter (where m.group_no is null) as uses
    from reconciliation.matches as m
    group by m.loan_id, m.payment_id, m.kind
),

twice as materialized (
    select
        l.bank_day as business_date,
        'line ' || l.line_id as keys,
        format('matched to %%s movements in %%s matches', l.matches, l.uses) as found,
        'matched once' as expected
    from lines as l
    where l.uses > 1

    union all

    select
        m.bank_day,
        format('loan %%s, %%s of payment %%s', m.loan_id, m.kind, m.payment_id),
        format('matched in %%s ways', m.uses),
        'matched once'
    from movements as m
    where m.uses > 1

    union all

    select
        l.bank_day,
        'line ' || l.line_id,
        case when b.line_id is null then 'no such line' else format('a line of %%s cents', b.amount_cents) end,
        format('a line of %%s cents', l.cents)
    from lines as l
    left join settlement.lines_in_force as b on l.bank_day = b.bank_day and l.line_id = b.line_id
    where b.amount_cents is distinct from l.cents

    union all

    select
        m.bank_day,
        format('loan %%s, %%s of payment %%s', m.loan_id, m.kind, m.payment_id),
        case when p.payment_id is null then 'no such payment' else format('a payment of %%s cents', p.amount_cents) end,
        format('a payment of %%s cents', abs(m.cents))
    from movements as m
    left join payments.payments as p on m.loan_id = p.loan_id and m.payment_id = p.payment_id
    where p.amount_cents is distinct from case m.kind when 'return' then -m.cents else m.cents end and m.uses = 1
)

select t.*, count(*) over () as violations
from twice as t
order by t.business_date, t.keys
limit %(most)s
