-- What the run tells besides payments, fees and entries: the statuses that :day takes up, or, at boarding, all that
-- were set before the loans were boarded (:since is before all days). Why one was set is told as a hash: what people
-- write may hold names.
create temporary table told as
select
    greatest(s.effective_on, l.boarded_on) as effective_on, s.loan_id,
    operations.content_id(
        'status|' || s.loan_id || '|' || to_char(s.effective_on::timestamp, 'YYYY-MM-DD') || '|' || s.seq
    ) as subject_id,
    'loan.status_set' as type, s.booked_on,
    '{"effective_on":"' || to_char(s.effective_on::timestamp, 'YYYY-MM-DD') || '","seq":' || s.seq
    || ',"status":"' || s.status || '","reason_sha256":"'
    || encode(sha256(convert_to(s.reason, 'UTF8')), 'hex') || '"}' as data
from (
    select q.loan_id, q.effective_on, q.seq
    from ledger.status_days as q
    where q.taken_up_on = %(day)s
    union
    select q.loan_id, q.effective_on, q.seq
    from servicing.loan_statuses as q
    inner join servicing.loans as boarded on q.loan_id = boarded.loan_id
    where q.effective_on between %(since)s and %(day)s and boarded.boarded_on = %(day)s
) as taken_up
inner join servicing.loan_statuses as s
    on taken_up.loan_id = s.loan_id and taken_up.effective_on = s.effective_on and taken_up.seq = s.seq
inner join servicing.loans as l on s.loan_id = l.loan_id
where s.loan_id between %(first_loan)s and %(last_loan)s
