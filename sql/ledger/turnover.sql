-- What the entries of these loans add up to, by account: a balance of any date is read from a few of these rows, and
-- not from every entry there ever was.
insert into work.turnover
select
    e.run_no, e.effective_on, e.booked_on, e.account,
    coalesce(operations.total(e.amount_cents) filter (where e.amount_cents > 0), 0) as debit_cents,
    coalesce(operations.total(-e.amount_cents) filter (where e.amount_cents < 0), 0) as credit_cents
from work.entries as e
group by e.run_no, e.effective_on, e.booked_on, e.account
