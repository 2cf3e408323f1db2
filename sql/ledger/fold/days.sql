-- The days on which anything happens to the loans being folded; between them their folds stand still.
select f.from_on as day from pg_temp.fold as f
union
select r.effective_on from pg_temp.receipts as r
union
select n.returned_on from pg_temp.nsf as n
union
-- a status that begins may release what is in suspense
select s.effective_on
from pg_temp.fold as f
inner join servicing.loan_statuses as s on f.loan_id = s.loan_id and f.from_on < s.effective_on
where s.effective_on between %(since)s and %(horizon)s
union
select g.day::date
from pg_temp.fold as f
cross join generate_series(%(since)s::date, %(horizon)s::date, interval '1 day') as g (day)
where
    -- nearly all folds have no day but their first
    f.from_on < %(horizon)s and f.from_on < g.day
    and (f.due_day = extract(day from g.day) or f.due_day = extract(day from g.day::date - f.grace_days))
order by 1
