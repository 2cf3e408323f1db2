-- What asked for :day to be run again, and whether that has been done. Batches are many and have no names that a person
-- knows: they are counted.
select
    r.reason, min(r.requested_at) as requested_at, max(r.satisfied_at) as satisfied_at,
    case
        when r.reason <> 'ingested' then max(r.subject)
        when count(*) = 1 then 'a batch'
        else format('%%s batches', count(*))
    end as subject
from operations.day_requests as r
where r.business_date = %(day)s and r.reason <> 'unfinished'
group by r.reason, r.satisfied_at is null, case when r.reason <> 'ingested' then r.subject end
order by requested_at, r.reason, subject;
