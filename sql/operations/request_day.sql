-- Ask for :day to be run again, if it was run before; one that was not will be anyway.
insert into operations.day_requests (business_date, reason, subject, requested_at)
select %(day)s, %(reason)s, %(subject)s, clock_timestamp()
from ledger.days
where business_date = %(day)s
on conflict (business_date, reason, subject) do update
    set requested_at = excluded.requested_at, satisfied_at = null;
