-- The heads of the chains that these loans begin or extend, a row a day: what the seal is over, in its order.
insert into work.heads
with heads as (
    -- the loan first: nearly all have one day, and a sort that begins with what differs is done sooner
    select distinct on (e.loan_id, e.subject_id, e.effective_on)
        e.effective_on, e.loan_id, e.subject_id, e.hash
    from work.events as e
    order by e.loan_id asc, e.subject_id asc, e.effective_on asc, e.event_no desc
),

joined as (
    select
        h.effective_on, count(*) as chains,
        string_agg(h.hash, ''::bytea order by h.loan_id, h.subject_id) as head_hashes
    from heads as h
    group by h.effective_on
),

counted as (
    select e.effective_on, count(*) as events from work.events as e
    group by e.effective_on
)

select j.effective_on, %(first_loan)s, j.chains, c.events, j.head_hashes
from joined as j
inner join counted as c on j.effective_on = c.effective_on
