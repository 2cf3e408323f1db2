-- Entries of the audit log that do not recompute, do not follow on the one before, or follow on a gap.
with chained as (
    select
        a.*,
        lag(a.hash) over (order by a.entry_no) as hash_before,
        lag(a.entry_no, 1, 0::bigint) over (order by a.entry_no) as entry_before
    from compliance.compliance_audit_log as a
)

select
    c.entry_no, c.action, c.actor,
    case
        when c.entry_no <> c.entry_before + 1 then 'an entry before it is missing'
        when coalesce(c.prev_hash, ''::bytea) <> coalesce(c.hash_before, ''::bytea)
            then 'it does not follow on the entry before'
        else 'it is not what was hashed'
    end as fault
from chained as c
where
    c.entry_no <> c.entry_before + 1
    or coalesce(c.prev_hash, ''::bytea) <> coalesce(c.hash_before, ''::bytea)
    or c.hash <> compliance.audit_hash(c.prev_hash, c.entry_no, c.at, c.actor, c.action, c.report_id, c.details)
order by c.entry_no
