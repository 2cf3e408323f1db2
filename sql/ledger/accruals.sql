-- Interest of the instalments that fall due on :day: receivable and income, for the book as a whole. The difference to
-- what is accrued already, so that a second run, or loans boarded later, add no more than is missing.
insert into ledger.entries (effective_on, loan_id, subject_id, kind, seq, account, amount_cents, booked_on, run_no)
with wanted as (
    select coalesce(sum(i.interest_cents), 0)::bigint as cents
    from servicing.instalments as i
    where i.due_on = %(day)s
),

posted as (
    select coalesce(sum(e.amount_cents), 0)::bigint as cents, coalesce(max(e.seq), 0) as seq
    from ledger.entries as e
    inner join ledger.accounts as a on e.account = a.account and a.part = 'interest'
    where
        e.effective_on = %(day)s and e.loan_id = 0 and e.kind = 'accrual'
        and e.subject_id = operations.content_id('accrual|' || %(day)s::date)
)

select
    %(day)s::date, 0, operations.content_id('accrual|' || %(day)s::date), 'accrual', p.seq + 1, a.account,
    (w.cents - p.cents) * case a.part when 'interest' then 1 else -1 end, %(day)s::date, %(run_no)s
from wanted as w
cross join posted as p
inner join ledger.accounts as a on a.part in ('interest', 'interest_income')
where w.cents <> p.cents
