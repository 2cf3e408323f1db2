-- Law 8. The events of a subject leave in their order: none before all those that come before it in its chain.
with steps as (
    select
        o.effective_on, o.loan_id, o.subject_id, o.event_no, o.published_at,
        lag(o.event_no) over chain as event_before, lag(o.published_at) over chain as published_before
    from ledger.outbox as o
    where o.effective_on between %(first)s and %(last)s
    window chain as (partition by o.effective_on, o.loan_id, o.subject_id order by o.event_no)
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
