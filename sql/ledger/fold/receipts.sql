-- Receipts with value date :day that are completed and not posted yet. A return that happened up to the horizon takes
-- the receipt out of the fold: its money is only held until it goes back.
create temporary table receipts as
with payment as (
    -- those that we had, and those that this run found
    select p.effective_on, p.loan_id, p.payment_id, p.channel, p.amount_cents
    from payments.payments as p
    where p.effective_on = %(day)s and p.loan_id between %(first_loan)s and %(last_loan)s
    union all
    select p.effective_on, p.loan_id, p.payment_id, p.channel, p.amount_cents from pg_temp.new_payments as p
),

completed as (
    select t.loan_id, t.payment_id, t.occurred_at, t.booked_on
    from payments.transitions as t
    where
        t.effective_on = %(day)s and t.status = 'completed'
        and t.loan_id between %(first_loan)s and %(last_loan)s
    union all
    select t.loan_id, t.payment_id, t.occurred_at, t.booked_on
    from work.transitions as t
    where t.effective_on = %(day)s and t.status = 'completed'
)

select
    p.effective_on, p.loan_id, p.payment_id, p.channel, p.amount_cents, c.occurred_at,
    greatest(c.booked_on, r.booked_on) as booked_on,
    r.happened_on as returned_on,
    r.code as return_code,
    r.booked_on as return_booked_on,
    1::smallint as turn
from payment as p
inner join completed as c on p.loan_id = c.loan_id and p.payment_id = c.payment_id
left join pg_temp.reversals_in_force as r
    on
        p.loan_id = r.loan_id and p.payment_id = r.payment_id and r.effective_on = %(day)s
        and r.happened_on <= %(horizon)s
where
    not exists (
        select from ledger.allocations as posted
        where
            posted.effective_on = %(day)s and posted.loan_id = p.loan_id and posted.subject_id = p.payment_id
            and posted.kind = 'receipt'
    )
