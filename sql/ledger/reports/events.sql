-- What happened to the payments, releases and fees of a day.
select
    type as event,
    count(*) as rows,
    count(distinct subject_id) as chains
from ledger.events
where effective_on = %(day)s
group by type
order by type;
