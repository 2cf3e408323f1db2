-- Law 2. What came along of a loan leads, posting by posting, from the balances with which it begins to those with
-- which the loan was boarded: principal and escrow as on the loan, nothing in suspense and nothing held as returned;
-- and no posting lies outside of its time.
with moved as (
    select
        p.loan_id, sum(p.principal_cents) as principal, sum(p.escrow_cents) as escrow,
        sum(p.suspense_cents) as suspense, sum(p.returned_cents) as returned, min(p.effective_on) as first_on,
        max(greatest(p.effective_on, p.due_on)) as last_on, count(*) as postings, max(p.posting_no) as last_no
    from ledger.conversions as p
    group by p.loan_id
),

led as (
    select
        coalesce(c.loan_id, m.loan_id) as loan_id, c.books_from, l.boarded_on, m.first_on, m.last_on,
        c.principal_cents - coalesce(m.principal, 0) as principal, l.principal_cents as boarded_principal,
        c.escrow_cents + coalesce(m.escrow, 0) as escrow, coalesce(e.opening_balance_cents, 0) as boarded_escrow,
        c.suspense_cents + coalesce(m.suspense, 0) as suspense, coalesce(m.returned, 0) as returned,
        coalesce(m.postings, 0) as postings, coalesce(m.last_no, 0) as last_no
    from servicing.converted_loans as c
    full join moved as m on c.loan_id = m.loan_id
    left join servicing.loans as l on coalesce(c.loan_id, m.loan_id) = l.loan_id
    left join servicing.escrow as e on coalesce(c.loan_id, m.loan_id) = e.loan_id
),

broken as materialized (
    select
        w.boarded_on as business_date,
        format('loan %%s', w.loan_id) as keys,
        format(
            'principal %%s, escrow %%s, suspense %%s, returned %%s, %%s postings numbered up to %%s, from %%s to %%s',
            w.principal, w.escrow, w.suspense, w.returned, w.postings, w.last_no, w.first_on, w.last_on
        ) as found,
        format(
            'principal %%s, escrow %%s, suspense 0, returned 0, numbered without a gap, from %%s to %%s',
            w.boarded_principal, w.boarded_escrow, w.books_from, w.boarded_on
        ) as expected
    from led as w
    where
        (w.principal, w.escrow, w.suspense, w.returned) is distinct from (
            w.boarded_principal::numeric, w.boarded_escrow::numeric, 0::numeric, 0::numeric
        )
        or w.books_from is null or w.postings <> w.last_no
        or w.first_on < w.books_from or w.last_on > w.boarded_on
)

select b.*, count(*) over () as violations
from broken as b
order by b.business_date, b.keys
limit %(most)s
