-- A run has done the last of :day: nothing is owed any more by it, nor by runs of the day that began before and died.
update operations.day_requests as owed
set satisfied_at = clock_timestamp()
from operations.day_requests as ours
where
    owed.business_date = %(day)s and owed.reason = 'unfinished' and owed.satisfied_at is null
    and ours.business_date = %(day)s and ours.reason = 'unfinished' and ours.subject = %(run_id)s
    and owed.requested_at <= ours.requested_at;
