-- Which events of a day have left the house.
with told as (
    select
        p.loan_id, p.subject_id, p.event_no, bool_or(p.error is null) as is_published,
        bool_or(p.error is not null) as has_failed
    from ledger.publications as p
    where p.effective_on = %(day)s
    group by p.loan_id, p.subject_id, p.event_no
)

select
    case when t.is_published then 'published' else 'waiting' end as state,
    count(*) as rows,
    count(*) filter (where t.has_failed) as failing
from ledger.events as e
left join told as t on e.loan_id = t.loan_id and e.subject_id = t.subject_id and e.event_no = t.event_no
where e.effective_on = %(day)s
group by state
order by state;
