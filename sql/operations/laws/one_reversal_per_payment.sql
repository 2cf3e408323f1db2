-- Law 3. A payment is reversed at most once, and its money goes back at most once. Where it came to light that it went
-- back earlier than first told, the return first booked is taken back in full before the other one stands. (That none
-- stands but on the day that counts is what_was_reversed_is_given_back.)
with reversals as (
    select t.effective_on, t.payment_id, min(t.loan_id) as loan_id, count(*) as times
    from payments.transitions as t
    where t.status = 'reversed' and t.effective_on between %(first)s and %(last)s
    group by t.effective_on, t.payment_id
    having count(*) > 1
),

told as (
    -- each reversal that came to light later happened before the one that counted until then
    select
        r.effective_on, r.payment_id, r.loan_id, r.seq, r.occurred_at,
        lag(r.seq) over earlier as previous_seq, lag(r.occurred_at) over earlier as previous_at
    from payments.reversals as r
    where r.effective_on between %(first)s and %(last)s
    window earlier as (partition by r.loan_id, r.payment_id order by r.seq)
),

returns as (
    select
        a.effective_on, a.subject_id, min(a.loan_id) as loan_id, count(*) filter (where a.seq = 1) as times,
        count(*) as steps,
        max(a.seq) as last_seq,
        coalesce(sum(a.cash_cents) filter (where a.seq = 1), 0) as cash,
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
    where r.times <> 1 or r.steps <> r.last_seq or r.corrected_cash not in (0, -r.cash)

    union all

    select
        t.effective_on,
        format('loan %%s, payment %%s', t.loan_id, t.payment_id),
        format('reversal %%s at %%s after reversal %%s at %%s', t.seq, t.occurred_at, t.previous_seq, t.previous_at),
        'numbered without a gap, each earlier than the one before'
    from told as t
    where t.seq <> coalesce(t.previous_seq, 0) + 1 or t.occurred_at > t.previous_at
)

select w.*, count(*) over () as violations
from wrong as w
order by w.business_date, w.keys
limit %(most)s
