-- What asked for :day to be run again, and whether that has been done.
select r.reason, r.subject, r.requested_at, r.satisfied_at
from operations.day_requests as r
where r.business_date = %(day)s and r.reason <> 'unfinished'
order by r.requested_at, r.reason, r.subject;
