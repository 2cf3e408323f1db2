-- Law 8. Every event waits in the outbox or has left through it, once; nothing leaves that did not happen.
with waiting as (
    select o.effective_on, o.loan_id, o.subject_id, o.event_no, count(*) as times
    from ledger.outbox as o
    where o.effective_on between %(first)s and %(last)s
    group by o.effective_on, o.loan_id, o.subject_id, o.event_no
),

events as (
    select e.effective_on, e.loan_id, e.subject_id, e.event_no
    from ledger.events as e
    where e.effective_on between %(first)s and %(last)s
),

broken as materialized (
    select
        coalesce(e.effective_on, o.effective_on) as business_date,
        format(
            'loan %%s, subject %%s, event %%s',
            coalesce(e.loan_id, o.loan_id), coalesce(e.subject_id, o.subject_id), coalesce(e.event_no, o.event_no)
        ) as keys,
        format('%%s rows in the outbox', coalesce(o.times, 0)) as found,
        case when e.event_no is null then 'none: there is no such event' else 'one row in the outbox' end as expected
    from events as e
    full join waiting as o
        on
            e.effective_on = o.effective_on
            and e.loan_id = o.loan_id
            and e.subject_id = o.subject_id
            and e.event_no = o.event_no
    where e.event_no is null or o.times is distinct from 1
)

select b.*, count(*) over () as violations
from broken as b
order by b.business_date, b.keys
limit %(most)s
