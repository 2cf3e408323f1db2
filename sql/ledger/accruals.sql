-- Interest of the instalments that fall due on :day: receivable and income, for the book as a whole. The difference to
-- what is accrued already, so that a second run, or loans boarded later, add no more than is missing.
create temporary table booked as
with wanted as (
    select coalesce(sum(i.interest_cents), 0)::bigint as cents
    from servicing.instalments as i
    where i.due_on = %(day)s and 0 between %(first_loan)s and %(last_loan)s
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
    %(day)s::date as effective_on, 0::bigint as loan_id,
    operations.content_id('accrual|' || %(day)s::date) as subject_id, 'accrual' as kind, (p.seq + 1)::smallint as seq,
    a.account, (w.cents - p.cents) * case a.part when 'interest' then 1 else -1 end as amount_cents,
    %(day)s::date as booked_on, %(run_no)s as run_no
from wanted as w
cross join posted as p
inner join ledger.accounts as a on a.part in ('interest', 'interest_income')
where w.cents <> p.cents and 0 between %(first_loan)s and %(last_loan)s
