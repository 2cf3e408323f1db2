-- Days that ask to be run, by why.
select r.reason, count(distinct r.business_date) as days, min(r.requested_at) as oldest_requested_at
from operations.day_requests as r
where r.satisfied_at is null
group by r.reason
order by r.reason
