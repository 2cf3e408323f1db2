-- Loans that something new of :day touches, each with the earliest date from which its fold may differ. :value_dates
-- are those of all that went back on :day: told as values, they leave all other days alone.
create temporary table touched as
with stirred as materialized (
    -- loans with money in suspense, and those that have moved on since: only where a day from this one on has been run
    -- before can there be any, and the whole book has to be read for them
    select b.loan_id
    from ledger.balances as b
    where b.loan_id between %(first_loan)s and %(last_loan)s and b.suspense_cents > 0
    union
    select b.loan_id
    from ledger.balances as b
    where
        b.loan_id between %(first_loan)s and %(last_loan)s and b.last_effective_on >= %(day)s
        and exists (
            select from ledger.days as d
            where d.business_date >= %(day)s
        )
),

news as (
    -- one that went back before its value date may cost its fee as early as that
    select r.loan_id, least(r.effective_on, r.returned_on) as from_on, r.booked_on
    from pg_temp.receipts as r

    union all

    -- returns of the day, of receipts that are already posted: the fold changes from the receipt on, or from the return
    select t.loan_id, least(t.effective_on, t.happened_on), t.booked_on
    from pg_temp.reversals_in_force as t
    where
        t.happened_on = %(day)s
        and t.loan_id between %(first_loan)s and %(last_loan)s
        and exists (
            select from ledger.allocations as posted
            where
                posted.effective_on = t.effective_on and posted.loan_id = t.loan_id and posted.subject_id = t.payment_id
                and posted.kind = 'receipt'
                and posted.effective_on = any(%(value_dates)s::date[])
        )
        -- one that came to light later may have the same day and another code, and so another fee
        and (
            t.seq > 1
            or not exists (
                select from ledger.allocations as posted
                where
                    posted.effective_on = %(day)s and posted.loan_id = t.loan_id and posted.subject_id = t.payment_id
                    and posted.kind = 'return'
            )
        )

    union all

    -- of a payment of the day it has come to light that it was made earlier than first told: another may follow it now
    select e.loan_id, e.effective_on, e.booked_on
    from ingestion.earlier_words as e
    where e.effective_on = %(day)s and e.loan_id between %(first_loan)s and %(last_loan)s

    union all

    -- a status that begins on the day: it may end a hold on what is in suspense, and if it has come to light only now,
    -- receipts and grace days since may have another policy
    select s.loan_id, s.taken_up_on, s.booked_on
    from ledger.status_days as s
    where s.taken_up_on = %(day)s and s.loan_id between %(first_loan)s and %(last_loan)s

    union all

    -- an instalment falls due while money is in suspense (or was, if the loan has moved on since): it may be released
    select l.loan_id, %(day)s::date, %(day)s::date
    from stirred as b
    inner join servicing.loans as l on b.loan_id = l.loan_id
    where
        l.due_day = extract(day from %(day)s::date)::smallint
        and servicing.falls_due(l.first_due_month, l.due_day, l.last_instalment, %(day)s)

    union all

    -- the grace of an instalment ends while the loan is ours, and it is unpaid (or was, if the loan has moved on since)
    select l.loan_id, %(day)s::date, %(day)s::date
    from (select g.days, %(day)s::date - g.days as due_on from generate_series(0, 31) as g (days)) as grace
    cross join
        lateral (
            -- looked up for each length of the grace, as are their running totals: a join would read the whole book
            select q.loan_id, q.first_due_month, q.due_day, q.last_instalment
            from servicing.loans as q
            where
                q.due_day = extract(day from grace.due_on)::smallint and q.grace_days = grace.days
                and q.loan_id between %(first_loan)s and %(last_loan)s
                and q.boarded_on < %(day)s
            offset bigint '0'
        ) as l
    cross join
        lateral (
            select q.last_effective_on, q.instalments_paid from ledger.balances as q
            where q.loan_id = l.loan_id
            offset bigint '0'
        ) as b
    where
        servicing.falls_due(l.first_due_month, l.due_day, l.last_instalment, grace.due_on)
        and (
            b.last_effective_on >= %(day)s
            or b.instalments_paid
            < servicing.instalments_due(l.first_due_month, l.due_day, l.last_instalment, grace.due_on)
        )
)

select n.loan_id, min(n.from_on) as from_on, max(n.booked_on) as booked_on
from news as n
group by n.loan_id
