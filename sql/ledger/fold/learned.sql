-- A run may find more than its own news: a status, a return or an earlier instant of a day that has not been run since.
-- What the loan's fold changes rests on all of it, so that it is booked when the last of it was learned.
update pg_temp.touched as t
set booked_on = found.booked_on
from (
    select n.loan_id, max(n.booked_on) as booked_on
    from (
        select late.loan_id, late.booked_on
        from ledger.days as d
        cross join
            lateral (
                select s.loan_id, s.booked_on
                from ledger.status_days as s
                where s.taken_up_on = d.business_date and s.learned_at >= d.last_run_at
                offset 0
            ) as late

        union all

        select r.loan_id, r.booked_on
        from pg_temp.touched as q
        inner join pg_temp.reversals_in_force as r on q.loan_id = r.loan_id and q.from_on <= r.effective_on
        where r.effective_on between %(since)s and %(horizon)s and r.happened_on <= %(horizon)s

        union all

        select e.loan_id, e.booked_on
        from pg_temp.touched as q
        inner join ingestion.earlier_words as e on q.loan_id = e.loan_id and q.from_on <= e.effective_on
        where e.effective_on between %(since)s and %(horizon)s
    ) as n
    group by n.loan_id
) as found
where t.loan_id = found.loan_id and t.booked_on < found.booked_on
