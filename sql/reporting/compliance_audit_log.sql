-- An entry of the audit log, hashed over the last one. The caller holds the lock of the chain.
insert into compliance.compliance_audit_log (entry_no, at, actor, action, report_id, details, prev_hash, hash)
with last as (
    select a.entry_no, a.hash
    from compliance.compliance_audit_log as a
    order by a.entry_no desc
    limit 1
),

entry as (
    select coalesce((select l.entry_no from last as l), 0) + 1 as entry_no, (select l.hash from last as l) as prev_hash
)

select
    e.entry_no, %(at)s::timestamptz, %(actor)s, %(action)s, %(report_id)s::uuid, %(details)s, e.prev_hash,
    compliance.audit_hash(
        e.prev_hash, e.entry_no, %(at)s::timestamptz, %(actor)s, %(action)s, %(report_id)s::uuid, %(details)s
    )
from entry as e
