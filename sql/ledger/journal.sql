-- The journal of :day, an entry a row: every transaction by itself, or, for the detail 'day', all transactions of one
-- kind and booking date as one.
with entries as (
    select
        e.effective_on, e.booked_on, e.loan_id, e.subject_id, e.kind, e.seq, e.account, e.amount_cents,
        1::bigint as entries
    from ledger.entries as e
    where e.effective_on = %(day)s and %(detail)s = 'transaction'
    union all
    select
        e.effective_on, e.booked_on, null, null, e.kind, null, e.account, sum(e.amount_cents)::bigint, count(*)
    from ledger.entries as e
    where e.effective_on = %(day)s and %(detail)s = 'day'
    group by e.effective_on, e.booked_on, e.kind, e.account
    having sum(e.amount_cents) <> 0
)

select
    e.effective_on, e.booked_on, e.loan_id, e.subject_id, e.kind, e.seq, e.account, a.name as account_name,
    e.amount_cents, e.entries
from entries as e
left join ledger.accounts as a on e.account = a.account
order by e.loan_id, e.subject_id, e.booked_on, e.kind, e.seq, e.account
