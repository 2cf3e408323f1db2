-- A run begins to post :day: what was asked of the day until now is in its hands, and the run owes the rest of the day.
-- Asked under the posting's lock, before anything is read, so that a row taken in later is a request of its own.
update operations.day_requests
set satisfied_at = clock_timestamp()
where business_date = %(day)s and satisfied_at is null and reason not in ('variance', 'unfinished');

-- So are the statuses that the day takes up and that were learned so lately that `request_status_days` could not tell
-- whether the run has seen them.
insert into operations.day_requests (business_date, reason, subject, requested_at, satisfied_at)
select distinct %(day)s::date, 'status', 'learned ' || learned_at, clock_timestamp(), clock_timestamp()
from ledger.status_days
where taken_up_on = %(day)s and learned_at > now() - interval '1 day'
order by 3
on conflict (business_date, reason, subject) do nothing;

insert into operations.day_requests (business_date, reason, subject, requested_at)
values (%(day)s, 'unfinished', %(run_id)s, clock_timestamp())
on conflict (business_date, reason, subject) do update
    set requested_at = excluded.requested_at, satisfied_at = null;
