-- Whether :day has been reconciled with something to tell, whether a run of it has not come to its end, and whether
-- something waits for its next run. A variance waits for what would explain it, and is no news by itself.
select
    exists(
        select from reconciliation.days as d
        where d.bank_day = %(day)s
    ) as is_reconciled,
    coalesce(bool_or(r.reason = 'unfinished'), false) as is_unfinished,
    coalesce(bool_or(r.reason not in ('unfinished', 'variance')), false) as has_news
from operations.day_requests as r
where r.business_date = %(day)s and r.satisfied_at is null;
