-- What the run tells besides payments, fees and entries: the statuses that were set for :day, each once. One that was
-- set before its loan was boarded is told at boarding, where :since is before all days. Why it was set is told as a
-- hash: what people write may hold names.
create temporary table told as
select
    %(day)s::date as effective_on, s.loan_id, t.subject_id, 'loan.status_set' as type, s.booked_on,
    '{"effective_on":"' || to_char(s.effective_on::timestamp, 'YYYY-MM-DD') || '","seq":' || s.seq
    || ',"status":"' || s.status || '","reason_sha256":"'
    || encode(sha256(convert_to(s.reason, 'UTF8')), 'hex') || '"}' as data
from servicing.loan_statuses as s
inner join servicing.loans as l on s.loan_id = l.loan_id
cross join
    lateral (
        select operations.content_id(
            'status|' || s.loan_id || '|' || to_char(s.effective_on::timestamp, 'YYYY-MM-DD') || '|' || s.seq
        ) as subject_id
    ) as t
where
    s.effective_on between %(since)s and %(day)s
    and greatest(s.effective_on, l.boarded_on) = %(day)s
    and s.loan_id between %(first_loan)s and %(last_loan)s
    and not exists (
        select from ledger.events as e
        where e.effective_on = %(day)s and e.loan_id = s.loan_id and e.subject_id = t.subject_id
    )
