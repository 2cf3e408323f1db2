-- The seal of this run, over the heads of the chains that it began or extended. Found by itself first: an insert would
-- keep PostgreSQL from sorting on several cores.
create unlogged table work.sealed as
with heads as (
    select distinct on (e.effective_on, e.loan_id, e.subject_id)
        e.effective_on, e.loan_id, e.subject_id, e.hash
    from work.events as e
    order by e.effective_on asc, e.loan_id asc, e.subject_id asc, e.event_no desc
)

select
    count(*) as chains,
    (select count(*) from work.events) as events,
    sha256(string_agg(h.hash, ''::bytea order by h.effective_on, h.loan_id, h.subject_id)) as root
from heads as h;

insert into ledger.seals (run_no, business_date, chains, events, root, prev_hash, hash)
select
    %(run_no)s, %(day)s::date, t.chains, t.events, t.root, p.hash,
    ledger.seal_hash(p.hash, %(run_no)s, %(day)s::date, t.chains, t.events, t.root)
from work.sealed as t
left join ledger.seals as p on p.run_no = %(run_no)s - 1
where t.chains > 0
