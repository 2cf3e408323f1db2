-- The state, part by part and day by day: what each payment's money stands for, what each loan and each account gained
-- or lost by effective date. All of it net of corrections and without a word about runs, numbers and booking dates, so
-- that every way to the same state gives the same digest. What is zero is nothing.
with payments as (
    select
        a.effective_on as day,
        sha256(convert_to(row(
            a.loan_id, a.subject_id, a.kind,
            sum(a.cash_cents),
            sum(a.fees_cents),
            sum(a.interest_cents),
            sum(a.principal_cents),
            sum(a.escrow_cents), sum(a.suspense_cents), sum(a.returned_cents)
        )::text, 'UTF8')) as hash
    from ledger.allocations as a
    where a.kind in ('receipt', 'return')
    group by a.effective_on, a.loan_id, a.subject_id, a.kind
    having sum(a.cash_cents) <> 0
),

movements as (
    -- payments, releases and fees, as they move a loan
    select
        a.effective_on, a.loan_id, 0::bigint as charged, a.fees_cents as fees, a.interest_cents as interest,
        a.principal_cents as principal,
        a.escrow_cents as escrow,
        a.suspense_cents as suspense,
        a.returned_cents as returned
    from ledger.allocations as a
    union all
    select f.effective_on, f.loan_id, f.amount_cents, 0, 0, 0, 0, 0, 0
    from ledger.fees as f
),

loans as (
    select
        m.effective_on as day,
        sha256(convert_to(row(
            m.loan_id,
            sum(m.charged),
            sum(m.fees),
            sum(m.interest),
            sum(m.principal),
            sum(m.escrow),
            sum(m.suspense),
            sum(m.returned)
        )::text, 'UTF8')) as hash
    from movements as m
    group by m.effective_on, m.loan_id
    having
        sum(m.charged) <> 0 or sum(m.fees) <> 0 or sum(m.interest) <> 0 or sum(m.principal) <> 0 or sum(m.escrow) <> 0
        or sum(m.suspense) <> 0 or sum(m.returned) <> 0
),

accounts as (
    select e.effective_on as day, sha256(convert_to(row(e.account, sum(e.amount_cents))::text, 'UTF8')) as hash
    from ledger.entries as e
    group by e.effective_on, e.account
    having sum(e.amount_cents) <> 0
)

select
    'payments' as table_name, p.day, count(*) as rows, sha256(string_agg(p.hash, ''::bytea order by p.hash)) as digest
from payments as p
group by p.day
union all
select 'loans', l.day, count(*), sha256(string_agg(l.hash, ''::bytea order by l.hash))
from loans as l
group by l.day
union all
select 'accounts', a.day, count(*), sha256(string_agg(a.hash, ''::bytea order by a.hash))
from accounts as a
group by a.day
