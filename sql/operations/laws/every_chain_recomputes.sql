-- Law 5. Each event's hash is the hash of its content over the event before it, and no event of a chain is missing
-- before its last. (That the last one is missing shows in the seal, and in the facts that nothing tells of.)
with events as (
    select
        e.effective_on, e.loan_id, e.subject_id, e.event_no, e.prev_hash, e.hash,
        ledger.event_hash(
            e.prev_hash, e.subject_id, e.event_no, e.type, e.actor, e.effective_on, e.booked_on, e.data::text
        ) as recomputed
    from ledger.events as e
    where e.effective_on between %(first)s and %(last)s
),

links as (
    -- each event beside the one that it says it follows
    select e.*, p.hash as hash_before, p.event_no as number_before
    from events as e
    left join ledger.events as p
        on
            e.effective_on = p.effective_on and e.loan_id = p.loan_id and e.subject_id = p.subject_id
            and e.event_no - 1 = p.event_no and p.effective_on between %(first)s and %(last)s
),

broken as materialized (
    select
        l.effective_on as business_date,
        format('loan %%s, subject %%s, event %%s', l.loan_id, l.subject_id, l.event_no) as keys,
        case
            when l.hash <> l.recomputed then 'hash ' || encode(l.hash, 'hex')
            when l.event_no <> 1 and l.number_before is null then 'no event before it'
            else 'follows ' || coalesce(encode(l.prev_hash, 'hex'), 'nothing')
        end as found,
        case
            when l.hash <> l.recomputed then 'hash ' || encode(l.recomputed, 'hex') || ', recomputed from its content'
            when l.event_no <> 1 and l.number_before is null then format('event %%s', l.event_no - 1)
            else 'follows ' || coalesce(encode(l.hash_before, 'hex'), 'nothing')
        end as expected
    from links as l
    where
        l.hash <> l.recomputed
        or l.prev_hash is distinct from l.hash_before
        or l.event_no <> 1 and l.number_before is null
)

select b.*, count(*) over () as violations
from broken as b
order by b.business_date, b.keys
limit %(most)s
