-- Law 8. The events of a subject leave in their order: none before all those that come before it in its chain.
with published as (
    select p.effective_on, p.loan_id, p.subject_id, p.event_no, min(p.attempted_at) as published_at
    from ledger.publications as p
    where p.effective_on between %(first)s and %(last)s and p.error is null
    group by p.effective_on, p.loan_id, p.subject_id, p.event_no
),

steps as (
    select
        e.effective_on, e.loan_id, e.subject_id, e.event_no, p.published_at,
        lag(e.event_no) over chain as event_before, lag(p.published_at) over chain as published_before
    from ledger.events as e
    left join published as p
        on
            e.effective_on = p.effective_on and e.loan_id = p.loan_id and e.subject_id = p.subject_id
            and e.event_no = p.event_no
    where e.effective_on between %(first)s and %(last)s
    window chain as (partition by e.effective_on, e.loan_id, e.subject_id order by e.event_no)
),

broken as materialized (
    select
        s.effective_on as business_date,
        format('loan %%s, subject %%s, event %%s', s.loan_id, s.subject_id, s.event_no) as keys,
        format('published at %%s', s.published_at) as found,
        case
            when s.published_before is null then format('after event %%s, which has not left', s.event_before)
            else format('not before event %%s, published at %%s', s.event_before, s.published_before)
        end as expected
    from steps as s
    where
        s.event_before is not null and s.published_at is not null
        and coalesce(s.published_before > s.published_at, true)
)

select b.*, count(*) over () as violations
from broken as b
order by b.business_date, b.keys
limit %(most)s
