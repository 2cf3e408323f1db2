-- Law 2. Transactions of the whole book: on each day that was posted, the interest of the instalments that fell due
-- is accrued; and the balances with which loans were boarded are booked on the day of boarding.
with accrued as (
    select
        e.effective_on,
        coalesce(sum(e.amount_cents) filter (where c.part = 'interest'), 0) as receivable,
        coalesce(sum(e.amount_cents) filter (where c.part = 'interest_income'), 0) as income,
        -- accounts that are for nothing else, or not in the chart, have no part
        count(*) filter (where coalesce(c.part, '') not in ('interest', 'interest_income')) as elsewhere
    from ledger.entries as e
    left join ledger.accounts as c on e.account = c.account
    where e.kind = 'accrual' and e.effective_on between %(first)s and %(last)s
    group by e.effective_on
),

due as (
    select i.due_on, sum(i.interest_cents) as cents
    from servicing.instalments as i
    where i.due_on between %(first)s and %(last)s
    group by i.due_on
),

boarded as (
    select
        e.effective_on,
        coalesce(sum(e.amount_cents) filter (where c.part = 'principal'), 0) as principal,
        coalesce(sum(e.amount_cents) filter (where c.part = 'interest'), 0) as interest,
        coalesce(sum(e.amount_cents) filter (where c.part = 'escrow'), 0) as escrow,
        count(*) filter (where coalesce(c.part, '') not in ('principal', 'interest', 'escrow', 'boarded')) as elsewhere
    from ledger.entries as e
    left join ledger.accounts as c on e.account = c.account
    where e.kind = 'boarding' and e.effective_on between %(first)s and %(last)s
    group by e.effective_on
),

taken_over as (
    select
        l.boarded_on, sum(l.principal_cents) as principal, -coalesce(sum(s.opening_balance_cents), 0) as escrow,
        sum(servicing.interest_through(
            l.principal_cents,
            l.payment_cents,
            servicing.instalments_due(l.first_due_month, l.due_day, l.last_instalment, l.boarded_on),
            f.growth, f.annuity
        )) as interest
    from servicing.loans as l
    left join servicing.escrow as s on l.loan_id = s.loan_id
    inner join servicing.amortisation_factors as f
        on
            l.rate_ppm = f.rate_ppm
            and f.n = servicing.instalments_due(l.first_due_month, l.due_day, l.last_instalment, l.boarded_on)
    where l.boarded_on between %(first)s and %(last)s
    group by l.boarded_on
),

wrong as materialized (
    select
        coalesce(a.effective_on, d.due_on) as business_date,
        'accrual' as keys,
        format(
            '%%s cents receivable, %%s cents of income, %%s entries elsewhere',
            coalesce(a.receivable, 0), -coalesce(a.income, 0), coalesce(a.elsewhere, 0)
        ) as found,
        format('%%s cents of interest that fell due', coalesce(d.cents, 0)) as expected
    from accrued as a
    full join due as d on a.effective_on = d.due_on
    where
        coalesce(a.elsewhere, 0) <> 0
        or (
            (coalesce(a.receivable, 0) <> coalesce(d.cents, 0) or coalesce(a.income, 0) <> -coalesce(d.cents, 0))
            -- what falls due on days that nobody has run yet is not accrued yet
            and (a.effective_on is not null or d.due_on in (select q.business_date from ledger.days as q))
        )

    union all

    select
        coalesce(b.effective_on, t.boarded_on),
        'boarding',
        format(
            'principal %%s, interest %%s, escrow %%s, %%s entries elsewhere',
            coalesce(b.principal, 0), coalesce(b.interest, 0), coalesce(b.escrow, 0), coalesce(b.elsewhere, 0)
        ),
        format(
            'principal %%s, interest %%s, escrow %%s',
            coalesce(t.principal, 0),
            coalesce(t.interest, 0),
            coalesce(t.escrow, 0)
        )
    from boarded as b
    full join taken_over as t on b.effective_on = t.boarded_on
    where
        (coalesce(b.principal, 0), coalesce(b.interest, 0), coalesce(b.escrow, 0), coalesce(b.elsewhere, 0))
        <> (coalesce(t.principal, 0), coalesce(t.interest, 0), coalesce(t.escrow, 0), 0)
)

select w.*, count(*) over () as violations
from wrong as w
order by w.business_date, w.keys
limit %(most)s
