-- The audit log in words.
select
    a.entry_no, to_char(a.at, 'YYYY-MM-DD HH24:MI:SS') as at, a.actor, a.action,
    r.kind || ' ' || r.period || ' v' || r.version as report, a.details
from compliance.compliance_audit_log as a
inner join compliance.reports as r on a.report_id = r.report_id
order by a.entry_no
