-- Law 8. Nothing is told to the world outside that did not happen, and no attempt to tell it is struck out. (That every
-- event waits there until it has left needs no check: the outbox is the events themselves.)
with told as (
    select
        p.effective_on, p.loan_id, p.subject_id, p.event_no, count(*) as attempts, max(p.attempt_no) as last_attempt
    from ledger.publications as p
    where p.effective_on between %(first)s and %(last)s
    group by p.effective_on, p.loan_id, p.subject_id, p.event_no
),

broken as materialized (
    select
        t.effective_on as business_date,
        format('loan %%s, subject %%s, event %%s', t.loan_id, t.subject_id, t.event_no) as keys,
        format('%%s attempts to publish it, numbered up to %%s', t.attempts, t.last_attempt) as found,
        case
            when e.event_no is null then 'none: there is no such event'
            else 'numbers from 1 without a gap'
        end as expected
    from told as t
    left join ledger.events as e
        on
            t.effective_on = e.effective_on
            and t.loan_id = e.loan_id
            and t.subject_id = e.subject_id
            and t.event_no = e.event_no
            and e.effective_on between %(first)s and %(last)s
    where e.event_no is null or t.attempts <> t.last_attempt
)

select b.*, count(*) over () as violations
from broken as b
order by b.business_date, b.keys
limit %(most)s
