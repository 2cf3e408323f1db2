-- Law 3. A payment, and each release, is posted once, in full; what follows are corrections, numbered without a gap,
-- that move no cash.
with postings as (
    select
        a.effective_on, a.subject_id, a.kind,
        count(*) filter (where a.seq = 1) as postings,
        count(*) as steps, count(distinct a.loan_id) as loans, max(a.seq) as last_seq, min(a.loan_id) as loan_id,
        coalesce(sum(a.cash_cents) filter (where a.seq > 1), 0) as corrected_cash
    from ledger.allocations as a
    where a.kind in ('receipt', 'release') and a.effective_on between %(first)s and %(last)s
    group by a.effective_on, a.subject_id, a.kind
),

broken as materialized (
    select
        p.effective_on as business_date,
        format('loan %%s, %%s %%s', p.loan_id, p.kind, p.subject_id) as keys,
        format(
            '%%s postings on %%s loans, %%s rows numbered up to %%s, %%s cents of cash in corrections',
            p.postings, p.loans, p.steps, p.last_seq, p.corrected_cash
        ) as found,
        'one posting on one loan, rows numbered without a gap, no cash in corrections' as expected
    from postings as p
    where p.postings <> 1 or p.loans <> 1 or p.steps <> p.last_seq or p.corrected_cash <> 0
)

select b.*, count(*) over () as violations
from broken as b
order by b.business_date, b.keys
limit %(most)s
