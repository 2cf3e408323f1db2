-- Law 2. The entries of one transaction, debits positive and credits negative, sum to zero.
with transactions as (
    select e.effective_on, e.loan_id, e.subject_id, e.kind, e.seq, sum(e.amount_cents) as cents, count(*) as entries
    from ledger.entries as e
    where e.effective_on between %(first)s and %(last)s
    group by e.effective_on, e.loan_id, e.subject_id, e.kind, e.seq
    having sum(e.amount_cents) <> 0
),

broken as materialized (
    select
        t.effective_on as business_date,
        format('loan %%s, %%s %%s, seq %%s', t.loan_id, t.kind, t.subject_id, t.seq) as keys,
        format('%%s entries that sum to %%s cents', t.entries, t.cents) as found,
        'a sum of 0 cents' as expected
    from transactions as t
)

select b.*, count(*) over () as violations
from broken as b
order by b.business_date, b.keys
limit %(most)s
