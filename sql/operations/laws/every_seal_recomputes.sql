-- Law 5. Each run's seal is the hash of what the run left in the chains, over the seal before it: the roots, the
-- counts, the links and the numbering are all worked out again.
with heads as (
    -- the last event that each run added to each chain
    select distinct on (e.run_no, e.effective_on, e.loan_id, e.subject_id)
        e.run_no, e.effective_on, e.loan_id, e.subject_id, e.hash
    from ledger.events as e
    order by e.run_no asc, e.effective_on asc, e.loan_id asc, e.subject_id asc, e.event_no desc
),

roots as (
    select
        h.run_no, count(*) as chains,
        sha256(string_agg(h.hash, ''::bytea order by h.effective_on, h.loan_id, h.subject_id)) as root
    from heads as h
    group by h.run_no
),

added as (
    select e.run_no, count(*) as events
    from ledger.events as e
    group by e.run_no
),

seals as (
    select
        s.*, lag(s.hash) over (order by s.run_no) as hash_before,
        coalesce(lag(s.run_no) over (order by s.run_no), 0) as number_before
    from ledger.seals as s
),

compared as (
    -- what each seal says, and what it should say
    select
        s.business_date, coalesce(s.run_no, a.run_no) as run_no, s.run_no is null as is_unsealed,
        s.number_before, s.chains, s.events, s.root, s.prev_hash, s.hash, s.hash_before,
        coalesce(r.chains, 0) as chains_found, coalesce(a.events, 0) as events_found,
        coalesce(r.root, sha256(''::bytea)) as root_found,
        ledger.seal_hash(s.prev_hash, s.run_no, s.business_date, s.chains, s.events, s.root) as recomputed
    from seals as s
    full join added as a on s.run_no = a.run_no
    left join roots as r on a.run_no = r.run_no
),

broken as materialized (
    select
        c.run_no, c.business_date,
        format('run %%s', c.run_no) as keys,
        case
            when c.is_unsealed then format('%%s events and no seal', c.events_found)
            when c.number_before <> c.run_no - 1 then format('follows run %%s', c.number_before)
            when c.chains <> c.chains_found or c.events <> c.events_found
                then format('%%s chains and %%s events sealed', c.chains, c.events)
            when c.root <> c.root_found then 'root ' || encode(c.root, 'hex')
            when
                (c.prev_hash is distinct from c.hash_before)
                then 'follows ' || coalesce(encode(c.prev_hash, 'hex'), 'nothing')
            else 'hash ' || encode(c.hash, 'hex')
        end as found,
        case
            when c.is_unsealed then 'a seal over them'
            when c.number_before <> c.run_no - 1 then format('follows run %%s: the numbers have no gap', c.run_no - 1)
            when c.chains <> c.chains_found or c.events <> c.events_found
                then format('%%s chains and %%s events in the ledger', c.chains_found, c.events_found)
            when c.root <> c.root_found then 'root ' || encode(c.root_found, 'hex') || ', over the chains in the ledger'
            when
                (c.prev_hash is distinct from c.hash_before)
                then 'follows ' || coalesce(encode(c.hash_before, 'hex'), 'nothing')
            else 'hash ' || encode(c.recomputed, 'hex') || ', recomputed'
        end as expected
    from compared as c
    where
        c.is_unsealed
        or c.number_before <> c.run_no - 1
        or c.chains <> c.chains_found or c.events <> c.events_found
        or c.root <> c.root_found
        or c.prev_hash is distinct from c.hash_before
        or c.hash is distinct from c.recomputed
)

select b.*, count(*) over () as violations
from broken as b
order by b.run_no
limit %(most)s
