-- The seal of this run, over the heads of the chains that it began or extended, in order of day, loan and subject.
insert into ledger.seals (run_no, business_date, chains, events, root, prev_hash, hash)
with sealed as (
    select
        sum(h.chains)::bigint as chains, sum(h.events)::bigint as events,
        sha256(string_agg(h.head_hashes, ''::bytea order by h.effective_on, h.first_loan)) as root
    from work.heads as h
)

select
    %(run_no)s, %(day)s::date, t.chains, t.events, t.root, p.hash,
    ledger.seal_hash(p.hash, %(run_no)s, %(day)s::date, t.chains, t.events, t.root)
from sealed as t
left join ledger.seals as p on p.run_no = %(run_no)s - 1
where t.chains > 0
