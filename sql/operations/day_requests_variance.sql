-- A rail whose bank and books disagree on one of :days asks for the day to be run again; one that agrees again is
-- satisfied.
insert into operations.day_requests as kept (business_date, reason, subject)
select distinct days.bank_day, 'variance', days.channel
from reconciliation.days
where days.bank_day = any(%(days)s) and days.status = 'variance'
on conflict (business_date, reason, subject) do update set
    requested_at = excluded.requested_at,
    satisfied_at = null
where kept.satisfied_at is not null;

update operations.day_requests as kept set satisfied_at = now()
where
    kept.business_date = any(%(days)s)
    and kept.reason = 'variance'
    and kept.satisfied_at is null
    and not exists (
        select from reconciliation.days
        where days.bank_day = kept.business_date and days.channel = kept.subject and days.status = 'variance'
    );
