-- Which events of a day have left the house.
select
    case when published_at is null then 'waiting' else 'published' end as state,
    count(*) as rows,
    count(*) filter (where last_error is not null) as failing
from ledger.outbox
where effective_on = %(day)s
group by 1
order by 1;
