-- Law 2. Every posting that came along from the former system is booked once, cent by cent, to the accounts that the
-- chart names for its parts, and nothing else is booked under its name; what the book as a whole booked of them leaves
-- nothing on any account but the income that was earned, and its counterpart.
with told as (
    select
        p.effective_on, p.loan_id, p.subject_id, v.part, v.cents
    from ledger.conversions as p
    cross join
        lateral (
            values
            ('former_cash', p.cash_cents), ('fees', -(p.late_charges_cents + p.service_fees_cents)),
            ('interest', -p.interest_cents), ('principal', -p.principal_cents), ('escrow', -p.escrow_cents),
            ('suspense', -p.suspense_cents), ('returned', -p.returned_cents)
        ) as v (part, cents)
    where v.cents <> 0
),

booked as (
    select e.effective_on, e.loan_id, e.subject_id, c.part, sum(e.amount_cents) as cents, count(*) as entries
    from ledger.entries as e
    inner join ledger.accounts as c on e.account = c.account
    where e.kind = 'conversion'
    group by e.effective_on, e.loan_id, e.subject_id, c.part
),

left_over as (
    -- all that conversions moved on an account, which handing over brought back to nothing
    select c.account, c.name, sum(e.amount_cents) as cents
    from ledger.entries as e
    inner join ledger.accounts as c on e.account = c.account
    where e.kind in ('conversion', 'conversion_book') and c.type in ('asset', 'liability')
    group by c.account, c.name
    having sum(e.amount_cents) <> 0
),

charged as (
    select c.part, -sum(e.amount_cents) as cents
    from ledger.entries as e
    inner join ledger.accounts as c on e.account = c.account
    where e.kind in ('conversion', 'conversion_book') and c.type = 'income'
    group by c.part
),

due as (
    select v.part, sum(v.cents) as cents
    from ledger.conversions as p
    cross join
        lateral (
            values
            ('interest_income', p.interest_cents), ('late_fee_income', p.late_charges_cents),
            ('nsf_fee_income', p.service_fees_cents)
        ) as v (part, cents)
    group by v.part
    having sum(v.cents) <> 0
),

wrong as materialized (
    select
        coalesce(t.effective_on, b.effective_on) as business_date,
        format('loan %%s, posting %%s', coalesce(t.loan_id, b.loan_id), coalesce(t.subject_id, b.subject_id)) as keys,
        format('%%s cents of %%s booked', coalesce(b.cents, 0), coalesce(t.part, b.part)) as found,
        format('%%s cents, once, by what the former system told', coalesce(t.cents, 0)) as expected
    from told as t
    full join booked as b
        on
            t.effective_on = b.effective_on and t.loan_id = b.loan_id and t.subject_id = b.subject_id
            and t.part = b.part
    where t.cents is distinct from b.cents or b.entries <> 1

    union all

    select
        null, format('account %%s %%s', o.account, o.name), format('%%s cents left by conversions', o.cents),
        '0 cents: all was handed over to boarding'
    from left_over as o

    union all

    select
        null, coalesce(g.part, d.part), format('%%s cents earned by conversions', coalesce(g.cents, 0)),
        format('%%s cents, by what the former system received', coalesce(d.cents, 0))
    from charged as g
    full join due as d on g.part = d.part
    where g.cents is distinct from d.cents
)

select w.*, count(*) over () as violations
from wrong as w
order by w.business_date, w.keys
limit %(most)s
