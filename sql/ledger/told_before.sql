-- Each status is told once. :days are those of the statuses in `told`, so that all others are left alone.
delete from pg_temp.told as t
using ledger.events as e
where
    e.effective_on = any(%(days)s::date[])
    and e.effective_on = t.effective_on and e.loan_id = t.loan_id and e.subject_id = t.subject_id
