-- Law 2. What receipts, releases and fees moved on each of the ledger's accounts is what the loans' running balances
-- hold.
with loans as (
    -- the running balances of all loans, as the accounts show them: receivables fall by what is paid, liabilities grow
    select
        sum(b.fees_assessed_cents - b.fees_paid_cents) as fees,
        -sum(b.interest_paid_cents) as interest,
        -sum(b.principal_paid_cents) as principal,
        -sum(b.escrow_paid_cents) as escrow,
        -coalesce(sum(b.suspense_cents) filter (where b.loan_id <> 0), 0) as suspense,
        -coalesce(sum(b.suspense_cents) filter (where b.loan_id = 0), 0) as unidentified
    from ledger.balances as b
),

expected as (
    select v.part, v.cents
    from loans as l
    cross join lateral (
        values
        ('fees', l.fees), ('interest', l.interest), ('principal', l.principal), ('escrow', l.escrow),
        ('suspense', l.suspense), ('unidentified', l.unidentified)
    ) as v (part, cents)
),

booked as (
    select e.account, sum(e.amount_cents) as cents
    from ledger.entries as e
    where e.kind not in ('accrual', 'boarding', 'conversion', 'conversion_book')
    group by e.account
),

broken as materialized (
    select
        null::date as business_date,
        format('account %%s %%s', c.account, c.name) as keys,
        format('%%s cents booked', coalesce(b.cents, 0)) as found,
        format('%%s cents by the running balances of the loans', x.cents) as expected
    from expected as x
    inner join ledger.accounts as c on x.part = c.part
    left join booked as b on c.account = b.account
    where coalesce(b.cents, 0) <> x.cents
)

select b.*, count(*) over () as violations
from broken as b
order by b.business_date, b.keys
limit %(most)s
