-- One row for each event of this run: it must leave the house.
insert into work.outbox
select
    e.effective_on, e.loan_id, e.subject_id, e.event_no, null::timestamptz as published_at, 0 as attempt_count,
    null::text as last_error
from work.events as e
