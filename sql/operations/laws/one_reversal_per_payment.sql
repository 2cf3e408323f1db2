-- Law 3. A payment is reversed at most once, and its money goes back at most once.
with reversals as (
    select t.effective_on, t.payment_id, min(t.loan_id) as loan_id, count(*) as times
    from payments.transitions as t
    where t.status = 'reversed' and t.effective_on between %(first)s and %(last)s
    group by t.effective_on, t.payment_id
    having count(*) > 1
),

returns as (
    select
        a.effective_on, a.subject_id, min(a.loan_id) as loan_id, count(*) filter (where a.seq = 1) as times,
        count(*) as steps,
        max(a.seq) as last_seq,
        coalesce(sum(a.cash_cents) filter (where a.seq > 1), 0) as corrected_cash
    from ledger.allocations as a
    where a.kind = 'return' and a.effective_on between %(first)s and %(last)s
    group by a.effective_on, a.subject_id
),

wrong as materialized (
    select
        r.effective_on as business_date,
        format('loan %%s, payment %%s', r.loan_id, r.payment_id) as keys,
        format('reversed %%s times', r.times) as found,
        'reversed once' as expected
    from reversals as r

    union all

    select
        r.effective_on,
        format('loan %%s, payment %%s', r.loan_id, r.subject_id),
        format('%%s returns, rows numbered up to %%s, %%s cents in corrections', r.times, r.last_seq, r.corrected_cash),
        'one return'
    from returns as r
    where r.times <> 1 or r.steps <> r.last_seq or r.corrected_cash <> 0
)

select w.*, count(*) over () as violations
from wrong as w
order by w.business_date, w.keys
limit %(most)s
